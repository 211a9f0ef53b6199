import HotsyncSystem
import TestSupport
import Testing

/// A store's disk that is full, can only be read, is gone, or gives no more than a quota: a documented code in three parts, the
/// last generation as it was, and all is well once the disk is.
@Suite(.enabled(if: Mount.isPossible)) struct BadDiskTests {
  private func filled(_ options: String = "size=120m") throws -> Pair {
    let pair = try Pair(slaveDisk: options)
    try pair.data.write("quiet", to: "quiet.txt")
    #expect(try pair.sync().code == 0)
    try pair.data.write("second", to: "first.txt")
    #expect(try pair.sync().code == 0)
    return pair
  }

  @Test("a store on a disk that can only be read is 73 for whoever writes, and is restored from all the same")
  func readOnly() throws {
    let pair = try filled()
    try pair.data.write("third", to: "first.txt")
    try pair.slaveDisk?.enlarge("ro")
    try pair.expectRefusal(73, "read-write")
    for (words, codes) in [
      (["prune"], [73]), (["verify", "--full"], [73]), (["generations"], [0]), (["status"], [0]),
      (["prune", "--dry-run"], [0]),
      (["restore", "--to", pair.scratch.path("newest")], [0]),
      (["restore", "--generation", "1", "--to", pair.scratch.path("oldest")], [0]),
    ] as [([String], [Int32])] {
      let result = try pair.start("hotsync-slave", words, root: pair.slave, environment: [:]).wait()
      #expect(codes.contains(result.exitCode ?? -1), "\(words): \(result)")
      if result.exitCode != 0 { expectThreeParts(result, code: result.exitCode ?? -1, []) }
    }
    #expect(try Place(path: pair.scratch.path("newest")).read("srv/data/first.txt") == "second")
    #expect(try Place(path: pair.scratch.path("oldest")).read("srv/data/first.txt") == "the first file\n")
    try pair.slaveDisk?.enlarge("rw")
    #expect(try pair.sync().generation == 3)
    #expect(try pair.differences() == [])
  }

  @Test("a disk that turns read-only in the middle of a cycle is 73, and the next cycle on a good one commits")
  func turnsReadOnly() throws {
    let pair = try filled()
    try pair.data.write([UInt8](repeating: 1, count: 8 << 20), to: "large")
    let cycle = try pair.sync(stoppedAt: "push:1") {
      // Whoever holds files open for writing keeps tmpfs from turning: the agent has none open yet, or is past them.
      try? pair.slaveDisk?.enlarge("ro")
    }
    #expect([0, 73].contains(cycle.code), "\(cycle)")
    try pair.slaveDisk?.enlarge("rw")
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a disk that vanished is 73 for every command, names the mount, and nothing is made in its place")
  func vanished() throws {
    let pair = try Pair()
    let place = try pair.scratch.makeFolder("the slave/var/lib/hotsync")
    try pair.slave.remove("var/lib/hotsync")
    _ = try pair.scratch.makeFolder("the slave/var/lib/hotsync")
    do {
      let disk = try Mount(at: place, "size=60m")
      #expect(try pair.hotsyncSlave("apply").exitCode == 0)
      #expect(try pair.sync().code == 0)
      _ = disk
    }
    for words in [["generations"], ["verify"], ["prune"], ["restore", "--to", pair.scratch.path("out")]] {
      let result = try pair.start("hotsync-slave", words, root: pair.slave, environment: [:]).wait()
      expectThreeParts(result, code: 73, ["mounted"])
    }
    expectThreeParts(try pair.hotsync("sync"), code: 73, ["mounted"])
    #expect(try Folder.open(place).names() == [])
  }

  @Test("a full disk stops what writes with 73, and neither reading nor what is there")
  func full() throws {
    let pair = try filled("size=40m")
    try Pair.shell("head -c 64M /dev/zero > \"$0/filler\" 2>/dev/null || true", pair.slave.path)
    try pair.data.write("third", to: "first.txt")
    try pair.expectRefusal(73, "space")
    #expect(try pair.hotsyncSlave("restore", "--to", pair.scratch.path("newest")).exitCode == 0)
    #expect(try Place(path: pair.scratch.path("newest")).read("srv/data/first.txt") == "second")
    for words in [["prune"], ["verify", "--full"]] {
      let result = try pair.start("hotsync-slave", words, root: pair.slave, environment: [:]).wait()
      #expect([0, 73].contains(result.exitCode), "\(result)")
    }
    try pair.slave.remove("filler")
    #expect(try pair.sync().generation == 3)
    #expect(try pair.differences() == [])
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 0)
  }

  @Test("a target without room is 73, and what was restored before is whole")
  func fullTarget() throws {
    let pair = try filled()
    try pair.data.write([UInt8](repeating: 1, count: 6 << 20), to: "large")
    #expect(try pair.sync().code == 0)
    let place = try pair.scratch.makeFolder("target")
    let disk = try Mount(at: place, "size=4m")
    expectThreeParts(try pair.hotsyncSlave("restore", "--to", place), code: 73, ["large", "space"])
    #expect(try Place(path: place).read("srv/data/first.txt") == "second")
    #expect(try !Place(path: place).holds("srv/data/large"))
    try disk.enlarge("size=40m")
    #expect(try pair.hotsyncSlave("restore", "--to", place, "--force").exitCode == 0)
  }

  @Test(
    "however many inodes there are before they run out, the cycle is 73 and the store as it was, and goes on from there"
  )
  func noInodes() throws {
    let pair = try Pair(slaveDisk: "size=120m,nr_inodes=400")
    #expect(try pair.sync().code == 0)
    for number in 0..<12 {
      try pair.data.write("small \(number)", to: "folder\(number / 4)/\(number)")
      try pair.data.makeSymbolicLink("folder\(number / 4)/link\(number)", to: "\(number)")
    }
    let used = try RunningProgram.run("stat", ["-f", "-c", "%c %d", pair.slave.path]).outputText
      .split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
    try #require(used.count == 2)
    var refused = 0
    for more in stride(from: 1, to: 200, by: 5) {
      try pair.slaveDisk?.enlarge("nr_inodes=\(used[0] - used[1] + more)")
      let before = try pair.storeSnapshot()
      let result = try pair.hotsync("sync")
      if result.exitCode == 0 { break }
      refused += 1
      expectThreeParts(result, code: 73, ["space"])
      let changed = before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root))
      #expect(changed == [], "\(more) inodes: \(result)")
    }
    #expect(refused > 3)
    #expect(try pair.sync().result == "unchanged")
    #expect(try pair.differences() == [])
  }
}

/// A quota that is used up, at the first call of each kind that an agent makes: 73, with the quota as the cause.
@Suite struct QuotaTests {
  @Test(
    "a quota that is used up is 73, or costs nothing, and the next cycle goes well",
    arguments: [
      "openat", "write", "pwrite", "mkdirat", "symlinkat", "linkat", "renameat", "fsync", "syncfs", "fallocate",
      "setxattr",
    ])
  func usedUp(_ call: String) throws {
    let pair = try Pair()
    try pair.data.write("with attributes", to: "attributed")
    try pair.data.open("attributed").setExtendedAttribute(ExtendedAttribute(name: Array("user.x".utf8), value: [1]))
    #expect(try pair.sync().code == 0)
    var refused = 0
    for number in [1, 2, 3, 5, 8] {
      try pair.data.write("round \(number)", to: "first.txt")
      try pair.data.write("round \(number)", to: "new\(number)/file")
      try pair.data.link("new\(number)/file", as: "new\(number)/name")
      try pair.data.makeSymbolicLink("new\(number)/link", to: "file")
      try pair.data.write([UInt8](repeating: UInt8(number), count: 3 << 20), to: "large")
      try pair.data.open("attributed").setExtendedAttribute(
        ExtendedAttribute(name: Array("user.x".utf8), value: [UInt8(number)]))
      let result = try pair.start(
        "sync", "--no-retry", environment: ["HOTSYNC_AGENT_FAULT": "\(call):\(number):122"]
      ).wait()
      // The agent writes to its master by the same call.
      let codes: [Int32] = call == "write" ? [0, 69, 73] : [0, 73]
      #expect(codes.contains(result.exitCode ?? -1), "\(call) \(number): \(result)")
      if result.exitCode == 73 {
        refused += 1
        expectThreeParts(result, code: 73, ["quota"])
      }
      #expect(try pair.sync().code == 0)
      #expect(try pair.differences() == [], "\(call) \(number)")
    }
    #expect(refused > 0 || ["fallocate", "fsync", "linkat", "setxattr"].contains(call), "\(call)")
  }
}
