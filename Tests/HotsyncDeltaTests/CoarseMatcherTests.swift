import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite("coarse matcher")
struct CoarseMatcherTests {
  private func match(
    _ old: [UInt8], _ new: [UInt8], gap: UInt64 = 0, limit: Int = 65_536
  ) throws(DeltaError) -> [DirtyRange] {
    try CoarseMatcher.match(
      old: source(try map(of: old)), new: source(try map(of: new)), key: testKey, mergedGap: gap, rangeLimit: limit)
  }

  private func range(_ content: DirtyRange.Content, _ offset: UInt64, _ length: UInt64) -> DirtyRange {
    DirtyRange(content, ByteRange(offset: offset, length: length))
  }

  /// The old file with the ranges laid over it must be the new one.
  private func rebuilt(_ old: [UInt8], _ new: [UInt8], _ ranges: [DirtyRange]) -> [UInt8] {
    var file = Array(old.prefix(new.count))
    file += [UInt8](repeating: 0xEE, count: new.count - file.count)
    for range in ranges {
      let part = Int(range.range.offset)..<Int(range.range.end)
      let data = range.content == .zeros ? [UInt8](repeating: 0, count: part.count) : Array(new[part])
      file.replaceSubrange(part, with: data)
    }
    return file
  }

  @Test("finds what changed in place, and tells zeros apart")
  func inPlace() throws {
    var random = SeededGenerator(seed: 1)
    let old = random.cheapBytes(3_000_000)
    var new = old
    new[10_000] ^= 1
    new.replaceSubrange(1_048_576..<1_048_576 + 8192, with: [UInt8](repeating: 0, count: 8192))
    new[1_060_000] ^= 1
    new[2_999_999] ^= 1
    #expect(
      try match(old, new) == [
        range(.data, 8192, 4096), range(.zeros, 1_048_576, 8192), range(.data, 1_056_768, 4096),
        range(.data, 2_998_272, 1728),
      ])
    #expect(try match(old, old).isEmpty)
    #expect(try match([], []).isEmpty)
  }

  @Test("merges data across a small clean gap, zeros never")
  func gaps() throws {
    var random = SeededGenerator(seed: 2)
    let old = random.cheapBytes(100_000)
    var new = old
    for leaf in [1, 3, 8] { new[leaf * 4096] ^= 1 }
    #expect(try match(old, new, gap: 4096).count == 3)
    #expect(try match(old, new, gap: 4097) == [range(.data, 4096, 3 * 4096), range(.data, 8 * 4096, 4096)])
    var holes = old
    for leaf in [1, 3] {
      holes.replaceSubrange(leaf * 4096..<(leaf + 1) * 4096, with: [UInt8](repeating: 0, count: 4096))
    }
    #expect(try match(old, holes, gap: 100_000) == [range(.zeros, 4096, 4096), range(.zeros, 3 * 4096, 4096)])
  }

  @Test("growth by a hole and by data, and truncation to the middle of a leaf")
  func sizes() throws {
    var random = SeededGenerator(seed: 3)
    let old = random.cheapBytes(8192)
    #expect(try match(old, old + [UInt8](repeating: 0, count: 3_000_000)) == [range(.zeros, 8192, 3_000_000)])
    #expect(try match(old, old + [1]) == [range(.data, 8192, 1)])
    #expect(try match(old, Array(old[..<5000])) == [range(.data, 4096, 904)])
    #expect(try match(old, Array(old[..<4096])).isEmpty)
    let zeros = [UInt8](repeating: 0, count: 6000)
    #expect(try match(zeros, zeros + [0]) == [range(.zeros, 4096, 1905)])
  }

  @Test("the ranges turn the old file into the new one, whatever gap and limit", arguments: 0..<40 as Range<UInt64>)
  func property(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let old = random.fileWithHoles(Int.random(in: 0...3_000_000, using: &random))
    let new = random.edited(old)
    let gap: UInt64 = [0, 5000, 100_000].randomElement(using: &random)!
    let limit = [1, 2, 1000].randomElement(using: &random)!
    let ranges = try match(old, new, gap: gap, limit: limit)
    #expect(rebuilt(old, new, ranges) == new, "seed \(seed)")
    #expect(ranges.count <= limit, "seed \(seed)")
    for (left, right) in zip(ranges, ranges.dropFirst()) {
      let touches = left.range.end == right.range.offset && left.content != right.content
      #expect(left.range.end < right.range.offset || touches, "seed \(seed)")
    }
    for range in ranges {
      #expect(range.range.offset % 4096 == 0 && range.range.length > 0, "seed \(seed)")
      #expect(range.range.end % 4096 == 0 || range.range.end == UInt64(new.count), "seed \(seed)")
    }
  }

  @Test("above the limit it merges what lies nearest, not everything")
  func limit() throws {
    var random = SeededGenerator(seed: 4)
    let old = random.cheapBytes(2_000_000)
    var new = old
    for leaf in [0, 2, 4, 300, 302, 304] { new[leaf * 4096] ^= 1 }
    #expect(try match(old, new, limit: 2) == [range(.data, 0, 5 * 4096), range(.data, 300 * 4096, 5 * 4096)])
  }

  @Test("without the old map all is dirty, and zeros are still told apart")
  func withoutOld() throws {
    var random = SeededGenerator(seed: 6)
    let zeros = [UInt8](repeating: 0, count: 2 << 20)
    let new = random.cheapBytes(8_192) + zeros + random.cheapBytes(5_000)
    let ranges = try CoarseMatcher.match(old: nil, new: source(try map(of: new)), key: testKey)
    #expect(ranges == [range(.data, 0, 8_192), range(.zeros, 8_192, 2 << 20), range(.data, 2_105_344, 5_000)])
  }

  @Test("a damaged map gives no ranges")
  func damaged() throws {
    var random = SeededGenerator(seed: 5)
    let old = try map(of: random.cheapBytes(3_000_000))
    let new = try map(of: random.cheapBytes(5000))
    var cut = old
    cut[cut.count - 1] ^= 1
    #expect(throws: DeltaError.self) {
      try CoarseMatcher.match(old: source(cut), new: source(new), key: testKey)
    }
  }
}
