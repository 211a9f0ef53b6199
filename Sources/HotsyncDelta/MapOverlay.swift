public import HotsyncSystem

/// Leaves of a file that were written anew, with their digests.
public struct LeafChange: Sendable {
  public enum Content: Sendable {
    /// So many bytes of zeros; they end at a leaf or at the file's end.
    case zeros(length: UInt64)
    /// One digest for each leaf in order; the file's last leaf may be short.
    case leaves([Digest])
  }

  /// Where the first leaf starts: a multiple of `ContentDigest.leafLength`.
  public let offset: UInt64
  public let content: Content

  public init(offset: UInt64, content: Content) {
    self.offset = offset
    self.content = content
  }
}

/// The digest map and the content digest of a file that was patched in place, from its old map and the changed
/// leaves: what has not changed is not read.
public enum MapOverlay {
  /// Hands out the nodes of the new map in order and returns the content digest.
  ///
  /// - Parameters:
  ///   - changes: gives the changes in order, not overlapping, nil at the end. Whatever lies beyond the old end and
  ///     a last leaf whose length changed must be among them.
  /// - Throws: `damaged` where the map is, or the changes do not make a file of `newSize` bytes of it; what the
  ///   closures throw. What `nodes` was given is then of no use.
  public static func apply(
    to old: DigestMapReader.Source, key: HashKey, newSize: UInt64,
    changes: () throws(DeltaError) -> LeafChange?,
    nodes: (MapNode) throws(DeltaError) -> Void
  ) throws(DeltaError) -> Digest {
    let zeros = ZeroDigests(key: key)
    var content = NodeHasher(key: key, zeros: zeros)
    var reader = DigestMapReader(key: key)
    var cursor = ChangeCursor(newSize: newSize)
    while content.size < newSize {
      let byteCount = Int(min(UInt64(ContentDigest.nodeLength), newSize - content.size))
      let oldNode = try reader.next(from: old)
      let node = try merge(
        oldNode, into: ByteRange(offset: content.size, length: UInt64(byteCount)), &cursor, changes, zeros)
      content.append(node)
      try nodes(node)
    }
    while try reader.next(from: old) != nil {}
    guard try cursor.advance(changes) == nil else {
      throw .damagedMap("a change lies beyond the new end")
    }
    return content.finish()
  }

  private static func merge(
    _ old: MapNode?, into node: ByteRange, _ cursor: inout ChangeCursor,
    _ changes: () throws(DeltaError) -> LeafChange?, _ zeros: ZeroDigests
  ) throws(DeltaError) -> MapNode {
    let byteCount = Int(node.length)
    let change = try cursor.advance(changes)
    if let old, old.byteCount == byteCount, (change?.offset ?? .max) >= node.end { return old }
    if case .zeros(let rest)? = change?.content, change?.offset == node.offset, rest >= node.length {
      cursor.takeZeros(node.length)
      return MapNode(zeros: byteCount)
    }
    var leaves: [Digest] = []
    leaves.reserveCapacity(MapNode.leafCount(ofBytes: byteCount))
    for index in 0..<MapNode.leafCount(ofBytes: byteCount) {
      let length = MapNode.leafLength(index, ofBytes: byteCount)
      let offset = node.offset + UInt64(index * ContentDigest.leafLength)
      if let digest = try cursor.take(leafAt: offset, length: length, changes, zeros) {
        leaves.append(digest)
      } else if let old, index < old.leafCount, old.leafLength(index) == length {
        leaves.append(old.digest(ofLeaf: index, zeros: zeros))
      } else {
        throw .damagedMap("the leaf at byte \(offset) is neither in the old file nor among the changes")
      }
    }
    return MapNode(byteCount: byteCount, leaves: leaves, zeros: zeros)
  }
}

/// What is left of the change that is being laid over, and the check that changes come as they must.
private struct ChangeCursor {
  private let newSize: UInt64
  private var current: LeafChange?
  /// Leaves of the current change that were taken.
  private var taken = 0
  private var lastEnd: UInt64 = 0

  init(newSize: UInt64) { self.newSize = newSize }

  /// What is left of the current change, or the next one; nil where there is none.
  mutating func advance(_ changes: () throws(DeltaError) -> LeafChange?) throws(DeltaError) -> LeafChange? {
    if let current { return current }
    guard let next = try changes() else { return nil }
    let end = try ChangeCursor.end(of: next, newSize: newSize)
    guard next.offset >= lastEnd else { throw .damagedMap("the changes overlap or are out of order") }
    lastEnd = end
    taken = 0
    current = next
    return next
  }

  /// The digest of this leaf where the changes have one.
  mutating func take(
    leafAt offset: UInt64, length: Int, _ changes: () throws(DeltaError) -> LeafChange?, _ zeros: ZeroDigests
  ) throws(DeltaError) -> Digest? {
    guard let change = try advance(changes), change.offset <= offset else { return nil }
    switch change.content {
    case .zeros:
      takeZeros(UInt64(length))
      return zeros.leaf(length: length)
    case .leaves(let digests):
      let digest = digests[taken]
      taken += 1
      if taken == digests.count { current = nil }
      return digest
    }
  }

  /// Takes the first `length` bytes of the current change, which is one of zeros.
  mutating func takeZeros(_ length: UInt64) {
    guard let change = current, case .zeros(let rest) = change.content else { return }
    current =
      rest > length ? LeafChange(offset: change.offset + length, content: .zeros(length: rest - length)) : nil
  }

  private static func end(of change: LeafChange, newSize: UInt64) throws(DeltaError) -> UInt64 {
    let leaf = UInt64(ContentDigest.leafLength)
    guard change.offset % leaf == 0, change.offset < newSize else {
      throw .damagedMap("a change starts beside a leaf, or beyond the new end")
    }
    let room = newSize - change.offset
    switch change.content {
    case .zeros(let length):
      guard length > 0, length <= room, length % leaf == 0 || length == room else {
        throw .damagedMap("a change of zeros is empty, ends beside a leaf, or beyond the new end")
      }
      return change.offset + length
    case .leaves(let digests):
      let most = room / leaf + (room % leaf > 0 ? 1 : 0)
      guard !digests.isEmpty, UInt64(digests.count) <= most else {
        throw .damagedMap("a change has no leaves, or some beyond the new end")
      }
      return UInt64(digests.count) == most ? newSize : change.offset + UInt64(digests.count) * leaf
    }
  }
}
