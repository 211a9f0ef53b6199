public import HotsyncSystem

/// The leaf digests of a large file, kept on disk: a cache, made anew from the file where it is lost or damaged.
///
/// All numbers are little endian, digests stand with their most significant byte first:
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | `HSDIGMAP` |
/// | 4 | version, 2 |
/// | … | the nodes in order, each a tag of one byte and what follows it |
/// | 1 | tag 0: the end |
/// | 8 | size of the file |
/// | 16 | keyed digest of all bytes before |
///
/// Tags: 1, whole nodes of zeros, then how many in 1 (255 before another 1); 2, a whole node, then 256 leaf digests; 3, the
/// last node, shorter and all zeros, then its bytes in 4; 4, the last node, shorter, then its bytes in 4 and its leaf
/// digests.
public enum DigestMap {
  static let magic = Array("HSDIGMAP".utf8)
  static let version: UInt32 = 2

  enum Tag: UInt8 {
    case end = 0
    case zeros = 1
    case leaves = 2
    case lastZeros = 3
    case lastLeaves = 4
  }
}

/// Writes a digest map, node by node; the bytes go to the caller in pieces of some ten kilobytes.
public struct DigestMapWriter: ~Copyable {
  public typealias Output = (_ bytes: [UInt8]) throws(DeltaError) -> Void

  private static let pieceLength = 64 * 1024
  private var checksum: KeyedHasher
  private var piece: [UInt8]
  private var size: UInt64 = 0
  private var isLast = false
  /// Whole nodes of zeros that are not written yet.
  private var zeros: UInt8 = 0

  public init(key: HashKey) {
    checksum = KeyedHasher(key: key)
    piece = DigestMap.magic
    piece.append(littleEndian: DigestMap.version)
  }

  /// - Throws: `bug` where a node follows a short one; what `output` throws.
  public mutating func append(_ node: MapNode, into output: Output) throws(DeltaError) {
    guard !isLast else {
      throw .bug("cannot write", "a digest map", cause: "a node follows the last one")
    }
    isLast = !node.isWhole
    size &+= UInt64(node.byteCount)
    if node.isZeros, node.isWhole {
      zeros += 1
      return zeros == .max ? try endZeros(into: output) : ()
    }
    try endZeros(into: output)
    let tag: DigestMap.Tag = isLast ? (node.isZeros ? .lastZeros : .lastLeaves) : .leaves
    piece.append(tag.rawValue)
    if isLast { piece.append(littleEndian: UInt32(node.byteCount)) }
    for leaf in node.leaves { piece.append(leaf) }
    if piece.count >= DigestMapWriter.pieceLength { try flush(into: output) }
  }

  private mutating func endZeros(into output: Output) throws(DeltaError) {
    guard zeros > 0 else { return }
    piece.append(DigestMap.Tag.zeros.rawValue)
    piece.append(zeros)
    zeros = 0
    if piece.count >= DigestMapWriter.pieceLength { try flush(into: output) }
  }

  /// Writes the end. The last call.
  public mutating func finish(into output: Output) throws(DeltaError) {
    try endZeros(into: output)
    piece.append(DigestMap.Tag.end.rawValue)
    piece.append(littleEndian: size)
    try flush(into: output)
    try output(checksum.digest().bytes)
  }

  private mutating func flush(into output: Output) throws(DeltaError) {
    checksum.update(piece)
    try output(piece)
    piece.removeAll(keepingCapacity: true)
  }
}
