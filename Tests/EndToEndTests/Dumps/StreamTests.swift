import HotsyncSystem
import TestSupport
import Testing

/// Dumps that go to the slave as they are written: what the last one had is copied there.
@Suite struct StreamTests {
  @Test("a dump of any length arrives, and as it is only once", arguments: [0, 1, 4_095, 262_144, 262_145, 5_000_000])
  func lengths(_ length: Int) throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: UInt64(length) + 1)
    let bytes = random.bytes(length)
    try dumping.expect(bytes, as: "dumped")
    let again = try dumping.expect(bytes, as: "unchanged")
    #expect(again.result == "unchanged" && again.generation == 1, "\(again)")
    try dumping.expectSound()
  }

  @Test("a small dump that changes goes as what is new of it")
  func small() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 7)
    var bytes = random.bytes(200_000)
    try dumping.expect(bytes, as: "dumped")
    bytes.insert(contentsOf: random.bytes(100), at: 1_000)
    let cycle = try dumping.expect(bytes, as: "dumped")
    #expect(cycle.wire < 20_000, "\(cycle)")
    try dumping.expectSound()
  }

  @Test("rows put in front, at the end and all over, changed and taken away cost what is around them")
  func edits() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 8)
    var bytes = random.bytes(40 << 20)
    try dumping.expect(bytes, as: "dumped")
    let edits: [(String, (inout [UInt8], inout SeededGenerator) -> Void)] = [
      ("in front", { bytes, random in bytes = random.bytes(70_000) + bytes }),
      ("at the end", { bytes, random in bytes += random.bytes(70_000) }),
      ("taken away in front", { bytes, _ in bytes.removeFirst(900_000) }),
      ("taken away at the end", { bytes, _ in bytes.removeLast(9_000_000) }),
      (
        "all over",
        { bytes, random in
          for _ in 0..<50 {
            let place = random.number(0...bytes.count - 200)
            bytes.replaceSubrange(place..<(place + random.number(0...99)), with: random.bytes(random.number(0...99)))
          }
        }
      ),
    ]
    for (name, edit) in edits {
      edit(&bytes, &random)
      let cycle = try dumping.expect(bytes, as: "dumped")
      // The slave's chunks, 10 bytes each, and what is new.
      let (literal, received) = (try #require(cycle.bytes("literal")), try #require(cycle.bytes("wire_received")))
      #expect(literal < 500_000, "\(name): \(cycle)")
      #expect(received < 42 << 14, "\(name): \(cycle)")
    }
    try dumping.expectSound()
  }

  @Test("what was put in is longer than a window, and the rest is found behind it")
  func longInsertion() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 9)
    let bytes = random.bytes(140 << 20)
    try dumping.expect(bytes, as: "dumped")
    let new = random.bytes(70 << 20)
    let cycle = try dumping.expect(new + bytes, as: "dumped")
    let put = try #require(cycle.bytes("literal"))
    #expect(put < 142 << 20, "\(cycle)")
    let gone = try dumping.expect(new[(40 << 20)...] + bytes, as: "dumped")
    let taken = try #require(gone.bytes("literal"))
    #expect(taken < 80 << 20, "\(gone)")
  }

  @Test("a dump that becomes empty, and one that had been, arrive")
  func emptied() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 10)
    let bytes = random.bytes(3 << 20)
    for content in [bytes, [], bytes, Array(bytes.prefix(100)), Array(bytes.prefix(2 << 20))] {
      try dumping.expect(content, as: "dumped")
    }
    try dumping.expectSound()
  }

  @Test("the master's memory does not grow with the dump")
  func memory() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 11)
    var bytes = random.bytes(300 << 20)
    try dumping.expect(bytes, as: "dumped")
    bytes.insert(contentsOf: random.bytes(1_000), at: 100 << 20)
    try dumping.server.write(bytes, to: "shop.sql")
    let program = try dumping.pair.start(
      "hotsync", ["sync", "--json"], root: dumping.pair.master,
      environment: dumping.environment.merging(["HOTSYNC_STOP_AT": "before-commit:1"]) { $1 })
    #expect(try program.wait { try Pair.isStopped(program.processID) })
    let peak = try StreamTests.peak(of: program.processID)
    #expect(peak < 120 << 10, "\(peak) KiB")
    program.kill(18)
    #expect(try program.wait().exitCode == 0)
  }

  /// VmHWM of a process, in KiB (proc(5)).
  private static func peak(of process: Int32) throws -> Int {
    let bytes = try Descriptor.open("/proc/\(process)/status", .reading).readAll(limit: 16_384) ?? []
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return try #require(line?.split(separator: " ").compactMap { Int($0) }.first)
  }

  @Test("a dump that the slave has damaged comes whole")
  func damaged() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 12)
    let bytes = random.bytes(3 << 20)
    try dumping.expect(bytes, as: "dumped")
    let file = try Descriptor.open("\(dumping.dumps.path)/databases/shop.sql", .readingAndWriting)
    try file.write([1, 2, 3], at: 100)
    #expect(try dumping.pair.hotsyncSlave("verify", "--full").exitCode == 65)
    let cycle = try dumping.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    try dumping.expect(bytes, as: "unchanged")
    try dumping.expectSound()
  }
}
