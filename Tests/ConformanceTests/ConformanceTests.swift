import HotsyncSystem
import TestSupport
import Testing

/// What holds whichever transport joins the two machines.
@Suite struct ConformanceTests {
  @Test(
    "a tree of everything arrives, stays, follows one percent of changes, and comes back by a restore",
    arguments: TestedTransport.all)
  func life(_ transport: TestedTransport) throws {
    var random = SeededGenerator(announcing: "life over \(transport)")
    let pair = try Pair.committed(over: transport, isRelayed: true) { data in
      try TreeMaker.make(in: data.path, seed: random.next(), files: 200, largestSize: 300_000)
    }
    #expect(try pair.differences() == [])
    let relay = pair.line?.relay
    relay?.plan(.pass)
    let unchanged = try pair.expectInStep()
    #expect(unchanged.result == "unchanged" && unchanged.wire < 1_024, "\(unchanged)")
    if let counts = relay?.counts {
      print("nothing changed over \(transport): \(counts.up) bytes up, \(counts.down) down, \(counts.bytes) in all")
      #expect(counts.bytes < 7_000 && counts.connections == 1)
    }
    let changed = try TreeMutation.mutate(pair.data.path, seed: random.next(), percent: 1)
    let next = try pair.expectInStep()
    #expect(next.result == "committed" && (next.files("changed") ?? 0) + (next.files("created") ?? 0) >= changed)
    try expectRestored(pair)
  }

  private func expectRestored(_ pair: Pair) throws {
    let target = pair.scratch.path("restored")
    let restore = try pair.hotsyncSlave("restore", "--to", target)
    #expect(restore.exitCode == 0, "\(restore)")
    #expect(try pair.data.snapshot().differences(to: Place(path: "\(target)/srv/data").snapshot()) == [])
  }

  @Test("a dump arrives as it is written, and the next one costs what is new of it", arguments: TestedTransport.all)
  func dumps(_ transport: TestedTransport) throws {
    var random = SeededGenerator(announcing: "dumps over \(transport)")
    let pair = try Pair.committed(over: transport)
    let server = Place(path: try pair.scratch.makeFolder("the server"))
    var bytes = random.bytes(6 << 20)
    for (new, limit) in [(0, 7 << 20), (50_000, 200_000)] {
      bytes.insert(contentsOf: random.bytes(new), at: bytes.count / 3)
      try server.write(bytes, to: "shop.sql")
      let cycle = try pair.sync([], environment: ["HOTSYNC_PLANTED_DUMPS": server.path])
      #expect(cycle.code == 0 && cycle.result == "committed" && cycle.wire < limit, "\(cycle)")
      let kept = try Descriptor.open(pair.store.below("mirror/dumps/mariadb/databases/shop.sql").path).readAll(
        limit: 1 << 26)
      #expect(kept == bytes)
    }
  }

  @Test("random edits of every kind are followed", arguments: TestedTransport.all)
  func edits(_ transport: TestedTransport) throws {
    var random = SeededGenerator(announcing: "edits over \(transport)")
    let pair = try Pair.committed(over: transport) { data in
      try TreeMaker.make(in: data.path, seed: random.next(), files: 60, largestSize: 100_000)
    }
    var script = EditScript(seed: random.next())
    for _ in 0..<3 {
      try script.apply(25, to: pair.data.path)
      try pair.expectInStep("--accept-deletes")
    }
  }

  @Test("deletes, renames and hard links are what they are", arguments: TestedTransport.all)
  func names(_ transport: TestedTransport) throws {
    var random = SeededGenerator(seed: 11)
    let pair = try Pair.committed(over: transport) { data in
      for number in 0..<30 { try data.write(random.bytes(20_000), to: "old/\(number)") }
    }
    try pair.data.rename("old", to: "new")
    try pair.data.remove("new/7")
    try pair.data.link("new/8", as: "linked")
    let cycle = try pair.expectInStep("--accept-deletes")
    #expect(cycle.files("renamed") == 29 && cycle.bytes("literal") == 0 && cycle.wire < 20_000, "\(cycle)")
    // History has further names of what was renamed.
    let inodes = try ["linked", "new/8"].map { try pair.mirror.status("srv/data/\($0)").inode }
    #expect(inodes[0] == inodes[1])
    try pair.data.remove("new/8")
    try pair.expectInStep()
  }

  @Test("a large file sends what changed in it, a sparse one stays sparse", arguments: TestedTransport.all)
  func largeFiles(_ transport: TestedTransport) throws {
    var random = SeededGenerator(seed: 12)
    let pair = try Pair.committed(over: transport) { data in
      try data.write(random.bytes(8 << 20), to: "large")
      try data.write([], to: "sparse")
      try data.open("sparse").truncate(to: 1 << 30)
    }
    try TreeMutation.edit(pair.data.below("large").path, seed: 13, count: 5, length: 1_000)
    try pair.data.open("sparse").write([1, 2, 3], at: 700 << 20)
    let cycle = try pair.expectInStep()
    #expect(cycle.wire < 300_000, "\(cycle)")
    #expect(try pair.mirror.status("srv/data/sparse").blocks * 512 < 1 << 20)
  }

  @Test("a dry run and a check write nothing on either side", arguments: TestedTransport.all)
  func looks(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport)
    try pair.data.write("new", to: "new")
    let before = (try pair.master.snapshot(), try pair.storeSnapshot())
    let dry = try pair.hotsync("sync", "--dry-run")
    #expect(dry.exitCode == 0 && dry.outputText.contains("new"), "\(dry)")
    let check = try pair.hotsync("check")
    #expect(check.exitCode == 0, "\(check)")
    #expect(before.0.differences(to: try pair.master.snapshot()) == [])
    #expect(before.1.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
  }

  // MARK: Refused by the slave

  @Test("a machine whose role is not the slave's refuses with 77", arguments: TestedTransport.all)
  func wrongRole(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport)
    let turned = try pair.hotsyncSlave(
      "config", "set", "role", "master", "connections.standby.slave_host", "192.0.2.20",
      "connections.standby.data.include", "[/srv]")
    #expect(turned.exitCode == 0, "\(turned)")
    try pair.expectUntouched(77, "configured as its master")
  }

  @Test("a key that is bound to another connection does not open this one's store", arguments: TestedTransport.overSSH)
  func otherConnection(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport)
    let line = try #require(pair.line)
    #expect(try pair.hotsyncSlave("config", "set", "connections.other.status", "enabled").exitCode == 0)
    #expect(try pair.hotsyncSlave("apply").exitCode == 0)
    try line.authorize(
      pair.master.read("etc/hotsync/keys/standby.pub"), for: line.agentCommand(of: "other"))
    try pair.expectUntouched(77, "\"other\"")
  }

  @Test("more deletions than either side allows are refused with 77", arguments: TestedTransport.all)
  func deletions(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport) { data in
      for number in 0..<20 { try data.write("\(number)", to: "file\(number)") }
    }
    for number in 0..<15 { try pair.data.remove("file\(number)") }
    try pair.expectUntouched(77, "--accept-deletes")
    try pair.set(ofConnection: "max_delete", "100%")
    try pair.expectUntouched(77, "max_delete")
    try pair.expectInStep("--accept-deletes")
  }

  @Test(
    "a disk that is full in the middle is 73, and with room the next cycle succeeds",
    .enabled(if: Mount.isPossible), arguments: TestedTransport.all)
  func fullDisk(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport, slaveDisk: "size=100m,nr_inodes=100")
    for number in 0..<200 { try pair.data.write("small \(number)", to: "folder\(number / 20)/\(number)") }
    try pair.expectUntouched(73, "space")
    try pair.slaveDisk?.enlarge("nr_inodes=2000")
    #expect(try pair.expectInStep().result == "committed")
  }

  // MARK: Ended in the middle

  /// 120 files of 50,000 bytes that no cycle has sent yet.
  private func withWork(_ transport: TestedTransport) throws -> Pair {
    let pair = try Pair.committed(over: transport)
    var random = SeededGenerator(seed: 14)
    for number in 0..<120 { try pair.data.write(random.bytes(50_000), to: "file\(number)") }
    return pair
  }

  @Test("after the agent's end in the middle, what it staged is not sent again", arguments: TestedTransport.all)
  func agentKilled(_ transport: TestedTransport) throws {
    let pair = try withWork(transport)
    let broken = try pair.sync(Pair.once, environment: ["HOTSYNC_AGENT_KILL_AT": "stage:90"])
    #expect(broken.program.flaws(code: 69) == [], "\(broken)")
    let cycle = try pair.expectInStep()
    #expect(cycle.bytes("literal") ?? .max < 2_000_000, "\(cycle)")
  }

  @Test("after the master's end in the middle, what was staged is not sent again", arguments: TestedTransport.all)
  func masterKilled(_ transport: TestedTransport) throws {
    let pair = try withWork(transport)
    let killed = try pair.start("sync", environment: ["HOTSYNC_KILL_AT": "push:110"]).wait()
    #expect(killed.ending == .killed(signal: 9), "\(killed)")
    let cycle = try pair.expectInStep()
    // What lay in the dead master's own buffers is lost with it.
    #expect(cycle.bytes("literal") ?? .max < 5_000_000, "\(cycle)")
  }

  @Test("a second run, and a second master, end with 75 and disturb nobody", arguments: TestedTransport.all)
  func together(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport)
    try pair.data.write("new", to: "new")
    let first = try pair.sync(stoppedAt: "push:1") {
      let second = try pair.hotsync("sync")
      #expect(second.flaws(code: 75, ["another run holds its lock"]) == [], "\(second)")
      try Pair.shell("cp -a \"$0\" \"$0 two\"; rm -f \"$0 two/var/lib/hotsync-state/standby/lock\"", pair.master.path)
      let other = try RunningProgram.run("hotsync", ["sync", "--root", "\(pair.master.path) two"] + Pair.once)
      #expect(other.flaws(code: 75, ["another cycle is under way"]) == [], "\(other)")
    }
    #expect(first.code == 0, "\(first)")
    #expect(try pair.differences() == [])
  }
}
