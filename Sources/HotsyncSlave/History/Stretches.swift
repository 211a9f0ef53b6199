/// Sets of byte ranges, each as a sorted list of ranges that do not touch the same byte: pure arithmetic.
enum Stretches {
  /// What of `ranges` no range of `cover` has.
  static func subtracting(_ cover: [Range<UInt64>], from ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var left: [Range<UInt64>] = []
    var next = 0
    for range in ranges {
      var start = range.lowerBound
      while next < cover.count, cover[next].upperBound <= start { next += 1 }
      var index = next
      while index < cover.count, cover[index].lowerBound < range.upperBound {
        if start < cover[index].lowerBound { left.append(start..<cover[index].lowerBound) }
        start = max(start, cover[index].upperBound)
        index += 1
      }
      if start < range.upperBound { left.append(start..<range.upperBound) }
    }
    return left
  }

  /// The ranges as far as they lie below an end.
  static func clipping(_ ranges: [Range<UInt64>], to end: UInt64) -> [Range<UInt64>] {
    ranges.compactMap { $0.lowerBound < end ? $0.lowerBound..<min($0.upperBound, end) : nil }
  }
}
