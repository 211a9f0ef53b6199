import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// Packed frames that are damaged, or make much of little, in a conversation that has greeted.
@Suite struct PackedFramesTests {
  /// A packed frame around what claims to be zstd's.
  private func packed(_ length: Int, _ bytes: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(UInt64(length))
    return SlaveWords.frame(127, writer.bytes + bytes)
  }

  private func packed(_ frame: ZstdFrame, length: Int? = nil) -> [UInt8] {
    packed(length ?? Int(frame.size?.value ?? 0), frame.bytes)
  }

  private let pings = [UInt8](repeating: 0, count: 20).flatMap { _ in RawMaster.frame(.ping) }

  @Test("a packed frame that is anything but one good zstd frame of whole frames is 65")
  func damaged() throws {
    func zstd(_ change: (inout ZstdFrame) -> Void) -> ZstdFrame {
      var frame = ZstdFrame(.raw(pings))
      change(&frame)
      return frame
    }
    func offence(_ name: String, _ words: String, _ bytes: [UInt8]) -> Offence {
      Offence(name, 65, words) { $0.say(bytes) }
    }
    let inner = packed(ZstdFrame(.raw(pings)))
    let good = ZstdFrame(.raw(pings))
    let ordeal = try Ordeal()
    try ordeal.expectRefusedOnceGreeted([
      offence("nothing", "cut short", SlaveWords.frame(127, [])),
      offence("a length of 0", "holds nothing", packed(0, good.bytes)),
      offence("more than a frame may hold", "over the limit", packed(1_048_581, good.bytes)),
      offence("a length over 64 bits", "beyond 64 bits", SlaveWords.frame(127, [UInt8](repeating: 0xFF, count: 12))),
      offence("no zstd frame", "no zstd frame", packed(100, pings)),
      offence("an older format", "no zstd frame", packed(zstd { $0.magic = [0x27, 0xB5, 0x2F, 0xFD] })),
      offence("a skippable frame", "no zstd frame", packed(100, [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0])),
      offence("another length than was said", "another number", packed(good, length: pings.count + 1)),
      offence("no length in its header", "does not say", packed(zstd { ($0.size, $0.window) = (nil, 0) }, length: 100)),
      offence(
        "a length of 2^63", "another number", packed(zstd { $0.size = (1 << 63, 8) }, length: pings.count)),
      offence("a window of 2 MiB", "too large a window", packed(zstd { $0.window = 11 << 3 })),
      offence("the largest window", "too large a window", packed(zstd { $0.window = 0xFF })),
      offence("a dictionary", "a dictionary", packed(zstd { ($0.bits, $0.dictionary) = (1, [9]) })),
      offence("less than was said", "damaged", packed(zstd { $0.blocks = [.raw(Array(pings.dropLast()))] })),
      offence("more than was said", "damaged", packed(zstd { $0.blocks.append(.run(0, 5)) })),
      offence("a second frame behind it", "damaged", packed(zstd { $0.tail = good.bytes })),
      offence("bytes behind it", "damaged", packed(zstd { $0.tail = [0] })),
      offence("its end cut off", "damaged", packed(pings.count, good.bytes.dropLast())),
      offence("half a message", "inside a frame", packed(ZstdFrame(.raw(Array(pings.dropLast()))))),
      offence("a packed frame in it", "inside another", packed(ZstdFrame(.raw(inner)))),
      offence("an empty frame in it", "a frame of 0 bytes", packed(ZstdFrame(.run(0, 8)))),
      offence("a frame over the limit in it", "a frame of 4294967295 bytes", packed(ZstdFrame(.run(0xFF, 8)))),
      offence("a message of no type in it", "message 0", packed(ZstdFrame(.raw([1, 0, 0, 0, 0])))),
      offence(
        "a greeting in it", "out of order",
        packed(ZstdFrame(.raw(RawMaster.frame(.hello(RawMaster.hello(ordeal.pair))))))),
    ])
    try ordeal.expectTrueCycle()
  }

  @Test("a little that becomes much is taken as far as the limit, and no further")
  func bomb() throws {
    let ordeal = try Ordeal()
    let (count, each) = (40, 1 << 20)
    var sent = 0
    let offence = Offence("a bomb", 65, "it makes too much of too few bytes") { master in
      try master.begin()
      guard let path = RelativePath("srv/data/bomb") else { throw SupportError("no path") }
      master.say(.openContent(number: master.claim(), .whole(path: path, size: 1 << 40, resumeAt: 0)))
      for number in 0..<count {
        var head = ByteWriter()
        head.integer(UInt64(number * each))
        // One message, whose bytes but for the first are a run.
        let content = each - 1 - head.count
        let length = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: each >> $0) }
        var blocks = [ZstdFrame.Block.raw(length + [6] + head.bytes)]
        for start in stride(from: 0, to: content, by: 1 << 17) { blocks.append(.run(7, min(1 << 17, content - start))) }
        let frame = packed(ZstdFrame(blocks))
        sent += frame.count
        master.say(frame)
      }
    }
    try ordeal.expectRefused(offence, on: try ordeal.greeted())
    print("\(count) MiB of \(sent) bytes were stopped")
    #expect(sent < 8_000)
    try ordeal.expectTrueCycle()
  }

  @Test("what is packed as it should be is taken, by a cycle that ends well")
  func good() throws {
    let ordeal = try Ordeal()
    let master = try ordeal.greeted()
    let begin = MasterMessage.begin(Announcement(entries: 0, deletions: 0, bytes: 0, acceptsDeletions: false))
    master.say(packed(ZstdFrame(.raw(pings + RawMaster.frame(begin)))))
    try master.wait(for: 71)
    master.say(packed(ZstdFrame(.raw(RawMaster.frame(.seal(try master.catalog())) + pings))))
    try master.wait(for: 74)
    master.say(.bye)
    #expect(try master.hearOut() == [] && master.code() == 0)
    try ordeal.expectTrueCycle()
  }
}
