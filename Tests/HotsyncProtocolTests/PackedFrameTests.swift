import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncProtocol

/// A packed frame that holds this zstd frame and says that it holds so many bytes.
func packed(_ zstd: [UInt8], saying length: Int) -> [UInt8] {
  frame(
    type: 127,
    payload {
      $0.integer(UInt64(length))
      $0.raw(zstd)
    })
}

private func packed(_ zstd: ZstdFrame) -> [UInt8] {
  packed(zstd.bytes, saying: zstd.blocks.reduce(0) { $0 + $1.count })
}

@Suite struct PackedFrameTests {
  private static let ping = encoded(MasterMessage.ping)
  /// A stored frame that is right in all.
  private static let good = ZstdFrame(.raw(ping + ping))

  private func isDamage(_ frames: [UInt8]) -> Bool { refusal(of: frames, as: MasterMessage.self)?.kind == .damaged }

  private func changed(_ zstd: ZstdFrame = good, _ change: (inout ZstdFrame) -> Void) -> [UInt8] {
    var zstd = zstd
    change(&zstd)
    return packed(zstd)
  }

  @Test("a packed frame has the bytes of docs/protocol.md")
  func golden() throws {
    let golden = bytes("15000000 7f 0a 28b52ffd 20 0a 510000 0100000012 0100000012")
    #expect(try decoded(golden, as: MasterMessage.self) == [.ping, .ping])
    #expect(try decoded(packed(PackedFrameTests.good), as: MasterMessage.self) == [.ping, .ping])
  }

  @Test("batches of messages are packed, and come back the same a byte at a time")
  func roundTrip() throws {
    var random = SeededGenerator(announcing: "packing")
    let samples = try Samples.master().map(\.message)
    let packer = Batches(.always)
    var (stream, messages) = (Preamble.bytes, [MasterMessage]())
    for _ in 0..<20 {
      let batch = (0..<40).map { _ in samples[random.below(samples.count)] }
      let frame = try #require(packer.pack(batch.flatMap { encoded($0) }, after: stream.count))
      stream += frame
      messages += batch
    }
    #expect(stream.count < messages.reduce(0) { $0 + encoded($1).count } / 2)
    var decoder = FrameDecoder<MasterMessage>()
    decoder.handshakeDone = true
    var got: [MasterMessage] = []
    for byte in stream {
      try decoder.feed([byte])
      while let message = try decoder.next() { got.append(message) }
    }
    #expect(got == messages)
    #expect(decoder.isBetweenFrames)
  }

  @Test("between the messages of a packed frame a stream may not end")
  func between() throws {
    var decoder = FrameDecoder<MasterMessage>()
    decoder.handshakeDone = true
    try decoder.feed((Preamble.bytes + packed(PackedFrameTests.good))[...])
    #expect(!decoder.isBetweenFrames)
    _ = try decoder.next()
    #expect(!decoder.isBetweenFrames)
    _ = try decoder.next()
    #expect(decoder.isBetweenFrames)
  }

  @Test("before the handshake is done a packed frame is an unknown message")
  func early() {
    let frame = packed(PackedFrameTests.good)
    #expect(refusal(of: frame, as: MasterMessage.self, handshakeDone: false)?.kind == .incompatible)
    #expect(refusal(of: frame, as: SlaveMessage.self, handshakeDone: false)?.kind == .incompatible)
  }

  @Test("what a packed frame says that it holds is 1 to the limit, as much as its zstd frame says, and true")
  func lengths() throws {
    let full = ZstdFrame.delta(of: Limits.frame - 1)
    let limit = Limits.frame + 4
    #expect(try decoded(packed(full.bytes, saying: limit), as: MasterMessage.self).count == 1)
    for length in [0, 1, limit - 1, limit + 1, 1 << 40, .max] {
      #expect(isDamage(packed(full.bytes, saying: length)), "\(length)")
    }
    // A whole message, and one byte too many for a packed frame.
    var over = full
    over.blocks.append(.raw(PackedFrameTests.ping))
    over.size?.value += 5
    #expect(isDamage(packed(over.bytes, saying: limit + 5)))
    #expect(isDamage(packed(ZstdFrame(.raw([])).bytes, saying: 0)))
    // The two agree with each other, and not with what is there.
    for difference in [-1, 1, 1_000] {
      var zstd = PackedFrameTests.good
      zstd.size?.value = UInt64(10 + difference)
      #expect(isDamage(packed(zstd.bytes, saying: 10 + difference)), "\(difference)")
      #expect(isDamage(packed(zstd.bytes, saying: 10)), "\(difference)")
    }
    for width in [1, 4, 8] {
      #expect(!isDamage(changed { $0.size?.width = width }), "\(width)")
      #expect(isDamage(changed { $0.size = (1 << (8 * UInt64(width) - 1), width) }), "\(width)")
    }
    let long = encoded(MasterMessage.delta(ArraySlice([UInt8](repeating: 1, count: 300))))
    #expect(!isDamage(changed(ZstdFrame(.raw(long))) { $0.size?.width = 2 }))
  }

  @Test("a bomb is refused, whether or not it says how much it holds")
  func bombs() {
    var bomb = ZstdFrame([ZstdFrame.Block](repeating: .run(0, 1 << 17), count: 4_096))
    #expect(isDamage(packed(bomb.bytes, saying: 512 << 20)))
    #expect(isDamage(packed(bomb.bytes, saying: Limits.unpacked)))
    bomb.size = nil
    bomb.window = 0x50
    #expect(isDamage(packed(bomb.bytes, saying: Limits.unpacked)))
    bomb.size = (UInt64(Limits.unpacked), 4)
    #expect(isDamage(packed(bomb.bytes, saying: Limits.unpacked)))
  }

  @Test("a zstd frame has no window over the limit, no dictionary, and a size")
  func headers() {
    #expect(!isDamage(changed { $0.window = 0x00 }))
    #expect(!isDamage(changed { $0.window = 0x50 }))  // 1 MiB
    for window in [0x51, 0x57, 0x58, 0x88, 0xFF] as [UInt8] {
      #expect(isDamage(changed { $0.window = window }), "\(window)")
    }
    for count in 1...3 {
      #expect(
        isDamage(
          changed {
            $0.bits = UInt8(count)
            $0.dictionary = [UInt8](repeating: 0, count: [1, 2, 4][count - 1])
          }))
    }
    #expect(isDamage(changed { $0.bits = 0x08 }))
    #expect(isDamage(changed { $0.bits = 0x10 }))
    #expect(
      isDamage(
        changed {
          $0.size = nil
          $0.window = 0x50
        }))
    // A checksum that is not right.
    #expect(
      isDamage(
        changed {
          $0.bits = 0x04
          $0.tail = [1, 2, 3, 4]
        }))
  }

  @Test("what zstd would refuse too is refused before zstd sees it")
  func before() {
    func cause(_ frames: [UInt8]) -> String { refusal(of: frames, as: MasterMessage.self)?.cause ?? "" }
    let dictionary = changed {
      $0.bits = 1
      $0.dictionary = [0]
    }
    #expect(cause(dictionary).contains("dictionary"))
    let longer = changed { $0.size?.value = 11 }
    #expect(cause(longer).contains("another number of bytes"))
    #expect(cause(packed(ZstdFrame(.raw(packed(PackedFrameTests.good))))).contains("inside another"))
  }

  @Test("exactly one zstd frame stands there: nothing before it, nothing behind it, no other format")
  func alone() {
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
    let good = PackedFrameTests.good.bytes
    let nothing = ZstdFrame(.raw([])).bytes
    for wrong in [
      [], skippable, skippable + good, good + skippable, good + [0], good + nothing, nothing + good, good + good,
      Array("plain".utf8), Array(good.prefix(4)), [0x27] + good.dropFirst(), PackedFrameTests.ping,
    ] {
      #expect(isDamage(packed(wrong, saying: 10)), "\(hexadecimal(wrong))")
    }
    #expect(isDamage(frame(type: 127)))
  }

  @Test("what a packed frame holds is whole frames, known ones, and none that is packed")
  func inside() {
    func isDamage(holding bytes: [UInt8]) -> Bool { self.isDamage(packed(ZstdFrame(.raw(bytes)))) }
    let ping = PackedFrameTests.ping
    #expect(!isDamage(holding: ping))
    #expect(isDamage(holding: packed(PackedFrameTests.good)))
    #expect(isDamage(holding: ping + packed(PackedFrameTests.good)))
    for length in 1..<ping.count {
      #expect(isDamage(holding: Array(ping.prefix(length))), "\(length)")
      #expect(isDamage(holding: ping + ping.prefix(length)), "\(length)")
    }
    #expect(isDamage(holding: ping + frame(announcing: 0)))
    #expect(isDamage(holding: ping + frame(announcing: UInt32(Limits.frame) + 1)))
    #expect(isDamage(holding: frame(type: 77)))
    #expect(isDamage(holding: Preamble.bytes + ping))
  }

  @Test("a packed frame cut at any byte is refused, and a stream that is cut there waits for more")
  func cut() throws {
    let batch = try Samples.master().flatMap { encoded($0.message) }
    let packer = Batches(.always)
    let whole = try #require(packer.pack(batch))
    for length in 0..<(whole.count - 5) {
      #expect(isDamage(frame(type: 127, Array(whole[5..<(5 + length)]))), "\(length)")
    }
    for length in 0..<whole.count {
      #expect(try decoded(Array(whole.prefix(length)), as: MasterMessage.self) == [], "\(length)")
    }
  }

  @Test("few bytes make much for a while, and not for ever")
  func expansion() throws {
    let zstd = ZstdFrame.delta(of: Limits.frame - 1)
    let bomb = packed(zstd.bytes, saying: Limits.unpacked)
    // Each takes its length from what may be made for nothing, and its bytes' worth is added.
    let allowed = (Int(Limits.freeExpansion) + 1_024 * 8) / (Limits.unpacked - 1_024 * bomb.count)
    func stream(_ count: Int, after: [UInt8] = []) -> [UInt8] {
      after + [[UInt8]](repeating: bomb, count: count).flatMap { $0 }
    }
    #expect(allowed == 16)
    #expect(try decoded(stream(allowed), as: MasterMessage.self).count == allowed)
    #expect(refusal(of: stream(allowed + 1), as: MasterMessage.self)?.cause.contains("too few bytes") == true)
    // More is allowed to who sends more.
    let plain = frame(type: 9, [UInt8](repeating: 1, count: 1_100))
    #expect(try decoded(stream(allowed + 1, after: plain), as: MasterMessage.self).count == allowed + 2)
  }

  @Test("random changes of packed frames never trap, and end in damage or in messages")
  func fuzz() throws {
    var random = SeededGenerator(announcing: "packed frames")
    let packer = Batches(.always)
    let batch = try Samples.master().flatMap { encoded($0.message) }
    let seeds = [
      try #require(packer.pack(batch)), packed(PackedFrameTests.good), packed(ZstdFrame.delta(of: 100_000)),
    ]
    for _ in 0..<20_000 {
      var body = Array(seeds[random.below(seeds.count)].dropFirst(5))
      for _ in 0...random.below(3) where !body.isEmpty {
        let place = random.below(random.below(3) == 0 ? body.count : min(body.count, 24))
        switch random.below(5) {
        case 0: body[place] ^= 1 << UInt8(random.below(8))
        case 1: body[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: body.remove(at: place)
        case 3: body.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        default: body.removeLast(random.below(body.count))
        }
      }
      guard let error = refusal(of: frame(type: 127, body), as: MasterMessage.self), error.kind != .damaged else {
        continue
      }
      Issue.record("HOTSYNC_SEED=\(random.seed): \(hexadecimal(body)): \(error)")
    }
  }
}
