public import HotsyncSystem

/// Bytes of a file: `length` of them from `offset` on.
public struct ByteRange: Hashable, Sendable {
  public var offset: UInt64
  public var length: UInt64

  public init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }

  /// Where the byte after the last one stands.
  public var end: UInt64 { offset &+ length }
}

/// A part of the new file that is not in the old one at the same place.
public struct DirtyRange: Hashable, Sendable {
  public enum Content: Sendable {
    /// Bytes to be sent, by the fine matcher or as they are.
    case data
    /// Nothing but zeros: a hole is made, nothing is sent.
    case zeros
  }

  /// Starts and ends at leaves, or ends at the file's end.
  public var range: ByteRange
  public var content: Content

  public init(_ content: Content, _ range: ByteRange) {
    self.content = content
    self.range = range
  }
}

/// Finds what has changed in place between two versions of a large file, from their digest maps alone.
///
/// Feed it the nodes of both in order, or give `match` two maps. Memory is bounded by the limit of ranges: above it
/// neighbours are merged more coarsely, which sends more and never less than what changed.
public struct CoarseMatcher: ~Copyable {
  private let zeros: ZeroDigests
  private let rangeLimit: Int
  private var mergedGap: UInt64
  private var ranges: [DirtyRange] = []
  private var size: UInt64 = 0

  /// - Parameters:
  ///   - mergedGap: two ranges of data with fewer clean bytes between them become one.
  ///   - rangeLimit: no more ranges than this are kept, at least 1.
  public init(key: HashKey, mergedGap: UInt64 = 0, rangeLimit: Int = 65_536) {
    zeros = ZeroDigests(key: key)
    self.mergedGap = mergedGap
    self.rangeLimit = max(1, rangeLimit)
  }

  /// Takes the next node of the new file and the old file's node at the same place, nil beyond its end.
  public mutating func compare(old: MapNode?, new: MapNode) {
    defer { size &+= UInt64(new.byteCount) }
    if old == new { return }
    if new.isZeros && old == nil {
      add(DirtyRange(.zeros, ByteRange(offset: size, length: UInt64(new.byteCount))))
      return
    }
    for index in 0..<new.leafCount {
      let length = new.leafLength(index)
      let digest = new.digest(ofLeaf: index, zeros: zeros)
      // A shorter leaf has another digest, that of zeros too.
      if let old, index < old.leafCount, old.digest(ofLeaf: index, zeros: zeros) == digest { continue }
      let range = ByteRange(
        offset: size &+ UInt64(index * ContentDigest.leafLength), length: UInt64(length))
      let isZeros = new.isZeros || digest == zeros.leaf(length: length)
      add(DirtyRange(isZeros ? .zeros : .data, range))
    }
  }

  /// The dirty ranges in order; they do not touch where their content is the same. The last call.
  public mutating func finish() -> [DirtyRange] { ranges }

  /// The dirty ranges of the file that `new` maps against the one that `old` maps; without that one all of it is dirty,
  /// and its zeros are holes.
  ///
  /// - Throws: `damaged` where one of the maps is; what the sources throw.
  public static func match(
    old: DigestMapReader.Source?, new: DigestMapReader.Source, key: HashKey,
    mergedGap: UInt64 = 0, rangeLimit: Int = 65_536
  ) throws(DeltaError) -> [DirtyRange] {
    var matcher = CoarseMatcher(key: key, mergedGap: mergedGap, rangeLimit: rangeLimit)
    var oldReader = DigestMapReader(key: key)
    var newReader = DigestMapReader(key: key)
    while let node = try newReader.next(from: new) {
      matcher.compare(old: try old.flatMap { (old) throws(DeltaError) in try oldReader.next(from: old) }, new: node)
    }
    // The old map is believed only when its checksum, at the end, is right.
    while let old, try oldReader.next(from: old) != nil {}
    return matcher.finish()
  }

  private mutating func add(_ range: DirtyRange) {
    if let last = ranges.last, let merged = CoarseMatcher.merge(last, range, gap: mergedGap, coarsely: false) {
      ranges[ranges.count - 1] = merged
      return
    }
    ranges.append(range)
    while ranges.count > rangeLimit { coarsen() }
  }

  /// Doubles the gap that is merged, and merges zeros into data below it. It ends with one range at the latest.
  private mutating func coarsen() {
    let (doubled, overflow) = mergedGap.multipliedReportingOverflow(by: 2)
    mergedGap = overflow ? .max : max(doubled, UInt64(ContentDigest.leafLength) * 2)
    var coarse: [DirtyRange] = []
    for range in ranges {
      if let last = coarse.last, let merged = CoarseMatcher.merge(last, range, gap: mergedGap, coarsely: true) {
        coarse[coarse.count - 1] = merged
      } else {
        coarse.append(range)
      }
    }
    ranges = coarse
  }

  /// One range for both, or nil where they stay apart. Zeros never swallow a clean gap: it may hold data.
  private static func merge(
    _ left: DirtyRange, _ right: DirtyRange, gap: UInt64, coarsely: Bool
  ) -> DirtyRange? {
    let between = right.range.offset - left.range.end
    let range = ByteRange(offset: left.range.offset, length: right.range.end - left.range.offset)
    if between == 0 && left.content == right.content { return DirtyRange(left.content, range) }
    let zeros = [left, right].filter { $0.content == .zeros }.map(\.range.length).reduce(0, +)
    guard coarsely || zeros == 0, between + zeros < gap else { return nil }
    return DirtyRange(.data, range)
  }
}
