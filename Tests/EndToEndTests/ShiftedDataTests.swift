import HotsyncSystem
import TestSupport
import Testing

/// Large files in which data has moved: what is in both is found by chunks and copied on the slave.
@Suite struct ShiftedDataTests {
  private func expectMoved(
    _ seed: UInt64, literal limit: Int, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout [UInt8], inout SeededGenerator) -> Void
  ) throws {
    let pair = try Pair()
    var random = SeededGenerator(seed: seed)
    var bytes = random.bytes(20 << 20)
    try pair.data.write(bytes, to: "large")
    #expect(try pair.sync().code == 0, sourceLocation: sourceLocation)
    edit(&bytes, &random)
    try pair.data.write(bytes, to: "large")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)", sourceLocation: sourceLocation)
    #expect(cycle.bytes("literal") ?? .max < limit, "\(cycle)", sourceLocation: sourceLocation)
    #expect(try pair.differences() == [], sourceLocation: sourceLocation)
    let verified = try pair.hotsyncSlave("verify", "--full")
    #expect(verified.exitCode == 0, "\(verified)", sourceLocation: sourceLocation)
    #expect(try pair.sync().result == "unchanged", sourceLocation: sourceLocation)
  }

  @Test("bytes put in and taken out all over a file cost what is around them", arguments: 1...3 as ClosedRange<UInt64>)
  func scattered(_ seed: UInt64) throws {
    try expectMoved(seed, literal: 200 * 8_192) { bytes, random in
      for _ in 0..<200 {
        let place = random.number(0...bytes.count - 200)
        bytes.replaceSubrange(place..<(place + random.number(0...99)), with: random.bytes(random.number(0...99)))
      }
    }
  }

  @Test("what begins later by less than a window, and what is cut off in front, is found")
  func farAway() throws {
    try expectMoved(4, literal: 2 << 20) { bytes, random in bytes = random.bytes(900_000) + bytes }
    try expectMoved(5, literal: 2 << 20) { bytes, _ in bytes.removeFirst(900_001) }
  }

  @Test("a shifted stretch in a file that else stays is patched in place")
  func partly() throws {
    try expectMoved(6, literal: 1 << 20) { bytes, random in
      let part = bytes[0..<(9 << 20)]
      bytes.replaceSubrange(0..<(9 << 20), with: random.bytes(100) + part.dropLast(100))
    }
  }

  @Test("another file under the same name comes as it is")
  func allNew() throws {
    try expectMoved(7, literal: (21 << 20)) { bytes, random in bytes = random.bytes(20 << 20) }
  }

  @Test("a file that is much longer, with holes, or much shorter than before is the same on the slave")
  func lengths() throws {
    try expectMoved(8, literal: 14 << 20) { bytes, random in
      bytes = Array(bytes[1_000...]) + [UInt8](repeating: 0, count: 12 << 20) + random.bytes(3 << 20)
    }
    try expectMoved(9, literal: 1 << 20) { bytes, _ in bytes = Array(bytes[3_000..<(10 << 20)]) }
  }
}
