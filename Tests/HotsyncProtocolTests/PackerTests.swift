import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncProtocol

/// A packer that can stand in an expectation, which copies what it looks at.
final class Batches {
  private var packer: Packer

  init(_ packing: Packing) { packer = Packer(packing) }

  var isOn: Bool { packer.isOn }

  func pack(_ frames: [UInt8], after sent: Int = 8) -> [UInt8]? { packer.pack(frames, after: UInt64(sent)) }
}

@Suite struct PackerTests {
  private static let text = encoded(
    MasterMessage.delta(ArraySlice((0..<400).flatMap { Array("line \($0)\n".utf8) })))

  private static func noise(_ random: inout SeededGenerator) -> [UInt8] {
    encoded(MasterMessage.delta(ArraySlice(random.bytes(5_000))))
  }

  @Test("batches that do not get smaller are sent as they are, and what follows is tried more and more seldom")
  func givingUp() {
    var random = SeededGenerator(announcing: "packer")
    let packer = Batches(.auto)
    for skipped in [1, 2, 4, 8, 16, 32, 32] {
      #expect(packer.pack(PackerTests.noise(&random)) == nil)
      for _ in 0..<skipped { #expect(packer.pack(PackerTests.text) == nil) }
    }
    #expect(packer.pack(PackerTests.text) != nil)
    // One that got smaller makes it forget.
    #expect(packer.pack(PackerTests.noise(&random)) == nil)
    #expect(packer.pack(PackerTests.text) == nil)
    #expect(packer.pack(PackerTests.text) != nil)
  }

  @Test("where every batch is to be packed each is tried, and still sent as it is if that is not smaller")
  func always() {
    var random = SeededGenerator(announcing: "packer")
    let packer = Batches(.always)
    for _ in 0..<5 {
      #expect(packer.pack(PackerTests.noise(&random)) == nil)
      #expect(packer.pack(PackerTests.text) != nil)
    }
  }

  @Test("a gain below a tenth is none unless every batch is to be packed")
  func smallGain() {
    var random = SeededGenerator(announcing: "packer")
    let batch = PackerTests.noise(&random) + encoded(MasterMessage.delta(ArraySlice([UInt8](repeating: 1, count: 400))))
    let (careful, eager) = (Batches(.auto), Batches(.always))
    #expect(careful.pack(batch) == nil)
    #expect((eager.pack(batch)?.count ?? .max) < batch.count)
  }

  @Test("pings and other small batches are not packed, and nothing is where it is switched off")
  func small() {
    let (packer, off) = (Batches(.always), Batches(.never))
    let pings = [[UInt8]](repeating: encoded(MasterMessage.ping), count: 40).flatMap { $0 }
    #expect(packer.pack(Array(pings.prefix(195))) == nil)
    #expect(packer.pack(pings) != nil)
    #expect(off.pack(PackerTests.text) == nil)
    #expect(packer.isOn && !off.isOn)
  }

  @Test("a frame of full length is packed where it gets smaller, and more is left alone")
  func full() throws {
    let packer = Batches(.always)
    let full = encoded(MasterMessage.delta(ArraySlice([UInt8](repeating: 1, count: Limits.frame - 1))))
    #expect(full.count == Limits.unpacked)
    let frame = try #require(packer.pack(full))
    #expect(frame.count < 200)
    #expect(try decoded(frame, as: MasterMessage.self).count == 1)
    #expect(packer.pack(full + encoded(MasterMessage.ping)) == nil)
  }

  @Test("what is the same over and over is packed as far as the other side takes it")
  func expansion() throws {
    let packer = Batches(.auto)
    let batch = encoded(MasterMessage.delta(ArraySlice([UInt8](repeating: 0, count: 512 << 10))))
    var stream = Preamble.bytes
    var plain = 0
    for _ in 0..<2_500 {
      if let frame = packer.pack(batch, after: stream.count) {
        stream += frame
      } else {
        stream += batch
        plain += 1
      }
    }
    #expect(plain > 0 && plain < 10, "\(plain)")
    #expect(try decoded(Array(stream.dropFirst(8)), as: MasterMessage.self).count == 2_500)
  }
}
