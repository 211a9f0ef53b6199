import HotsyncDelta
import HotsyncSystem

/// Copies content and digests it on the way; holes stay holes.
final class ContentCopier {
  private let key: HashKey
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)

  init(key: HashKey) { self.key = key }

  /// - Returns: whether the content is what was said; the copy is to be thrown away where it is not.
  func copy(
    _ source: VersionFile, into target: borrowing Descriptor, size: UInt64, digest: Digest
  ) throws(StoreError) -> Bool {
    var isWriting = true
    do throws(SystemError) {
      guard source.size == size else { return false }
      try target.truncate(to: 0)
      // With its size from the start, as xfs sets space aside beyond the end of a file that grows, holes or not.
      try target.truncate(to: size)
      var hasher = ContentHasher(key: key)
      isWriting = false
      try source.forEachPart { (range, file, position) throws(SystemError) in
        try pass(range, of: file, at: position, to: &hasher) { (bytes, offset) throws(SystemError) in
          isWriting = true
          try target.write(bytes, at: offset)
          isWriting = false
        }
      }
      return hasher.finish() == digest
    } catch {
      guard !isWriting, error.isUnreadable else { throw StoreError(error) }
      return false
    }
  }

  /// The same without a copy.
  func isSound(_ source: VersionFile, size: UInt64, digest: Digest) throws(StoreError) -> Bool {
    guard source.size == size else { return false }
    do throws(SystemError) {
      var hasher = ContentHasher(key: key)
      try source.forEachPart { (range, file, position) throws(SystemError) in
        try pass(range, of: file, at: position, to: &hasher) { (_, _) throws(SystemError) in }
      }
      return hasher.finish() == digest
    } catch {
      // What the disk does not give back is as lost as what it gives back wrongly.
      guard error.isUnreadable else { throw StoreError(error) }
      return false
    }
  }

  /// Copies a range that stands at `position` of a file to `place` of another, and gives the digest of what was copied.
  func copy(
    _ range: Range<UInt64>, of source: borrowing Descriptor, at position: UInt64, into target: borrowing Descriptor,
    at place: UInt64
  ) throws(SystemError) -> Digest {
    var hasher = ContentHasher(key: key)
    try pass(range, of: source, at: position, to: &hasher) { (bytes, offset) throws(SystemError) in
      try target.write(bytes, at: place + (offset - range.lowerBound))
    }
    return hasher.finish()
  }

  /// - Parameter position: where the range stands in the file; at its own offset unless told.
  func digest(
    _ range: Range<UInt64>, of source: borrowing Descriptor, at position: UInt64? = nil
  ) throws(SystemError) -> Digest {
    var hasher = ContentHasher(key: key)
    try pass(range, of: source, at: position ?? range.lowerBound, to: &hasher) { (_, _) throws(SystemError) in }
    return hasher.finish()
  }

  /// Reads the data of a range in order; what is a hole, or beyond the end, counts as zeros.
  private func pass(
    _ range: Range<UInt64>, of source: borrowing Descriptor, at start: UInt64, to hasher: inout ContentHasher,
    _ body: (ArraySlice<UInt8>, _ offset: UInt64) throws(SystemError) -> Void
  ) throws(SystemError) {
    var position = start
    let (end, overflow) = start.addingReportingOverflow(range.upperBound - range.lowerBound)
    guard !overflow else { return hasher.skipZeros(range.upperBound - range.lowerBound) }
    while let data = try source.nextData(after: position, size: end) {
      hasher.skipZeros(data.lowerBound - position)
      position = data.lowerBound
      while position < data.upperBound {
        let count = Int(min(UInt64(buffer.count), data.upperBound - position))
        let got = try source.read(into: &buffer, count: count, at: position)
        guard got > 0 else { break }
        hasher.update(buffer[..<got])
        try body(buffer[..<got], range.lowerBound + (position - start))
        position += UInt64(got)
      }
      // It got shorter meanwhile.
      if position < data.upperBound { break }
    }
    hasher.skipZeros(end - position)
  }
}
