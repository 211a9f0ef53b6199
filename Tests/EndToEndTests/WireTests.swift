import HotsyncSystem
import TestSupport
import Testing

/// How little crosses the wire for how much of a change.
@Suite struct WireTests {
  /// A pair in step, with one large file of random bytes.
  private func pair(size: Int = 4 << 20) throws -> Pair {
    let pair = try Pair()
    var random = SeededGenerator(seed: 7)
    try pair.data.write(random.bytes(size), to: "large")
    let cycle = try pair.sync()
    guard cycle.code == 0 else { throw SupportError("\(cycle)") }
    return pair
  }

  private func expectWire(
    _ limit: Int, _ pair: Pair, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> SyncOutcome {
    let cycle = try pair.sync()
    #expect(
      cycle.code == 0 && cycle.result == "committed" && cycle.wire < limit, "\(cycle)", sourceLocation: sourceLocation)
    let differences = try pair.differences()
    #expect(differences == [], sourceLocation: sourceLocation)
    return cycle
  }

  @Test("a renamed file sends its new name")
  func renamedFile() throws {
    let pair = try pair()
    try pair.data.rename("large", to: "folder/renamed")
    #expect(try expectWire(2_000, pair).files("renamed") == 1)
  }

  @Test("a renamed folder of a hundred files sends their names")
  func renamedFolder() throws {
    let pair = try Pair()
    var random = SeededGenerator(seed: 8)
    for number in 0..<100 { try pair.data.write(random.bytes(20_000), to: "old/\(number).dat") }
    #expect(try pair.sync().code == 0)
    try pair.data.rename("old", to: "new name")
    let cycle = try pair.sync("--accept-deletes")
    #expect(cycle.code == 0 && cycle.files("renamed") == 100 && cycle.wire < 30_000, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a file renamed and written to is sent as it is now")
  func renamedAndChanged() throws {
    let pair = try pair(size: 100_000)
    try pair.data.rename("large", to: "renamed")
    try pair.data.append(Array("more".utf8), to: "renamed")
    #expect(try expectWire(120_000, pair).files("created") == 1)
  }

  @Test("two files that change names with each other end up where they belong")
  func exchanged() throws {
    let pair = try pair()
    try pair.data.write("the other", to: "other")
    #expect(try pair.sync().code == 0)
    try pair.data.rename("large", to: "aside")
    try pair.data.rename("other", to: "large")
    try pair.data.rename("aside", to: "other")
    _ = try expectWire(20_000, pair)
  }

  @Test("a file that grows sends what is new")
  func grows() throws {
    let pair = try pair()
    var random = SeededGenerator(seed: 9)
    try pair.data.append(random.bytes(3_000), to: "large")
    _ = try expectWire(100_000, pair)
  }

  @Test("a file that is cut sends next to nothing")
  func cut() throws {
    let pair = try pair()
    try pair.data.open("large").truncate(to: 3_000_000)
    _ = try expectWire(100_000, pair)
  }

  @Test("bytes put in at the front of a file do not send the rest again")
  func insertion() throws {
    let pair = try pair()
    let old = try pair.data.open("large", .reading).readAll(limit: 8 << 20) ?? []
    try pair.data.write(Array("in front".utf8) + old, to: "large")
    _ = try expectWire(150_000, pair)
  }

  @Test("a sparse file sends its data and stays sparse")
  func sparse() throws {
    let pair = try Pair()
    try pair.data.write([], to: "sparse")
    let file = try pair.data.open("sparse")
    try file.truncate(to: 2 << 30)
    try file.write([UInt8](repeating: 0x62, count: 1 << 20), at: 1 << 30)
    let cycle = try expectWire(1_100_000, pair)
    #expect(cycle.program.elapsed < .seconds(30))
    #expect(try pair.mirror.status("srv/data/sparse").blocks * 512 < 3 << 20)
    try file.write([UInt8](repeating: 0x63, count: 4_096), at: 100 << 20)
    _ = try expectWire(100_000, pair)
    #expect(try pair.mirror.status("srv/data/sparse").blocks * 512 < 3 << 20)
  }

  @Test("a touched file sends its time, a changed mode the mode")
  func metadataOnly() throws {
    let pair = try pair()
    try pair.data.open("large").setModified(Timestamp(seconds: 1_000_000_000))
    try pair.data.setPermissions(0o751, of: "first.txt")
    let cycle = try expectWire(2_000, pair)
    #expect(cycle.files("metadata") == 2 && cycle.bytes("literal") == 0, "\(cycle)")
  }
}
