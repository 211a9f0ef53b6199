import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite("digest map")
struct DigestMapTests {
  @Test("reads back as it was written, in pieces of any size", arguments: 0..<20 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let file = random.fileWithHoles(Int.random(in: 0...4_000_000, using: &random))
    let bytes = try map(of: file)
    let step = [1, 100, 5000, Int.max].randomElement(using: &random)!
    #expect(try readMap(bytes, step: step) == nodes(of: file), "seed \(seed)")
    #expect(try ContentDigest.of(map: source(bytes), key: testKey) == referenceDigest(file), "seed \(seed)")
  }

  @Test("has the bytes that its format names")
  func goldenBytes() throws {
    let bytes = try map(of: [UInt8](repeating: 0, count: (1 << 20) + 5))
    #expect(
      bytes.dropLast(16) == Array("HSDIGMAP".utf8) + [2, 0, 0, 0, 1, 1, 3, 5, 0, 0, 0, 0, 5, 0, 16, 0, 0, 0, 0, 0])
    #expect(Array(bytes.suffix(16)) == testKey.digest(of: bytes.dropLast(16)).bytes)
  }

  @Test("a hole costs two bytes for 255 MiB")
  func zerosAreSmall() throws {
    var hasher = ContentHasher(key: testKey)
    var writer = DigestMapWriter(key: testKey)
    var bytes: [UInt8] = []
    try hasher.skipZeros(600 << 20) { (node) throws(DeltaError) in try writer.append(node) { bytes += $0 } }
    try writer.finish { bytes += $0 }
    #expect(bytes.dropFirst(12).prefix(6) == [1, 255, 1, 255, 1, 90])
    #expect(bytes.count == 12 + 6 + 9 + 16)
    #expect(try readMap(bytes).count == 600)
  }

  @Test("cut at any byte, with one more, or with any bit flipped, it is refused")
  func damage() throws {
    var random = SeededGenerator(seed: 1)
    let bytes = try map(of: random.cheapBytes(9000))
    for count in 0..<bytes.count { #expect(throws: DeltaError.self) { try readMap(Array(bytes[..<count])) } }
    for step in [1, .max] { #expect(throws: DeltaError.self) { try readMap(bytes + [0], step: step) } }
    for at in bytes.indices {
      var flipped = bytes
      flipped[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let error = #expect(throws: DeltaError.self) { try readMap(flipped) }
      #expect(error?.kind == .damaged, "byte \(at)")
    }
  }

  @Test("of another store's key is refused")
  func foreignKey() throws {
    let other = HashKey(bytes: [UInt8](repeating: 7, count: HashKey.byteCount))!
    let bytes = try map(of: [1, 2, 3])
    #expect(throws: DeltaError.self) { try readMap(bytes, key: other) }
  }

  @Test("with a right checksum over wrong nodes is refused")
  func wrongNodes() throws {
    func sealed(_ nodes: [UInt8]) -> [UInt8] {
      let bytes = Array("HSDIGMAP".utf8) + [2, 0, 0, 0] + nodes
      return bytes + testKey.digest(of: bytes).bytes
    }
    let nothing = [UInt8](repeating: 0, count: 8)
    #expect(try readMap(sealed([0] + nothing)).isEmpty)
    let wrong: [[UInt8]] = [
      [9] + nothing,
      [1, 0, 0] + nothing,
      [1, 1, 0] + nothing,
      [1, 1, 1, 1, 0, 0, 0, 32, 0, 0, 0, 0, 0],
      [3, 0, 0, 0, 0, 0] + nothing,
      [3, 0, 0, 16, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0],
      [3, 255, 255, 255, 255, 0, 255, 255, 255, 255, 0, 0, 0, 0],
      [3, 5, 0, 0, 0, 1, 0, 5, 0, 16, 0, 0, 0, 0, 0],
      [3, 5, 0, 0, 0, 3, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0],
      [4, 1, 0, 0, 0] + testKey.digest(of: [0] as [UInt8]).bytes + [0, 1, 0, 0, 0, 0, 0, 0, 0],
    ]
    for nodes in wrong { #expect(throws: DeltaError.self, "\(nodes)") { try readMap(sealed(nodes)) } }
  }

  @Test("random bytes never trap the reader", arguments: 0..<50 as Range<UInt64>)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var bytes = try map(of: random.fileWithHoles(2_000_000))
    for _ in 0..<40 {
      var mutated = bytes
      for _ in 0..<3 { mutated[Int.random(in: 12..<min(mutated.count, 60), using: &random)] = random.bytes(1)[0] }
      if let nodes = try? readMap(mutated) { #expect(nodes == (try readMap(bytes)), "seed \(seed)") }
    }
    bytes = random.bytes(3000)
    #expect(throws: DeltaError.self, "seed \(seed)") { try readMap(bytes) }
  }

  @Test("a node after the last one is a bug")
  func afterLast() throws {
    var writer = DigestMapWriter(key: testKey)
    let short = nodes(of: [1])[0]
    try writer.append(short) { _ in }
    let error = #expect(throws: DeltaError.self) { try append() }
    #expect(error?.kind == .bug)
    func append() throws(DeltaError) {
      var writer = DigestMapWriter(key: testKey)
      try writer.append(short) { _ in }
      try writer.append(short) { _ in }
    }
  }
}
