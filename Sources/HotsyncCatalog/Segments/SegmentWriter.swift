public import HotsyncSystem

/// Writes a segment: entries in the order of their paths, in blocks that carry a digest each, then an index of the blocks
/// (docs/store-format.md, "Segment"). Nothing is flushed here: the owner of the folder decides when.
public struct SegmentWriter: ~Copyable {
  static let magic = Array("HSSEG001".utf8)
  static let blockLength = 16 << 10
  /// index offset, index length, entries (8 bytes each, least first), digest of the index and these three, magic.
  static let footerLength = 3 * 8 + Digest.byteCount + magic.count

  private let file: Descriptor
  private let key: HashKey
  private var offset: UInt64
  private var block = ByteWriter(reserving: SegmentWriter.blockLength + 4_096)
  private var index = ByteWriter()
  private var firstPath: [UInt8] = []
  private var lastPath: [UInt8] = []
  private var last: RelativePath?
  public private(set) var entries: UInt64 = 0

  /// - Parameter file: empty, open for writing.
  public init(_ file: consuming Descriptor, key: HashKey) throws(SystemError) {
    self.file = file
    self.key = key
    offset = UInt64(SegmentWriter.magic.count)
    try self.file.write(SegmentWriter.magic, at: 0)
  }

  /// - Precondition: the path comes after all before it.
  public mutating func append(_ entry: SegmentEntry) throws(SystemError) {
    let path = entry.path
    if let last { precondition(last < path, "segment entries out of order: \(last), \(path)") }
    last = path
    if block.count == 0 { firstPath = path.bytes }
    EntryCoding.write(entry, after: lastPath, to: &block)
    lastPath = path.bytes
    entries += 1
    if block.count >= SegmentWriter.blockLength { try endBlock() }
  }

  private mutating func endBlock() throws(SystemError) {
    guard block.count > 0 else { return }
    index.integer(offset)
    index.integer(UInt64(block.count))
    index.digest(key.digest(of: block.bytes))
    index.data(firstPath)
    try file.write(block.bytes, at: offset)
    offset += UInt64(block.count)
    block.removeAll()
    lastPath = []
  }

  /// Writes what is left and the index; gives the length of the file.
  public consuming func finish() throws(SystemError) -> UInt64 {
    try endBlock()
    var footer = ByteWriter()
    for value in [offset, UInt64(index.count), entries] {
      footer.raw((0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) })
    }
    footer.digest(key.digest(of: index.bytes + footer.bytes))
    footer.raw(SegmentWriter.magic)
    try file.write(index.bytes, at: offset)
    try file.write(footer.bytes, at: offset + UInt64(index.count))
    return offset + UInt64(index.count) + UInt64(footer.count)
  }
}
