import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// The mirror's file from which parts of a new one are copied.
struct ContentBase: ~Copyable {
  /// Nil where it is not there.
  private let file: Descriptor?
  private let size: UInt64

  init(_ file: consuming Descriptor?, size: UInt64) {
    self.file = file
    self.size = size
  }

  func holds(_ offset: UInt64, _ length: UInt64) -> Bool { offset <= size && length <= size - offset }

  /// Hands out the data of a range in order; holes, and what is not there, are left out.
  func read(
    _ range: Range<UInt64>, buffer: inout [UInt8], _ body: (ArraySlice<UInt8>, UInt64) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard file != nil else { return }
    var position = range.lowerBound
    while position < range.upperBound {
      let data = try StoreError.telling { () throws(SystemError) in
        try file!.nextData(after: position, size: range.upperBound)
      }
      guard let data else { return }
      position = data.lowerBound
      while position < data.upperBound {
        let count = Int(min(UInt64(buffer.count), data.upperBound - position))
        let got = try StoreError.telling { () throws(SystemError) in
          try file!.read(into: &buffer, count: count, at: position)
        }
        guard got > 0 else { return }
        try body(buffer[..<got], position)
        position += UInt64(got)
      }
    }
  }
}

/// A content that is being received whole, from its start to its end; stretches that are left out are holes.
final class WholeContent {
  /// Of a stream: what it may come to, until `finish`.
  private(set) var size: UInt64
  let isStream: Bool
  private let file: Descriptor
  private let base: ContentBase?
  private var hasher: MappingHasher
  /// Where the next byte goes, and what of it is gathered and not written yet.
  private var position: UInt64 = 0
  private var pending: [UInt8] = []
  private var buffer: [UInt8] = []
  /// Up to here the kernel was asked to write back.
  private var begun: UInt64 = 0

  private static let gathered = 1 << 20
  private static let writtenTogether: UInt64 = 8 << 20

  /// - Parameters:
  ///   - size: nil for a stream.
  ///   - file: empty, or with `resumeAt` bytes of an interrupted cycle, which are read and digested again.
  ///   - base: where parts of it come from.
  init(
    _ file: consuming Descriptor, size: UInt64?, resumeAt: UInt64, key: HashKey, map: consuming Descriptor?,
    base: consuming ContentBase? = nil
  ) throws(StoreError) {
    self.size = size ?? Limits.fileSize
    isStream = size == nil
    self.base = base
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
    begun = resumeAt
  }

  /// A line that breaks ends the conversation in order, and what came before it is not lost.
  deinit { if !pending.isEmpty { try? file.write(pending, at: position - UInt64(pending.count)) } }

  func append(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(StoreError) {
    guard offset >= position, offset <= size, UInt64(bytes.count) <= size - offset else {
      throw .contradiction("a content", "a piece lies before the one before it, or beyond the size")
    }
    do throws(DeltaError) {
      if offset > position || pending.count + bytes.count > WholeContent.gathered { try writePending() }
      if offset > position {
        // First, as a file system that has no such offset says so at once, and a long hole takes a while to digest.
        try DeltaError.telling { () throws(SystemError) in try leaveHole(to: offset) }
        try hasher.skipZeros(offset - position)
        position = offset
      }
      if pending.isEmpty, bytes.count >= WholeContent.gathered / 4 {
        try write(bytes, at: offset)
      } else {
        pending += bytes
      }
    } catch { throw StoreError(error) }
    position = offset + UInt64(bytes.count)
  }

  /// Takes a stretch from the base; its holes stay holes. What it should have and does not shows in the digest.
  func copy(_ stretch: Stretch, from offset: UInt64) throws(StoreError) {
    guard base?.holds(offset, stretch.length) == true else {
      throw .contradiction("a content", "what is copied lies beyond the base")
    }
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 256 << 10) }
    guard stretch.offset >= position, stretch.offset <= size, stretch.length <= size - stretch.offset else {
      throw .contradiction("a content", "a piece lies before the one before it, or beyond the size")
    }
    try base?.read(offset..<(offset + stretch.length), buffer: &buffer) { (bytes, place) throws(StoreError) in
      try append(bytes, at: stretch.offset + (place - offset))
    }
  }

  private func writePending() throws(DeltaError) {
    guard !pending.isEmpty else { return }
    try write(pending[...], at: position - UInt64(pending.count))
    pending.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(DeltaError) {
    try DeltaError.telling { () throws(SystemError) in try file.write(bytes, at: offset) }
    try hasher.update(bytes)
    let end = offset + UInt64(bytes.count)
    // The flush of the seal then finds most of a large file on the disk.
    guard end - begun >= WholeContent.writtenTogether else { return }
    file.beginWriting(begun..<end)
    begun = end
  }

  /// xfs sets space aside beyond the end of a file that grows, and what is written further on would make it part of the hole:
  /// to set the size gives it back.
  private func leaveHole(to offset: UInt64) throws(SystemError) {
    try file.truncate(to: position)
    try file.truncate(to: offset)
  }

  /// - Parameter end: the size that a stream came to; nil for other contents.
  func finish(at end: UInt64?) throws(StoreError) -> Digest {
    guard isStream == (end != nil), end ?? size >= position, end ?? size <= size else {
      throw .contradiction("a content", "its end is not that of its form, or lies before its last piece")
    }
    size = end ?? size
    do throws(DeltaError) {
      try writePending()
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
