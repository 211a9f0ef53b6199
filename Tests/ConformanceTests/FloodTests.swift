import HotsyncSystem
import TestSupport
import Testing

/// Whoever answers at the slave's address, before anybody knows who that is.
@Suite struct FloodTests {
  /// What a server sends that never comes to the point.
  enum Flood: CaseIterable {
    /// Lines before a version that never comes.
    case lines
    /// Packets of a type that nobody knows, before any keys.
    case packets

    var bytes: [UInt8] {
      switch self {
      case .lines: Array(repeating: Array("more\r\n".utf8), count: 200_000).flatMap { $0 }
      case .packets:
        Array("SSH-2.0-flood\r\n".utf8)
          + Array(repeating: Flood.packet, count: 40).flatMap { $0 }
      }
    }

    /// RFC 4253, section 6: length, length of the padding, payload, padding.
    private static var packet: [UInt8] {
      let payload = [192] + [UInt8](repeating: 0, count: 30_000)
      let padding = 8 - (payload.count + 5) % 8 + 8
      let length = payload.count + padding + 1
      return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + [UInt8(padding)] + payload
        + [UInt8](repeating: 0, count: padding)
    }
  }

  @Test("a flood before the login ends the cycle at once, and takes no memory", arguments: Flood.allCases)
  func flood(_ flood: Flood) throws {
    let pair = try Pair.committed(over: .ssh, isRelayed: true)
    let relay = try #require(pair.line?.relay)
    let usual = try pair.expectInStep().program.peakMemoryBytes
    relay.plan(.noise(flood.bytes), then: .noise(flood.bytes))
    try pair.expectUntouched(76, "more than any login takes", within: .seconds(15))
    let flooded = try pair.sync("--no-retry").program.peakMemoryBytes
    #expect(flooded < usual + (8 << 20), "\(flooded) bytes, where \(usual) are usual")
    relay.plan(.pass)
    #expect(try pair.expectInStep().result == "unchanged")
  }
}
