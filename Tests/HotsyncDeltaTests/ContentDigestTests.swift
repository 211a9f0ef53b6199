import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite("content digest")
struct ContentDigestTests {
  @Test("is the same as ever: catalogs on disk hold it")
  func goldenBytes() {
    let counting = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    #expect(ContentDigest.of([], key: testKey).hexadecimal == "43e4903fd468fbc5a4a28b57d809b698")
    #expect(ContentDigest.of([0], key: testKey).hexadecimal == "f37760f14b8543503657df82e6f9f4c8")
    #expect(ContentDigest.of(counting, key: testKey).hexadecimal == "ea44d9c45d0dc4f71cf30a82be40e3af")
    #expect(ContentDigest.of(large, key: testKey).hexadecimal == "ec08939cb07297da6c28d28be46413fa")
  }

  @Test(
    "follows its definition at every boundary, in one piece or many",
    arguments: [0, 1, 4095, 4096, 4097, 8192, 1 << 20, (1 << 20) - 1, (1 << 20) + 1, (1 << 20) + 4096, 2_500_000])
  func boundaries(size: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    let file = random.cheapBytes(size)
    let expected = referenceDigest(file)
    #expect(ContentDigest.of(file, key: testKey) == expected)
    for largest in [5000, 300_000] {
      var hasher = ContentHasher(key: testKey)
      for piece in pieces(file, &random, largest: largest) { hasher.update(piece) }
      #expect(hasher.size == UInt64(size))
      #expect(hasher.finish() == expected)
    }
  }

  @Test("of a hole is that of its zeros", arguments: 0..<30 as Range<UInt64>)
  func holes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var file: [UInt8] = []
    var hasher = ContentHasher(key: testKey)
    var nodes: [MapNode] = []
    for _ in 0..<6 {
      let count =
        [1, 4096, 5000, 1 << 20, 1_300_000].randomElement(using: &random)! + Int.random(in: 0...1, using: &random)
      if Bool.random(using: &random) {
        hasher.skipZeros(UInt64(count)) { nodes.append($0) }
        file += [UInt8](repeating: 0, count: count)
      } else {
        let data = random.cheapBytes(count)
        hasher.update(data) { nodes.append($0) }
        file += data
      }
    }
    #expect(hasher.size == UInt64(file.count), "seed \(seed)")
    let digest = hasher.finish { nodes.append($0) }
    #expect(digest == referenceDigest(file), "seed \(seed)")
    #expect(nodes == HotsyncDeltaTests.nodes(of: file), "seed \(seed)")
  }

  @Test("of a sparse terabyte takes no reading")
  func largeHole() {
    var hasher = ContentHasher(key: testKey)
    hasher.update([1, 2, 3])
    var count = 0
    let time = ContinuousClock().measure {
      hasher.skipZeros(1 << 40) { _ in count += 1 }
      _ = hasher.finish { _ in count += 1 }
    }
    #expect(count == (1 << 20) + 1)
    #expect(time < .seconds(10))
  }

  @Test("depends on the key and on the size")
  func keyAndSize() {
    let other = HashKey(bytes: [UInt8](repeating: 7, count: HashKey.byteCount))!
    #expect(ContentDigest.of([1], key: testKey) != ContentDigest.of([1], key: other))
    #expect(ContentDigest.of([0], key: testKey) != ContentDigest.of([0, 0], key: testKey))
    #expect(ContentDigest.of([], key: testKey) != ContentDigest.of([0], key: testKey))
  }

  @Test("an error of the node's receiver passes through")
  func receiverFails() {
    struct Full: Error {}
    var hasher = ContentHasher(key: testKey)
    #expect(throws: Full.self) {
      try hasher.skipZeros(1 << 21) { _ throws(Full) in throw Full() }
    }
  }
}
