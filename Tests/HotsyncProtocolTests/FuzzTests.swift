import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncProtocol

@Suite struct FuzzTests {
  @Test("random bytes after the preamble never trap, and what decodes is encoded to the same bytes")
  func randomBytes() throws {
    var random = SeededGenerator(announcing: "random frames")
    for _ in 0..<60_000 {
      let payload = random.bytes(random.below(40))
      check(MasterMessage.self, frame(type: UInt8(1 + random.below(27)), payload), seed: random.seed)
      check(SlaveMessage.self, frame(type: UInt8(64 + random.below(22)), payload), seed: random.seed)
    }
  }

  @Test("mutated messages never trap, and what decodes is encoded to the same bytes")
  func mutated() throws {
    var random = SeededGenerator(announcing: "mutated frames")
    let master = try Samples.master().map { encoded($0.message) }
    let slave = try Samples.slave().map { encoded($0.message) }
    for _ in 0..<60_000 {
      check(MasterMessage.self, mutate(master[random.below(master.count)], &random), seed: random.seed)
      check(SlaveMessage.self, mutate(slave[random.below(slave.count)], &random), seed: random.seed)
    }
  }

  @Test("mutated streams in random pieces never trap, and end in no error but the two that are meant")
  func streams() throws {
    var random = SeededGenerator(announcing: "mutated streams")
    let master = Preamble.bytes + (try Samples.master().flatMap { encoded($0.message) })
    let slave = Preamble.bytes + (try Samples.slave().flatMap { encoded($0.message) })
    for _ in 0..<3_000 {
      feed(MasterMessage.self, damage(master, &random), &random)
      feed(SlaveMessage.self, damage(slave, &random), &random)
    }
  }

  @Test("however much comes, no more than two frames and what was fed last are held")
  func memory() throws {
    var random = SeededGenerator(announcing: "flood")
    var decoder = FrameDecoder<MasterMessage>()
    decoder.handshakeDone = true
    try decoder.feed(Preamble.bytes[...])
    for _ in 0..<200 {
      let piece = frame(type: 9, [UInt8](repeating: 1, count: [1, 100, 70_000, Limits.frame - 1][random.below(4)]))
      for start in stride(from: 0, to: piece.count, by: 65_536) {
        try decoder.feed(piece[start..<min(start + 65_536, piece.count)])
        while try decoder.next() != nil {}
        if decoder.buffer.count > 2 * Limits.frame + 65_536 {
          Issue.record("HOTSYNC_SEED=\(random.seed): \(decoder.buffer.count) bytes held")
        }
      }
    }
  }

  /// There is one form of every message, so that what is understood is what was meant.
  private func check<Message: WireMessage>(_ type: Message.Type, _ frame: [UInt8], seed: UInt64) {
    guard let messages = try? decoded(frame, as: Message.self), let message = messages.first else { return }
    let again = encoded(message)
    // Texts over a quarter of their limit are cut; the samples have none.
    guard again != Array(frame.prefix(again.count)) else { return }
    Issue.record("HOTSYNC_SEED=\(seed): \(hexadecimal(frame)) became \(hexadecimal(again))")
  }

  private func mutate(_ frame: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var payload = Array(frame.dropFirst(4))
    for _ in 0...random.below(3) where payload.count > 1 {
      let place = 1 + random.below(payload.count - 1)
      switch random.below(5) {
      case 0: payload[place] ^= 1 << UInt8(random.below(8))
      case 1: payload[place] = UInt8(truncatingIfNeeded: random.next())
      case 2: payload.remove(at: place)
      case 3: payload.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
      default: payload[place] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)]
      }
    }
    return HotsyncProtocolTests.frame(announcing: UInt32(payload.count)) + payload
  }

  private func damage(_ stream: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var stream = stream
    for _ in 0...random.below(2) { stream[random.below(stream.count)] ^= 1 << UInt8(random.below(8)) }
    return stream
  }

  private func feed<Message: WireMessage>(_ type: Message.Type, _ stream: [UInt8], _ random: inout SeededGenerator) {
    var decoder = FrameDecoder<Message>()
    decoder.handshakeDone = random.below(2) == 0
    let largest = 1 + random.below(700)
    var rest = stream[...]
    var given = 0
    do throws(ProtocolError) {
      while !rest.isEmpty {
        let piece = rest.prefix(1 + random.below(largest))
        rest = rest.dropFirst(piece.count)
        try decoder.feed(piece)
        while try decoder.next() != nil { given += 1 }
      }
    } catch {
      guard error.kind != .damaged, error.kind != .incompatible else { return }
      Issue.record("HOTSYNC_SEED=\(random.seed): \(error)")
    }
    if given > stream.count / 5 { Issue.record("HOTSYNC_SEED=\(random.seed): more messages than frames fit") }
  }
}
