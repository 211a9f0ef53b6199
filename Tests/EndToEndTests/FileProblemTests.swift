import HotsyncSystem
import TestSupport
import Testing

/// Files that cannot be had: told by name, the rest goes on.
@Suite struct FileProblemTests {
  @Test("an unreadable file is named, the cycle ends with 3, and the rest is there")
  func unreadableFile() throws {
    let pair = try Pair(unprivileged: true)
    try pair.data.write("nobody reads this", to: "closed.txt", permissions: 0)
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.result == "incomplete" && cycle.generation == 1, "\(cycle)")
    #expect(cycle.codes(of: "/srv/data/closed.txt") == ["unreadable"], "\(cycle)")
    #expect(cycle.files("skipped") == 1)
    #expect(try pair.mirror.read("srv/data/first.txt") == "the first file\n")
    #expect(try !pair.mirror.holds("srv/data/closed.txt"))
  }

  @Test("a file that became unreadable keeps its last version on the slave")
  func becameUnreadable() throws {
    let pair = try Pair(unprivileged: true)
    try pair.data.write("as it was", to: "closing.txt")
    #expect(try pair.sync().code == 0)
    try pair.data.write("as it is", to: "closing.txt", permissions: 0)
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.codes(of: "/srv/data/closing.txt") == ["unreadable"], "\(cycle)")
    #expect(try pair.mirror.read("srv/data/closing.txt") == "as it was")
    try pair.data.setPermissions(0o644, of: "closing.txt")
    #expect(try pair.sync().code == 0)
    #expect(try pair.mirror.read("srv/data/closing.txt") == "as it is")
  }

  @Test("what lies in a folder that became unreadable is not taken for deleted")
  func unreadableFolder() throws {
    let pair = try Pair(unprivileged: true)
    try pair.data.write("kept", to: "folder/inside.txt")
    #expect(try pair.sync().code == 0)
    try pair.data.setPermissions(0, of: "folder")
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.codes(of: "/srv/data/folder") == ["unreadable"], "\(cycle)")
    #expect(cycle.files("deleted") == 0)
    #expect(try pair.mirror.read("srv/data/folder/inside.txt") == "kept")
  }

  @Test("a file that vanishes while the cycle is under way is told, and the rest is there")
  func vanishing() throws {
    let pair = try Pair()
    try pair.data.write("soon gone", to: "vanishing.txt")
    let cycle = try pair.sync(stoppedAt: "push:1") { try pair.data.remove("vanishing.txt") }
    #expect(cycle.code == 3 && cycle.result == "incomplete", "\(cycle)")
    #expect(cycle.codes(of: "/srv/data/vanishing.txt") == ["vanished"], "\(cycle)")
    #expect(try pair.mirror.read("srv/data/first.txt") == "the first file\n")
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a changed file that vanishes while the cycle is under way keeps its old version until the next cycle")
  func vanishingKeepsOld() throws {
    let pair = try Pair()
    try pair.data.write("old", to: "vanishing.txt")
    #expect(try pair.sync().code == 0)
    try pair.data.write("newer", to: "vanishing.txt")
    let cycle = try pair.sync(stoppedAt: "push:1") { try pair.data.remove("vanishing.txt") }
    #expect(cycle.code == 3 && cycle.codes(of: "/srv/data/vanishing.txt") == ["vanished"], "\(cycle)")
    #expect(try pair.mirror.read("srv/data/vanishing.txt") == "old")
    let next = try pair.sync()
    #expect(next.code == 0 && next.files("deleted") == 1, "\(next)")
    #expect(try pair.differences() == [])
  }

  @Test("a folder that vanishes while the cycle is under way is told, and the rest is there")
  func vanishingFolder() throws {
    let pair = try Pair()
    for number in 0..<20 { try pair.data.write("\(number)", to: "folder/inner/\(number)") }
    try pair.data.write("stays", to: "last.txt")
    let cycle = try pair.sync(stoppedAt: "push:1") { try pair.data.remove("folder") }
    #expect(cycle.code == 3 && !cycle.codes(of: "/srv/data/folder").isEmpty, "\(cycle)")
    #expect(try pair.mirror.read("srv/data/last.txt") == "stays")
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a file that turned into a link while the cycle is under way is not followed")
  func turnedIntoLink() throws {
    let pair = try Pair()
    try pair.scratch.write(Array("secret".utf8), to: "secret")
    try pair.data.write("a file", to: "turning")
    let cycle = try pair.sync(stoppedAt: "push:1") {
      try pair.data.remove("turning")
      try pair.data.makeSymbolicLink("turning", to: pair.scratch.path("secret"))
    }
    #expect(cycle.code == 3 && cycle.codes(of: "/srv/data/turning") == ["changed"], "\(cycle)")
    #expect(try !pair.mirror.holds("srv/data/turning"))
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a link that was a folder for as long as the walk took stays a link, without what the folder held")
  func folderForAMoment() throws {
    let pair = try Pair()
    try pair.data.write("kept", to: "kept.txt")
    try pair.data.makeSymbolicLink("turning", to: "kept.txt")
    #expect(try pair.sync().code == 0)
    try pair.data.remove("turning")
    for name in ["inner/file", "other"] { try pair.data.write("inside", to: "turning/\(name)") }
    let cycle = try pair.sync(stoppedAt: "push:1") {
      try Pair.shell("mv \"$0/turning\" \"$0/elsewhere\"; ln -s kept.txt \"$0/turning\"", pair.data.path)
    }
    #expect(cycle.code == 3 && !cycle.codes(of: "/srv/data/turning").isEmpty, "\(cycle)")
    #expect(try pair.mirror.status("srv/data/turning").kind == .symbolicLink)
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test(
    "a large file that a bad sector is in is told, wherever it is read, and the rest is there",
    arguments: [true, false])
  func badSector(isPatched: Bool) throws {
    let pair = try Pair()
    var random = SeededGenerator(seed: 12)
    var content = random.bytes(3 << 20)
    if isPatched {
      try pair.data.write(content, to: "large")
      #expect(try pair.sync().code == 0)
    }
    var codes: Set<Int32> = []
    for call in stride(from: 1, through: 40, by: 3) {
      content.replaceSubrange(call << 16..<call << 16 + 40_000, with: random.bytes(40_000))
      try pair.data.write(content, to: isPatched ? "large" : "large-\(call)")
      let cycle = try pair.sync([], environment: ["HOTSYNC_FAULT": "pread:\(call):5"])
      codes.insert(cycle.code ?? -1)
      #expect([0, 1, 3].contains(cycle.code), "\(call): \(cycle)")
      #expect(try pair.sync().code == 0, "\(call)")
    }
    #expect(codes.contains(3), "\(codes)")
    #expect(try pair.differences() == [])
  }

  @Test("many files with other times and what they had ask for more signatures than anybody reads, and go through")
  func manyUnwantedSignatures() throws {
    let pair = try Pair()
    for number in 0..<2_600 {
      try pair.data.open("\(number)", [.writing, .creating]).truncate(to: (1 << 20) - 1)
    }
    #expect(try pair.sync().code == 0)
    try Pair.shell("touch \"$0\"/*", pair.data.path)
    let cycle = try pair.sync()
    #expect(cycle.code == 0, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a file that is written to all the time is told, and the slave keeps its old version")
  func changing() throws {
    let pair = try Pair()
    var random = SeededGenerator(seed: 11)
    try pair.data.write(random.bytes(32 << 20), to: "log")
    #expect(try pair.sync().code == 0)
    let before = try pair.mirror.below("srv/data").snapshot()
    try pair.data.write("also new", to: "other.txt")
    // Ahead of all others where this user may say so: on a busy machine it must get its turn while the file is read.
    let path = pair.data.below("log").path
    let writer = try RunningProgram(
      "nice",
      (Environment.isRoot ? ["-n", "-20"] : ["-n", "0"])
        + ["dd", "if=/dev/zero", "of=\(path)", "bs=1", "oflag=append", "conv=notrunc"])
    defer { writer.kill() }
    #expect(try writer.wait { try pair.data.status("log").size > 32 << 20 })
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.codes(of: "/srv/data/log") == ["changed"], "\(cycle)")
    #expect(try pair.mirror.read("srv/data/other.txt") == "also new")
    let differences = before.differences(to: try pair.mirror.below("srv/data").snapshot(), .content)
    #expect(differences == ["/other.txt: only in the second (regular)"])
  }

  @Test("sockets are told and are no reason for 3")
  func socket() throws {
    let pair = try Pair()
    try Pair.shell("perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift)' \"$0/s\"", pair.data.path)
    #expect(try pair.data.holds("s"))
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.codes(of: "/srv/data/s") == ["socket_skipped"], "\(cycle)")
  }
}
