public import HotsyncSystem

/// The content digest of a file: a digest over fixed blocks' digests, so that a change in place costs what changed.
///
/// - leaf: 4096 bytes of the file, the last may be shorter; its digest is `key.digest(bytes)`;
/// - node: 256 leaves, 1 MiB, the last may be shorter; its digest is `key.digest(leaf digests, 16 bytes each)`;
/// - content: `key.digest(node digests, 16 bytes each ‖ size, 8 bytes little endian)`.
///
/// The size stands last because a stream's is known only at its end. An empty file has no nodes. A hole counts as
/// the zeros that a reader sees.
public enum ContentDigest {
  /// Bytes of a leaf.
  public static let leafLength = 4096
  public static let leavesPerNode = 256
  /// Bytes of a node.
  public static let nodeLength = leafLength * leavesPerNode

  /// The content digest of a small file's bytes, all in memory.
  public static func of(_ bytes: [UInt8], key: HashKey) -> Digest {
    guard bytes.count <= nodeLength else {
      var hasher = ContentHasher(key: key)
      hasher.update(bytes)
      return hasher.finish()
    }
    // Most files of a tree end here: making a hasher would cost more than their bytes.
    var leaves: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: leafLength) {
      leaves.append(key.digest(of: bytes[start..<min(start + leafLength, bytes.count)]))
    }
    var last: [UInt8] = []
    if !bytes.isEmpty { last.append(key.digest(of: leaves)) }
    last.append(littleEndian: UInt64(bytes.count))
    return key.digest(of: last)
  }

  /// The content digest of a file from its digest map alone.
  ///
  /// - Throws: `damaged` where the map is; what `source` throws.
  public static func of(map source: DigestMapReader.Source, key: HashKey) throws(DeltaError) -> Digest {
    var reader = DigestMapReader(key: key)
    var content = NodeHasher(key: key, zeros: ZeroDigests(key: key))
    while let node = try reader.next(from: source) { content.append(node) }
    return content.finish()
  }
}

/// The leaf digests of one node of a file: of its 1 MiB, or of what is left at the file's end.
public struct MapNode: Equatable, Sendable {
  /// Bytes of the file that this node stands for: 1 to `ContentDigest.nodeLength`, less only at the file's end.
  public let byteCount: Int
  /// One digest a leaf, or none at all where every byte is zero.
  public let leaves: [Digest]

  public var isZeros: Bool { leaves.isEmpty }
  public var isWhole: Bool { byteCount == ContentDigest.nodeLength }
  public var leafCount: Int { MapNode.leafCount(ofBytes: byteCount) }

  /// A node of nothing but zeros.
  init(zeros byteCount: Int) {
    self.byteCount = byteCount
    self.leaves = []
  }

  /// A node of these leaves, told as zeros where they are: a content has one form only.
  init(byteCount: Int, leaves: [Digest], zeros: ZeroDigests) {
    self.byteCount = byteCount
    let isZeros = leaves.indices.allSatisfy {
      leaves[$0] == zeros.leaf(length: MapNode.leafLength($0, ofBytes: byteCount))
    }
    self.leaves = isZeros ? [] : leaves
  }

  func leafLength(_ index: Int) -> Int { MapNode.leafLength(index, ofBytes: byteCount) }

  func digest(ofLeaf index: Int, zeros: ZeroDigests) -> Digest {
    isZeros ? zeros.leaf(length: leafLength(index)) : leaves[index]
  }

  static func leafCount(ofBytes count: Int) -> Int {
    (count + ContentDigest.leafLength - 1) / ContentDigest.leafLength
  }

  /// Bytes of the leaf at `index` in a node of `count` bytes: less than a whole leaf only at the end.
  static func leafLength(_ index: Int, ofBytes count: Int) -> Int {
    min(ContentDigest.leafLength, count - index * ContentDigest.leafLength)
  }
}

/// The digests of nothing but zeros under one key, computed once so that a hole costs no hashing.
struct ZeroDigests {
  private let key: HashKey
  /// Of a whole leaf.
  private let wholeLeaf: Digest
  /// Of a whole node, as its 16 bytes.
  let wholeNode: [UInt8]

  init(key: HashKey) {
    self.key = key
    wholeLeaf = key.digest(of: [UInt8](repeating: 0, count: ContentDigest.leafLength))
    var leaves: [UInt8] = []
    leaves.reserveCapacity(ContentDigest.leavesPerNode * Digest.byteCount)
    for _ in 0..<ContentDigest.leavesPerNode { leaves.append(wholeLeaf) }
    wholeNode = key.digest(of: leaves).bytes
  }

  func leaf(length: Int) -> Digest {
    length == ContentDigest.leafLength ? wholeLeaf : key.digest(of: [UInt8](repeating: 0, count: length))
  }
}

/// The content digest from the nodes in their order.
struct NodeHasher: ~Copyable {
  private let key: HashKey
  private let zeros: ZeroDigests
  private var content: KeyedHasher
  private var leafBytes: [UInt8] = []
  /// Bytes of the file that the nodes so far stand for.
  private(set) var size: UInt64 = 0

  init(key: HashKey, zeros: ZeroDigests) {
    self.key = key
    self.zeros = zeros
    content = KeyedHasher(key: key)
  }

  mutating func append(_ node: MapNode) {
    size &+= UInt64(node.byteCount)
    if node.isZeros && node.isWhole {
      content.update(zeros.wholeNode)
      return
    }
    leafBytes.removeAll(keepingCapacity: true)
    for index in 0..<node.leafCount { leafBytes.append(node.digest(ofLeaf: index, zeros: zeros)) }
    content.update(key.digest(of: leafBytes).bytes)
  }

  mutating func finish() -> Digest {
    var last: [UInt8] = []
    last.append(littleEndian: size)
    content.update(last)
    return content.digest()
  }
}
