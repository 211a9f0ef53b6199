public import HotsyncSystem

/// Reads a digest map, node by node, in constant memory. Nothing that it gave is to be trusted before `next` has
/// returned nil: only then is the checksum known to be right.
public struct DigestMapReader: ~Copyable {
  /// Gives at most so many of the map's next bytes, none at its end.
  public typealias Source = (_ atMost: Int) throws(DeltaError) -> [UInt8]

  private enum Phase {
    case header
    case nodes
    case end
    case finished
  }

  private static let pieceLength = 64 * 1024
  private let zeros: ZeroDigests
  private var checksum: KeyedHasher
  private var buffer: [UInt8] = []
  private var position = 0
  private var phase = Phase.header
  /// Whole nodes of zeros that are still to be given, and how many of them were written together.
  private var zerosLeft: UInt8 = 0
  private var lastZeros: UInt8 = .max
  /// Bytes of the file that the nodes so far stand for; the file's size once `next` has returned nil.
  public private(set) var size: UInt64 = 0

  public init(key: HashKey) {
    zeros = ZeroDigests(key: key)
    checksum = KeyedHasher(key: key)
  }

  /// The next node; nil at the map's end, and then again and again.
  ///
  /// - Throws: `damaged` for anything that the writer does not write; what `source` throws.
  public mutating func next(from source: Source) throws(DeltaError) -> MapNode? {
    if phase == .finished { return nil }
    if phase == .header { try readHeader(source) }
    if zerosLeft > 0 { return try takeZeros() }
    let at = try take(1, source)
    guard let tag = DigestMap.Tag(rawValue: buffer[at]), phase == .nodes || tag == .end else {
      throw .damagedMap("a node has an unknown tag, or follows the last one")
    }
    guard tag != .zeros else { return try readZeros(source) }
    lastZeros = .max
    let node: MapNode
    switch tag {
    case .zeros, .end:
      try readEnd(source)
      return nil
    case .leaves: node = try readLeaves(ofBytes: ContentDigest.nodeLength, source)
    case .lastZeros: node = MapNode(zeros: try readLength(source))
    case .lastLeaves: node = try readLeaves(ofBytes: try readLength(source), source)
    }
    try grow(by: node)
    return node
  }

  private mutating func grow(by node: MapNode) throws(DeltaError) {
    let (sum, overflow) = size.addingReportingOverflow(UInt64(node.byteCount))
    guard !overflow else { throw .damagedMap("it describes more than 2⁶⁴ bytes") }
    size = sum
  }

  private mutating func readZeros(_ source: Source) throws(DeltaError) -> MapNode {
    let count = buffer[try take(1, source)]
    guard count > 0, lastZeros == .max else { throw .damagedMap("nodes of zeros are written apart, or none at all") }
    zerosLeft = count
    lastZeros = count
    return try takeZeros()
  }

  private mutating func takeZeros() throws(DeltaError) -> MapNode {
    zerosLeft -= 1
    let node = MapNode(zeros: ContentDigest.nodeLength)
    try grow(by: node)
    return node
  }

  private mutating func readHeader(_ source: Source) throws(DeltaError) {
    let magic = try take(DigestMap.magic.count, source)
    guard buffer[magic..<position].elementsEqual(DigestMap.magic) else {
      throw .damagedMap("it does not start like one")
    }
    let version = try take(4, source)
    guard buffer.littleEndian(at: version, count: 4) == UInt64(DigestMap.version) else {
      throw .damagedMap("its version is not \(DigestMap.version)")
    }
    phase = .nodes
  }

  /// The bytes of the last, short node.
  private mutating func readLength(_ source: Source) throws(DeltaError) -> Int {
    phase = .end
    let at = try take(4, source)
    let length = Int(buffer.littleEndian(at: at, count: 4))
    guard (1..<ContentDigest.nodeLength).contains(length) else {
      throw .damagedMap("its last node has \(length) bytes")
    }
    return length
  }

  private mutating func readLeaves(ofBytes byteCount: Int, _ source: Source) throws(DeltaError) -> MapNode {
    let count = MapNode.leafCount(ofBytes: byteCount)
    let at = try take(count * Digest.byteCount, source)
    var leaves: [Digest] = []
    leaves.reserveCapacity(count)
    for index in 0..<count { leaves.append(buffer.digest(at: at + index * Digest.byteCount)) }
    let node = MapNode(byteCount: byteCount, leaves: leaves, zeros: zeros)
    guard !node.isZeros else { throw .damagedMap("a node of zeros is written as leaves") }
    return node
  }

  private mutating func readEnd(_ source: Source) throws(DeltaError) {
    let at = try take(8, source)
    guard buffer.littleEndian(at: at, count: 8) == size else {
      throw .damagedMap("its nodes do not add up to the file's size")
    }
    let computed = checksum.digest()
    let written = try take(Digest.byteCount, source)
    guard buffer.digest(at: written) == computed else {
      throw .damagedMap("its checksum does not fit")
    }
    guard position == buffer.count, try source(1).isEmpty else {
      throw .damagedMap("bytes follow its end")
    }
    phase = .finished
  }

  /// Where the next `count` bytes stand in the buffer, at most a node's; they have gone into the checksum.
  private mutating func take(_ count: Int, _ source: Source) throws(DeltaError) -> Int {
    if buffer.count - position < count {
      buffer.removeFirst(position)
      position = 0
      while buffer.count < count {
        let more = try source(DigestMapReader.pieceLength)
        guard !more.isEmpty else { throw .damagedMap("it ends too early") }
        guard more.count <= DigestMapReader.pieceLength else {
          throw .bug("cannot read", "a digest map", cause: "its source gave more than was asked for")
        }
        buffer.append(contentsOf: more)
      }
    }
    let start = position
    position += count
    let taken = buffer[start..<position]
    // SAFETY: bytes have no padding.
    checksum.update(unsafe taken.span.bytes)
    return start
  }
}
