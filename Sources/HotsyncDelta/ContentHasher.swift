public import HotsyncSystem

/// Computes the content digest of a file that is read in pieces, at memory speed and in constant memory, and hands
/// out the nodes of its digest map on the way.
///
/// Every call comes with and without a receiver of nodes; an error of the receiver passes through, and the hasher is
/// of no use after it.
public struct ContentHasher: ~Copyable {
  private let key: HashKey
  private let zeros: ZeroDigests
  private var content: NodeHasher
  /// The whole leaves of the node that is being filled.
  private var leaves: [Digest] = []
  /// The bytes of the leaf that is being filled: always less than a leaf.
  private var partial: [UInt8] = []

  public init(key: HashKey) {
    self.key = key
    zeros = ZeroDigests(key: key)
    content = NodeHasher(key: key, zeros: zeros)
  }

  /// Bytes taken so far, holes included.
  public var size: UInt64 { content.size &+ UInt64(bytesInNode) }

  private var bytesInNode: Int { leaves.count * ContentDigest.leafLength + partial.count }

  /// Takes the next bytes of the file.
  public mutating func update<E: Error>(
    _ data: RawSpan, nodes: (MapNode) throws(E) -> Void
  ) throws(E) {
    var position = 0
    if !partial.isEmpty {
      position = min(data.byteCount, ContentDigest.leafLength - partial.count)
      partial.append(data.extracting(0..<position))
      guard partial.count == ContentDigest.leafLength else { return }
      try close(leaf: key.digest(of: partial), nodes)
      partial.removeAll(keepingCapacity: true)
    }
    while data.byteCount - position >= ContentDigest.leafLength {
      let end = position + ContentDigest.leafLength
      try close(leaf: key.digest(of: data.extracting(position..<end)), nodes)
      position = end
    }
    if position < data.byteCount { partial.append(data.extracting(position..<data.byteCount)) }
  }

  /// Takes a hole, or a run of zeros known as such: `count` bytes that need not be looked at.
  public mutating func skipZeros<E: Error>(
    _ count: UInt64, nodes: (MapNode) throws(E) -> Void
  ) throws(E) {
    var left = count
    while left > 0 {
      if partial.isEmpty && leaves.isEmpty && left >= UInt64(ContentDigest.nodeLength) {
        try close(node: MapNode(zeros: ContentDigest.nodeLength), nodes)
        left -= UInt64(ContentDigest.nodeLength)
      } else if partial.isEmpty && left >= UInt64(ContentDigest.leafLength) {
        try close(leaf: zeros.leaf(length: ContentDigest.leafLength), nodes)
        left -= UInt64(ContentDigest.leafLength)
      } else {
        let piece = Int(min(left, UInt64(ContentDigest.leafLength - partial.count)))
        // SAFETY: bytes have no padding.
        try update(unsafe [UInt8](repeating: 0, count: piece).span.bytes, nodes: nodes)
        left -= UInt64(piece)
      }
    }
  }

  /// Takes a node that was digested elsewhere. Only between nodes.
  mutating func append<E: Error>(_ node: MapNode, nodes: (MapNode) throws(E) -> Void) throws(E) {
    precondition(bytesInNode == 0, "a node inside another")
    try close(node: node, nodes)
  }

  /// The content digest of all that was taken. The last call: what follows it has no meaning.
  public mutating func finish<E: Error>(nodes: (MapNode) throws(E) -> Void) throws(E) -> Digest {
    let byteCount = bytesInNode
    if byteCount > 0 {
      if !partial.isEmpty { leaves.append(key.digest(of: partial)) }
      partial = []
      try close(node: MapNode(byteCount: byteCount, leaves: leaves, zeros: zeros), nodes)
      leaves = []
    }
    return content.finish()
  }

  private mutating func close<E: Error>(leaf digest: Digest, _ nodes: (MapNode) throws(E) -> Void) throws(E) {
    leaves.append(digest)
    guard leaves.count == ContentDigest.leavesPerNode else { return }
    let node = MapNode(byteCount: ContentDigest.nodeLength, leaves: leaves, zeros: zeros)
    leaves = []
    leaves.reserveCapacity(ContentDigest.leavesPerNode)
    try close(node: node, nodes)
  }

  private mutating func close<E: Error>(node: MapNode, _ nodes: (MapNode) throws(E) -> Void) throws(E) {
    content.append(node)
    try nodes(node)
  }
}

extension ContentHasher {
  public mutating func update<E: Error>(_ data: [UInt8], nodes: (MapNode) throws(E) -> Void) throws(E) {
    // SAFETY: bytes have no padding.
    try update(unsafe data.span.bytes, nodes: nodes)
  }

  public mutating func update(_ data: RawSpan) { update(data) { _ in } }

  public mutating func update(_ data: UnsafeRawBufferPointer) {
    // SAFETY: read inside the call only, while the caller vouches for its buffer.
    update(unsafe data.bytes)
  }

  public mutating func update(_ data: [UInt8]) {
    // SAFETY: bytes have no padding.
    update(unsafe data.span.bytes)
  }

  public mutating func update(_ data: ArraySlice<UInt8>) {
    // SAFETY: bytes have no padding.
    update(unsafe data.span.bytes)
  }

  public mutating func skipZeros(_ count: UInt64) { skipZeros(count) { _ in } }

  public mutating func finish() -> Digest { finish { _ in } }
}
