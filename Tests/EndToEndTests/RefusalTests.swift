import HotsyncSystem
import TestSupport
import Testing

/// What stops a cycle before anything changes: its exit code, its three parts, and the store as it was.
@Suite struct RefusalTests {
  private func committed(_ connection: String = "standby") throws -> Pair {
    let pair = try Pair(connection)
    for number in 0..<10 { try pair.data.write("content \(number)", to: "file\(number)") }
    let cycle = try pair.sync()
    guard cycle.code == 0 else { throw SupportError("\(cycle)") }
    return pair
  }

  // MARK: Who and with whom

  @Test("a slave does not push: wrong role, 77")
  func wrongRole() throws {
    let pair = try committed()
    try pair.set("role", "slave")
    try pair.expectRefusal(77, "\"standby\"", "role", "next:  on the master: hotsync sync")
  }

  @Test("a connection that is not configured here is wrong usage, 64")
  func unknownConnection() throws {
    let pair = try committed()
    try pair.expectRefusal(64, "\"elsewhere\"", "standby", arguments: ["elsewhere"])
  }

  @Test("a root that is not there is wrong usage, 64")
  func noRoot() throws {
    let scratch = try ScratchFolder()
    let result = try RunningProgram.run("hotsync", ["sync", "--root", scratch.path("nothing")])
    expectThreeParts(result, code: 64, ["the root", "nothing", "--root DIR"])
  }

  @Test("a state older than what the slave holds is refused with 77, which names --adopt")
  func olderState() throws {
    let pair = try committed()
    let state = pair.master.below("var/lib")
    try Pair.shell("cp -a \"$0/hotsync-state\" \"$0/older\"", state.path)
    try pair.data.write("more", to: "later.txt")
    #expect(try pair.sync().code == 0)
    try Pair.shell("rm -r \"$0/hotsync-state\"; mv \"$0/older\" \"$0/hotsync-state\"", state.path)
    try pair.data.write("yet more", to: "later.txt")
    try pair.expectRefusal(77, "generation 1", "generation 2", "hotsync sync --adopt")
    #expect(try pair.sync("--adopt").generation == 3)
    #expect(try pair.differences() == [])
  }

  // MARK: The store

  @Test("a store that is not there is 73, and the disk that may not be mounted is the hint")
  func noStore() throws {
    let pair = try committed()
    try Pair.shell("mv \"$0/var/lib/hotsync\" \"$0/elsewhere\"; mkdir \"$0/var/lib/hotsync\"", pair.slave.path)
    let result = try pair.hotsync("sync")
    expectThreeParts(result, code: 73, ["mounted", "hotsync-slave apply"])
    #expect(try Folder.open(pair.slave.below("var/lib/hotsync").path).names() == [])
    try Pair.shell("rmdir \"$0/var/lib/hotsync\"; mv \"$0/elsewhere\" \"$0/var/lib/hotsync\"", pair.slave.path)
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("a slave's root that is not there is an error that names it")
  func noSlaveRoot() throws {
    let pair = try committed()
    try Pair.shell("mv \"$0\" \"$0.away\"", pair.slave.path)
    let result = try pair.hotsync("sync")
    #expect(result.exitCode != 0 && result.errorText.contains("  next:  "), "\(result)")
    try Pair.shell("mv \"$0.away\" \"$0\"", pair.slave.path)
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("a store of an unknown format is 65")
  func unknownFormat() throws {
    let pair = try committed()
    try Pair.shell("sed -i 's/^hotsync-store 2$/hotsync-store 9/' \"$0/format\"", pair.store.path)
    try pair.expectRefusal(65, "its format is 9", "format 2", "install the version")
  }

  @Test("a store whose format file is cut short is 65", arguments: ["", "hotsync-store 2\n", "another program's\n"])
  func damagedFormat(_ content: String) throws {
    let pair = try committed()
    try pair.store.write(content, to: "format")
    try pair.expectRefusal(65, "format")
  }

  // MARK: Include roots

  @Test("an emptied include root is 77, and --accept-deletes means it")
  func emptyRoot() throws {
    let pair = try committed()
    try Pair.shell("rm \"$0\"/*", pair.data.path)
    try pair.expectRefusal(77, "/srv/data", "empty", "hotsync sync --accept-deletes")
    try pair.expectRefusal(77, "/srv/data", "empty", arguments: ["--dry-run"])
    let cycle = try pair.sync("--accept-deletes")
    #expect(cycle.code == 0 && cycle.files("deleted") == 11, "\(cycle)")
    #expect(try pair.differences() == [])
    #expect(try pair.sync().result == "unchanged", "an empty folder that is known to be empty is no news")
  }

  @Test("an include root that is gone is 77")
  func missingRoot() throws {
    let pair = try committed()
    try pair.master.remove("srv/data")
    try pair.expectRefusal(77, "/srv/data", "it does not exist")
  }

  @Test("an include root that was never there is 77")
  func neverThere() throws {
    let pair = try Pair()
    try pair.set(ofConnection: "data.include", "[/srv/data, /srv/more]")
    try pair.expectRefusal(77, "/srv/more", "it does not exist")
  }

  @Test("an include root that became a symbolic link is 77")
  func linkedRoot() throws {
    let pair = try committed()
    try pair.master.rename("srv/data", to: "srv/moved")
    try pair.master.makeSymbolicLink("srv/data", to: "moved")
    try pair.expectRefusal(77, "/srv/data", "symbolic link to moved")
  }

  @Test("a symbolic link on the way to an include root is 77")
  func linkOnTheWay() throws {
    let pair = try committed()
    try pair.master.rename("srv", to: "other")
    try pair.master.makeSymbolicLink("srv", to: "other")
    try pair.expectRefusal(77, "/srv/data", "symbolic link")
  }

  @Test("an include root on another file system than before is 77", .enabled(if: Mount.isPossible))
  func otherFileSystem() throws {
    let pair = try committed()
    do {
      let mount = try Mount(at: pair.data.path, "size=1m")
      try pair.data.write("a disk with something else on it", to: "other.txt")
      try pair.expectRefusal(77, "/srv/data", "another file system", "hotsync sync --accept-deletes")
      _ = mount
    }
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("an include root that is no longer a mount point is 77", .enabled(if: Mount.isPossible))
  func noLongerMounted() throws {
    let pair = try Pair()
    do {
      let mount = try Mount(at: pair.data.path, "size=1m")
      try pair.data.write("on the disk", to: "disk.txt")
      #expect(try pair.sync().code == 0)
      _ = mount
    }
    try pair.expectRefusal(77, "/srv/data", "mount point")
  }

  @Test("an include that was taken out is 77 before the slave deletes what it holds of it")
  func removedInclude() throws {
    let pair = try committed()
    try pair.master.write("other", to: "srv/other/file")
    try pair.set(ofConnection: "data.include", "[/srv/data, /srv/other]")
    #expect(try pair.sync().code == 0)
    try pair.set(ofConnection: "data.include", "[/srv/data]")
    try pair.expectRefusal(77, "/srv/other", "no longer included", "hotsync sync --accept-deletes")
    #expect(try pair.sync("--accept-deletes").code == 0)
    #expect(try !pair.mirror.holds("srv/other"))
  }

  // MARK: Deletions

  @Test("more deletions than max_delete are 77, and --accept-deletes accepts them once")
  func tooManyDeletions() throws {
    let pair = try committed()
    for number in 0..<8 { try pair.data.remove("file\(number)") }
    try pair.expectRefusal(77, "8 of 13", "max_delete is 50%", "hotsync sync --accept-deletes")
    let cycle = try pair.sync("--accept-deletes")
    #expect(cycle.code == 0 && cycle.files("deleted") == 8, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("max_delete can be a number, and a cycle at the limit passes")
  func deletionsAtLimit() throws {
    let pair = try committed()
    try pair.set(ofConnection: "max_delete", "2")
    for number in 0..<3 { try pair.data.remove("file\(number)") }
    try pair.expectRefusal(77, "3 of 13", "max_delete is 2")
    try pair.data.write("content 0", to: "file0")
    #expect(try pair.sync().code == 0)
  }

  @Test("the slave holds the master to its own max_delete")
  func slavesLimit() throws {
    let pair = try committed()
    try pair.set(ofConnection: "max_delete", "100%")
    for number in 0..<8 { try pair.data.remove("file\(number)") }
    try pair.expectRefusal(77, "max_delete is 50%")
  }

  // MARK: Configuration

  @Test("broken YAML is 78 with file and line")
  func brokenYAML() throws {
    let pair = try committed()
    try pair.master.write("role: master\nstatus: [enabled\n", to: "etc/hotsync/hotsync.yaml")
    try pair.expectRefusal(78, "etc/hotsync/hotsync.yaml", "line ")
  }

  @Test("an unknown key is 78 with file, line, key and the nearest one")
  func unknownKey() throws {
    let pair = try committed()
    try pair.master.write("# a comment\nmail_too: root\n", to: "etc/hotsync/hotsync.yaml")
    try pair.expectRefusal(78, "etc/hotsync/hotsync.yaml", "line 2", "mail_too", "mail_to")
  }

  @Test("no configuration at all is 78 and says how to begin")
  func noConfiguration() throws {
    let scratch = try ScratchFolder()
    let result = try RunningProgram.run("hotsync", ["sync", "--root", scratch.path])
    expectThreeParts(result, code: 78, ["hotsync.yaml", "no such file", "hotsync config set", "role master"])
    #expect(try Folder.open(scratch.path).names() == [])
  }

  @Test(
    "configuration that others can write is 77 by its name",
    arguments: ["etc/hotsync", "etc/hotsync/conf.d", "etc/hotsync/conf.d/90-local.yaml"])
  func openConfiguration(_ path: String) throws {
    let pair = try committed()
    try pair.master.setPermissions(0o777, of: path)
    try pair.expectRefusal(77, path, "others can write it", "chmod go-w")
  }

  @Test(
    "a hook that others can write is 77 by its name",
    arguments: ["etc/hotsync/pre-sync.d", "etc/hotsync.d"])
  func openHook(_ folder: String) throws {
    let pair = try committed()
    try pair.master.writeScript("touch \"${0%/*}/ran\"", to: "\(folder)/hook", permissions: 0o777)
    try pair.expectRefusal(77, "/\(folder)/hook", "others can write it", "chmod go-w")
    try pair.master.setPermissions(0o755, of: "\(folder)/hook")
    try pair.master.setPermissions(0o777, of: folder)
    try pair.expectRefusal(77, "/\(folder)", "others can write it")
    #expect(try !pair.master.holds("\(folder)/ran"))
  }

  @Test("a hook or list that is a symbolic link is 77 by its name, and what it leads to does not run")
  func linkedHook() throws {
    let pair = try committed()
    try pair.master.writeScript("touch \"${0%/*}/ran\"", to: "elsewhere/hook", permissions: 0o755)
    for name in ["etc/hotsync/pre-sync.d/hook", "etc/hotsync.d/hook", "etc/backup-data.d/more.include"] {
      try Pair.shell("mkdir -p \"${0%/*}\"", pair.master.below(name).path)
      try pair.master.makeSymbolicLink(name, to: pair.master.below("elsewhere/hook").path)
      try pair.expectRefusal(77, "/\(name)", "symbolic link", "ls -l")
      try pair.master.remove(name)
    }
    #expect(try !pair.master.holds("elsewhere/ran"))
  }

  @Test("an include inside the store or HotSync's own folders is 78", arguments: ["/", "/etc", "/var/lib/hotsync"])
  func forbiddenInclude(_ path: String) throws {
    let pair = try committed()
    let before = try pair.master.read("etc/hotsync/conf.d/90-local.yaml")
    let result = try pair.hotsync("config", "set", "connections.standby.data.include", "[\(path)]")
    expectThreeParts(result, code: 78, ["include"])
    #expect(try pair.master.read("etc/hotsync/conf.d/90-local.yaml") == before)
  }
}
