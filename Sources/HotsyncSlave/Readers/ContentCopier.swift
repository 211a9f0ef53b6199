import HotsyncDelta
import HotsyncSystem

/// Copies files and digests them on the way; holes stay holes.
final class ContentCopier {
  private let key: HashKey
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)

  init(key: HashKey) { self.key = key }

  /// - Returns: whether the content is what was said; the copy is to be thrown away where it is not.
  func copy(
    _ source: borrowing Descriptor, into target: borrowing Descriptor, size: UInt64, digest: Digest
  ) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      guard try source.status().size == size else { return false }
      try target.truncate(to: 0)
      var hasher = ContentHasher(key: key)
      var position: UInt64 = 0
      while let data = try source.nextData(after: position, size: size) {
        hasher.skipZeros(data.lowerBound - position)
        position = data.lowerBound
        while position < data.upperBound {
          let count = Int(min(UInt64(buffer.count), data.upperBound - position))
          let got = try source.read(into: &buffer, count: count, at: position)
          guard got > 0 else { return false }
          hasher.update(buffer[..<got])
          try target.write(buffer[..<got], at: position)
          position += UInt64(got)
        }
      }
      hasher.skipZeros(size - position)
      try target.truncate(to: size)
      return hasher.finish() == digest
    }
  }

  /// The same without a copy.
  func isSound(_ source: borrowing Descriptor, size: UInt64, digest: Digest) throws(StoreError) -> Bool {
    guard try StoreError.telling({ () throws(SystemError) in try source.status().size == size }) else { return false }
    do throws(DeltaError) {
      return try contentDigest(of: source, size: size, key: key, buffer: &buffer) == digest
    } catch { throw StoreError(error) }
  }
}
