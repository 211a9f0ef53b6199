import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// A content that is being received whole, from its start to its end; stretches that are left out are holes.
final class WholeContent {
  let size: UInt64
  private let file: Descriptor
  private var hasher: MappingHasher
  private var position: UInt64 = 0

  /// - Parameter file: empty, or with `resumeAt` bytes of an interrupted cycle, which are read and digested again.
  init(
    _ file: consuming Descriptor, size: UInt64, resumeAt: UInt64, key: HashKey, map: consuming Descriptor?
  ) throws(StoreError) {
    self.size = size
    hasher = MappingHasher(key: key, map: map)
    self.file = file
    guard resumeAt > 0 else { return }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    do throws(DeltaError) {
      guard try hasher.update(from: self.file, 0..<resumeAt, size: resumeAt, buffer: &buffer) else {
        throw DeltaError.telling("the staged part is shorter than was said")
      }
    } catch { throw StoreError(error) }
    position = resumeAt
  }

  func append(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(StoreError) {
    guard offset >= position, offset <= size, UInt64(bytes.count) <= size - offset else {
      throw .contradiction("a content", "a piece lies before the one before it, or beyond the size")
    }
    do throws(DeltaError) {
      // First, as a file system that has no such offset says so at once, and a long hole takes a while to digest.
      try DeltaError.telling { () throws(SystemError) in
        if offset > position { try leaveHole(to: offset) }
        try file.write(bytes, at: offset)
      }
      try hasher.skipZeros(offset - position)
      try hasher.update(bytes)
    } catch { throw StoreError(error) }
    position = offset + UInt64(bytes.count)
  }

  /// xfs sets space aside beyond the end of a file that grows, and what is written further on would make it part of the hole:
  /// to set the size gives it back.
  private func leaveHole(to offset: UInt64) throws(SystemError) {
    try file.truncate(to: position)
    try file.truncate(to: offset)
  }

  func finish() throws(StoreError) -> Digest {
    do throws(DeltaError) {
      try hasher.skipZeros(size - position)
      try DeltaError.telling { () throws(SystemError) in try leaveHole(to: size) }
      return try hasher.finish()
    } catch { throw StoreError(error) }
  }
}

extension DeltaError {
  fileprivate static func telling(_ cause: String) -> DeltaError {
    DeltaError(.failed, "cannot resume", "a staged content", cause: cause, next: "run the cycle again")
  }
}
