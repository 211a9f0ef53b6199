import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite("signature, delta and patch")
struct LibrsyncTests {
  private static let small = SignatureParameters(blockLength: 64, strongLength: 8)!

  @Test("bring the new file back from the old one, in pieces of any size", arguments: 0..<30 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let old = random.fileWithHoles(Int.random(in: 0...600_000, using: &random))
    var new = random.edited(old)
    if Bool.random(using: &random) { new.insert(contentsOf: random.bytes(777), at: new.count / 3) }
    let parameters = SignatureParameters(size: UInt64(old.count))
    let signature = try signature(of: pieces(old, &random), parameters)
    #expect(UInt64(signature.count) == parameters.signatureLength(ofBytes: UInt64(old.count)), "seed \(seed)")
    let delta = try delta(signature, to: pieces(new, &random))
    #expect(try patch(old, pieces(delta, &random, largest: 5000), size: new.count) == new, "seed \(seed)")
  }

  @Test("a small change in a large file makes a small delta")
  func smallDelta() throws {
    var random = SeededGenerator(seed: 1)
    let old = random.bytes(500_000)
    var new = old
    new[250_000] ^= 1
    let delta = try delta(try signature(of: [old], SignatureParameters(size: 500_000)), to: [new])
    #expect(delta.count < 2200)
  }

  @Test("of an empty file and to an empty file")
  func empty() throws {
    let signature = try signature(of: [], SignatureParameters(size: 0))
    #expect(signature.count == 12)
    for new in [[], [1, 2, 3]] as [[UInt8]] {
      let delta = try delta(signature, to: [new])
      #expect(try patch([], [delta], size: new.count) == new)
    }
    let bytes: [UInt8] = [1, 2, 3]
    let delta = try delta(try HotsyncDeltaTests.signature(of: [bytes], SignatureParameters(size: 3)), to: [])
    #expect(try patch(bytes, [delta], size: 0).isEmpty)
  }

  @Test("a signature is the same in one piece or many, and says its parameters")
  func signaturePieces() throws {
    var random = SeededGenerator(seed: 2)
    let old = random.bytes(10_000)
    let whole = try signature(of: [old], LibrsyncTests.small)
    #expect(try signature(of: pieces(old, &random, largest: 70), LibrsyncTests.small) == whole)
    #expect(Array(whole.prefix(12)) == [0x72, 0x73, 0x01, 0x47, 0, 0, 0, 64, 0, 0, 0, 8])
    let loaded = try load(whole, step: 1)
    #expect(loaded.parameters == LibrsyncTests.small)
    #expect(loaded.blockCount == 157)
  }

  @Test("parameters follow the size")
  func parameters() {
    func of(_ size: UInt64) -> [Int] {
      let parameters = SignatureParameters(size: size)
      return [parameters.blockLength, parameters.strongLength]
    }
    #expect(of(0) == [256, 12])
    #expect(of(16 << 10) == [512, 12])
    #expect(of(64 << 10) == [1024, 12])
    #expect(of(256 << 10) == [2048, 12])
    #expect(of(4 << 30) == [2048, 12])
    #expect(of(4 << 30 + 1) == [4096, 16])
    #expect(of(.max) == [4096, 16])
    #expect(SignatureParameters(blockLength: 63, strongLength: 8) == nil)
    #expect(SignatureParameters(blockLength: 64, strongLength: 7) == nil)
    #expect(SignatureParameters(blockLength: (1 << 20) + 1, strongLength: 8) == nil)
    #expect(SignatureParameters(blockLength: 64, strongLength: 33) == nil)
  }

  @Test("the base's and the output's errors pass through, and a failed job says so")
  func closuresFail() throws {
    let old = [UInt8](repeating: 3, count: 5000)
    let delta = try delta(try signature(of: [old], LibrsyncTests.small), to: [old])
    let broken = DeltaError(.failed, "cannot read", "base", cause: "broken", next: "mend it")
    var job = try PatchJob(baseSize: 5000, outputSize: 5000)
    let error = #expect(throws: DeltaError.self) {
      try job.update(delta, base: { (_, _) throws(DeltaError) in throw broken }, into: { _ in })
    }
    #expect(error?.subject == "base")
    let again = #expect(throws: DeltaError.self) {
      try job.update([], base: { (_, _) throws(DeltaError) in [] }, into: { _ in })
    }
    #expect(again?.cause == "it failed before")
    var second = try PatchJob(baseSize: 5000, outputSize: 5000)
    let read: PatchJob.BaseReader = { (_, length) throws(DeltaError) in [UInt8](repeating: 3, count: length) }
    let full = #expect(throws: DeltaError.self) {
      try second.update(delta, base: read, into: { (_) throws(DeltaError) in throw broken })
    }
    #expect(full?.cause == "broken")
    var short = try PatchJob(baseSize: 5000, outputSize: 5000)
    let ended = #expect(throws: DeltaError.self) {
      try short.update(delta, base: { (_, _) throws(DeltaError) in [] }, into: { _ in })
    }
    #expect(ended?.kind == .bug)
  }
}
