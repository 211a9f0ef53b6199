import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

/// How weak sums share places of librsync's table.
private enum Crowd: CaseIterable {
  case equal
  case lowBitsEqual
  /// As many in each place as are let in, one place beside the other.
  case full
}

@Suite("hostile signatures")
struct HostileSignatureTests {
  private func bigEndian(_ values: UInt32...) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
  }

  private func refusal(_ signature: [UInt8], length: Int? = nil, maximumBlocks: Int = 100) throws -> FailureKind? {
    let error = #expect(throws: DeltaError.self, "\(signature.prefix(12))") {
      var loader = try SignatureLoader(length: UInt64(length ?? signature.count), maximumBlocks: maximumBlocks)
      try loader.update(signature)
      _ = try loader.finish()
    }
    return error?.kind
  }

  @Test("other magic than the two of BLAKE2 is refused: MD4 above all")
  func magic() throws {
    for magic: UInt32 in [0x7273_0136, 0x7273_0146, 0x7273_0236, 0, .max] {
      #expect(try refusal(bigEndian(magic, 64, 8)) == .damaged)
    }
    for magic: UInt32 in [0x7273_0137, 0x7273_0147] { _ = try load(bigEndian(magic, 64, 8)) }
  }

  @Test("block length 0 and others out of range, and strong sums out of range, are refused")
  func header() throws {
    for block: UInt32 in [0, 1, 63, (1 << 20) + 1, 1 << 31, .max] {
      #expect(try refusal(bigEndian(0x7273_0147, block, 8)) == .damaged)
    }
    for strong: UInt32 in [0, 7, 33, 1 << 31, .max] {
      #expect(try refusal(bigEndian(0x7273_0147, 64, strong)) == .damaged)
    }
  }

  @Test("a signature over the limit of blocks is refused by its announced length, before its blocks come")
  func limit() throws {
    let entry = [UInt8](repeating: 5, count: 12)
    let header = bigEndian(0x7273_0147, 64, 8)
    _ = try load(header + entry + entry, maximumBlocks: 2)
    #expect(try refusal(header + entry + entry + entry, maximumBlocks: 2) == .damaged)
    #expect(try refusal(header, length: 12 + 12 << 31, maximumBlocks: 1000) == .damaged)
    #expect(try refusal(header, length: .max, maximumBlocks: 1000) == .damaged)
    #expect(try refusal(header + entry, maximumBlocks: 0) == .damaged)
    #expect(try refusal(header + entry, maximumBlocks: -1) == .damaged)
  }

  @Test("any other length than announced, or a part of an entry, is refused")
  func length() throws {
    var random = SeededGenerator(seed: 1)
    let signature = try signature(of: [random.bytes(300)], SignatureParameters(blockLength: 64, strongLength: 8)!)
    for count in 0..<signature.count where count < 12 || (count - 12) % 12 != 0 {
      #expect(try refusal(Array(signature[..<count])) == .damaged)
    }
    for count in 0..<signature.count {
      #expect(try refusal(Array(signature[..<count]), length: signature.count) == .damaged)
    }
    #expect(try refusal(signature + [0], length: signature.count) == .damaged)
  }

  @Test("random and mutated bytes never trap, and what is accepted makes a delta", arguments: 0..<40 as Range<UInt64>)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let old = random.bytes(2000)
    let good = try signature(of: [old], SignatureParameters(blockLength: 64, strongLength: 8)!)
    #expect(throws: DeltaError.self) { _ = try load(random.bytes(400)) }
    for _ in 0..<20 {
      var mutated = good
      for _ in 0..<4 { mutated[Int.random(in: 0..<good.count, using: &random)] = random.bytes(1)[0] }
      guard let delta = try? delta(mutated, to: [old]) else { continue }
      #expect(delta.count < 3000, "seed \(seed)")
    }
  }

  /// The number that MurmurHash3's last step makes this one of: librsync mixes the older rolling sum with it.
  private func unmixed(_ value: UInt32) -> UInt32 {
    var hash = value ^ value >> 16
    hash = hash &* 0x7ED1_B41D
    hash ^= (hash >> 13) ^ (hash >> 26)
    hash = hash &* 0xA5CB_9243
    return hash ^ hash >> 16
  }

  @Test(
    "weak sums that share one place of librsync's table, 200,000 of them, cost no more than others",
    arguments: [0x7273_0137, 0x7273_0147] as [UInt32], Crowd.allCases)
  private func crowding(magic: UInt32, crowd: Crowd) throws {
    func place(_ index: UInt32) -> UInt32 {
      switch crowd {
      case .equal: 77
      case .lowBitsEqual: index << 16
      case .full: index << 26 | index >> 6
      }
    }
    var signature = bigEndian(magic, 2048, 12)
    for index in 0..<200_000 as Range<UInt32> {
      let weak = magic == 0x7273_0137 ? unmixed(place(index)) : place(index)
      signature += bigEndian(weak, index, 1, 2)
    }
    let time = try ContinuousClock().measure { _ = try load(signature, maximumBlocks: 200_000) }
    // Without the limit it takes 5 to 70 s, growing with the square.
    #expect(time < .milliseconds(2500))
  }

  @Test("a crowded signature still finds its first blocks")
  func crowdedStillMatches() throws {
    let zeros = [UInt8](repeating: 0, count: 64 * 1000)
    var random = SeededGenerator(seed: 3)
    let old = zeros + random.bytes(6400)
    let signature = try signature(of: [old], SignatureParameters(blockLength: 64, strongLength: 8)!)
    let delta = try delta(signature, to: [old])
    #expect(delta.count < 4000)
    #expect(try patch(old, [delta], size: old.count) == old)
  }
}
