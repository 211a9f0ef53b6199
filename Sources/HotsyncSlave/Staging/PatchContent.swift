import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// A content that is being received as what differs from the mirror's file. The ranges of a large file go into the staged
/// file one behind the other; those of a small one, which is made whole at the end, to their own offsets.
final class PatchContent {
  private(set) var ranges: PatchRanges
  private let file: Descriptor
  private let base: Descriptor
  /// At most that many bytes were announced.
  private let limit: UInt64
  private var total: UInt64 = 0
  /// Of a large file.
  private let pieces: PatchPieces?
  /// What an interrupted cycle staged and this one may keep, in order.
  private var offered: ArraySlice<PlacedPiece>
  private var job: PatchJob?
  private var delta = (base: Stretch(offset: 0, length: 0), next: UInt64(0), end: UInt64(0))

  private static let leaf = UInt64(ContentDigest.leafLength)

  /// - Parameters:
  ///   - file: empty, or with what an interrupted cycle staged.
  ///   - pieces: of a large file: where its list goes.
  ///   - offered: of a patch that is gone on with.
  init(
    _ file: consuming Descriptor, base: consuming Descriptor, ranges: PatchRanges, limit: UInt64,
    pieces: PatchPieces?, offered: [PlacedPiece] = []
  ) {
    self.file = file
    self.base = base
    self.ranges = ranges
    self.limit = limit
    self.pieces = pieces
    self.offered = offered[...]
  }

  func append(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(StoreError) {
    let stretch = Stretch(offset: offset, length: UInt64(bytes.count))
    let position = pieces?.end ?? offset
    try add(stretch, at: position)
    try StoreError.telling { () throws(SystemError) in
      try file.write(bytes, at: position)
      try pieces?.note(stretch)
    }
  }

  /// Takes a stretch from elsewhere in the base.
  func copy(_ stretch: Stretch, from offset: UInt64) throws(StoreError) {
    guard offset <= ranges.oldSize, stretch.length <= ranges.oldSize - offset else {
      throw .contradiction("a patch", "what is copied lies beyond the base")
    }
    var done: UInt64 = 0
    while done < stretch.length {
      let count = Int(min(1 << 20, stretch.length - done))
      let part: [UInt8]
      do throws(DeltaError) { part = try bytes(ofBase: offset + done, count) } catch { throw StoreError(error) }
      try append(part[...], at: stretch.offset + done)
      done += UInt64(count)
    }
  }

  func addZeros(_ stretch: Stretch) throws(StoreError) { try add(stretch, at: nil) }

  /// Takes what is staged there already; whether it is the right thing shows in the content's digest.
  func keep(_ stretch: Stretch) throws(StoreError) {
    var offset = stretch.offset
    while let piece = offered.first, piece.stretch.end <= offset { offered = offered.dropFirst() }
    for piece in offered where offset < stretch.end && piece.stretch.offset <= offset {
      let end = min(stretch.end, piece.stretch.end)
      try add(
        Stretch(offset: offset, length: end - offset), at: piece.position + (offset - piece.stretch.offset))
      offset = end
    }
    guard offset == stretch.end, stretch.length > 0 else {
      throw .contradiction("a patch", "there is no such part of it")
    }
  }

  /// - Parameter position: where its bytes stand in the staged file; nil for a hole.
  private func add(_ stretch: Stretch, at position: UInt64?) throws(StoreError) {
    let lastEnd = ranges.ranges.last?.stretch.end ?? 0
    guard stretch.length > 0, stretch.offset >= lastEnd, stretch.offset <= ranges.newSize,
      stretch.length <= ranges.newSize - stretch.offset
    else { throw .contradiction("a patch", "a piece lies before the one before it, or beyond the size") }
    if position != nil { total += stretch.length }
    guard total <= limit else { throw .contradiction("a patch", "more comes than was announced") }
    if let last = ranges.ranges.last, last.stretch.end == stretch.offset,
      last.position.map({ $0 + last.stretch.length }) == position
    {
      let joined = Stretch(offset: last.stretch.offset, length: last.stretch.length + stretch.length)
      ranges.ranges[ranges.ranges.count - 1] = PatchRanges.Range(stretch: joined, position: last.position)
      return
    }
    guard ranges.ranges.count < Limits.patchRanges, stretch.offset % PatchContent.leaf == 0 else {
      throw .contradiction("a patch", "a piece begins inside a leaf, or they are too many")
    }
    try checkLastEnd()
    ranges.ranges.append(PatchRanges.Range(stretch: stretch, position: position))
  }

  private func checkLastEnd() throws(StoreError) {
    guard let end = ranges.ranges.last?.stretch.end else { return }
    guard end % PatchContent.leaf == 0 || end == ranges.newSize else {
      throw .contradiction("a patch", "a piece ends inside a leaf")
    }
  }

  // MARK: librsync deltas

  func openDelta(base: Stretch, new: Stretch) throws(StoreError) {
    guard base.end <= ranges.oldSize, new.end <= ranges.newSize, new.length > 0,
      base.length <= Limits.deltaWindow, new.length <= Limits.deltaWindow
    else { throw .contradiction("a delta", "it reaches beyond the files") }
    delta = (base, new.offset, new.end)
    do throws(DeltaError) { job = try PatchJob(baseSize: base.length, outputSize: new.length) } catch {
      throw StoreError(error)
    }
  }

  func appendDelta(_ bytes: ArraySlice<UInt8>) throws(StoreError) {
    guard var job = job.take() else { throw .contradiction("a delta", "none is open") }
    try run { () throws(DeltaError) in
      // SAFETY: bytes have no padding.
      try job.update(unsafe bytes.span.bytes, base: readBase, into: writePatched)
    }
    self.job = consume job
  }

  func closeDelta() throws(StoreError) {
    guard var job = job.take() else { throw .contradiction("a delta", "none is open") }
    try run { () throws(DeltaError) in try job.finish(base: readBase, into: writePatched) }
  }

  private func run(_ body: () throws(DeltaError) -> Void) throws(StoreError) {
    do throws(DeltaError) { try body() } catch { throw StoreError(error) }
  }

  private func readBase(_ offset: UInt64, _ length: Int) throws(DeltaError) -> [UInt8] {
    try bytes(ofBase: delta.base.offset + offset, length)
  }

  private func bytes(ofBase offset: UInt64, _ length: Int) throws(DeltaError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: length)
    let got = try DeltaError.telling { () throws(SystemError) in
      try base.read(into: &bytes, count: length, at: offset)
    }
    guard got == length else {
      throw DeltaError(
        .damaged, "cannot patch", ranges.path.description, cause: "the mirror's file is shorter than its record says",
        next: "hotsync-slave verify --full")
    }
    return bytes
  }

  private func writePatched(_ bytes: [UInt8]) throws(DeltaError) {
    do throws(StoreError) { try append(bytes[...], at: delta.next) } catch { throw DeltaError(error) }
    delta.next += UInt64(bytes.count)
  }

  // MARK: The end

  /// The content digest of the patched file, from the old map and what came; the new map goes into `map`.
  func digest(key: HashKey, oldMap: MapFile, map: consuming Descriptor) throws(StoreError) -> Digest {
    try checkLastEnd()
    try StoreError.telling { () throws(SystemError) in try pieces?.write() }
    var writer = DigestMapWriter(key: key)
    var changes = LeafDigests(ranges: ranges)
    do throws(DeltaError) {
      let append = { (bytes: [UInt8]) throws(DeltaError) in
        try DeltaError.telling { () throws(SystemError) in try map.write(bytes) }
      }
      let digest = try MapOverlay.apply(
        to: oldMap.source, key: key, newSize: ranges.newSize,
        changes: { () throws(DeltaError) in try changes.next(of: file, key: key) },
        nodes: { (node) throws(DeltaError) in try writer.append(node, into: append) })
      try writer.finish(into: append)
      return digest
    } catch { throw StoreError(error) }
  }

  /// Fills in from the base what the patch of a small file leaves as it was: the staged file is then the whole new content.
  func materialize() throws(StoreError) {
    try checkLastEnd()
    try StoreError.telling { () throws(SystemError) in
      try file.truncate(to: ranges.newSize)
      try ranges.copyKept(into: file, from: base)
    }
  }

  /// Reads the staged file, which must be whole.
  func digestOfWhole(key: HashKey) throws(StoreError) -> Digest? {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    do throws(DeltaError) {
      return try contentDigest(of: file, size: ranges.newSize, key: key, buffer: &buffer)
    } catch { throw StoreError(error) }
  }
}

extension PatchRanges {
  /// Copies from `base` into `file` what lies between the ranges; holes stay holes.
  func copyKept(into file: borrowing Descriptor, from base: borrowing Descriptor) throws(SystemError) {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var position: UInt64 = 0
    let end = min(oldSize, newSize)
    for range in ranges.map(\.stretch) + [Stretch(offset: newSize, length: 0)] {
      try copy(position..<max(position, min(range.offset, end)), from: base, into: file, &buffer)
      position = range.end
    }
  }

  private func copy(
    _ range: Swift.Range<UInt64>, from base: borrowing Descriptor, into file: borrowing Descriptor,
    _ buffer: inout [UInt8]
  ) throws(SystemError) {
    var position = range.lowerBound
    while position < range.upperBound, let data = try base.nextData(after: position, size: range.upperBound) {
      try base.copy(data, into: file, buffer: &buffer)
      position = data.upperBound
    }
  }
}

/// Gives the leaf digests of a patch's ranges in order, at most a node's worth at a time.
private struct LeafDigests {
  private let ranges: [PatchRanges.Range]
  private var index = 0
  private var done: UInt64 = 0
  private var buffer = [UInt8](repeating: 0, count: ContentDigest.nodeLength)

  init(ranges: PatchRanges) { self.ranges = ranges.ranges }

  mutating func next(of file: borrowing Descriptor, key: HashKey) throws(DeltaError) -> LeafChange? {
    guard index < ranges.count else { return nil }
    let range = ranges[index]
    guard let position = range.position else {
      index += 1
      return LeafChange(offset: range.stretch.offset, content: .zeros(length: range.stretch.length))
    }
    let offset = range.stretch.offset + done
    let count = Int(min(UInt64(buffer.count), range.stretch.length - done))
    let got = try DeltaError.telling { () throws(SystemError) in
      try file.read(into: &buffer, count: count, at: position + done)
    }
    guard got == count else {
      throw DeltaError(
        .bug, "cannot digest", "a staged patch", cause: "it is shorter than its list", next: "report this")
    }
    var leaves: [Digest] = []
    for start in stride(from: 0, to: count, by: ContentDigest.leafLength) {
      leaves.append(key.digest(of: buffer[start..<min(count, start + ContentDigest.leafLength)]))
    }
    done += UInt64(count)
    if done == range.stretch.length {
      index += 1
      done = 0
    }
    return LeafChange(offset: offset, content: .leaves(leaves))
  }
}
