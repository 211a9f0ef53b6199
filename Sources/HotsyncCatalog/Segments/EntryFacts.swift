public import HotsyncSystem

/// What tells of an entry, without a record being made of it, whether the walk sees the very same again.
public struct EntryFacts: Sendable, Equatable {
  public enum Kind: Sendable { case removed, regular, folder, symbolicLink, fifo, device, hardLink }

  public internal(set) var kind = Kind.removed
  public internal(set) var stamp: Stamp?
  public internal(set) var permissions: UInt16 = 0
  public internal(set) var modified = Timestamp.zero
  /// Of a regular file.
  public internal(set) var size: UInt64 = 0
  /// Where the encoded owner and group lie in their block, one behind the other.
  var owners = 0..<0
}

/// A block of a segment, its entries read one after the other where they lie.
struct EncodedBlock {
  private var reader: ByteReader
  /// Of the entry that was read last; empty before the first.
  private(set) var path: [UInt8] = []
  private(set) var facts = EntryFacts()
  /// What follows the path, to be decoded where somebody wants the whole entry.
  private var body = 0

  init(_ bytes: [UInt8] = []) { reader = ByteReader(bytes) }

  /// Goes on to the next entry; false at the end of the block.
  mutating func next() throws(Malformed) -> Bool {
    guard !reader.isAtEnd else { return false }
    try readPath()
    body = reader.position
    facts = try EncodedBlock.facts(&reader)
    return true
  }

  private mutating func readPath() throws(Malformed) {
    let shared = Int(try reader.integer(atMost: UInt64(path.count)))
    let rest = try reader.data(atMost: RelativePath.maximumLength - shared)
    // What they share decides nothing.
    guard RelativePath.precedes(path.span.extracting(shared...), rest.span) else {
      throw Malformed("paths out of order")
    }
    path.removeLast(path.count - shared)
    path.append(contentsOf: rest)
  }

  /// The entry, decoded.
  func entry() throws(Malformed) -> SegmentEntry {
    guard let path = RelativePath(path) else { throw Malformed("a path") }
    var reader = reader.from(body)
    return try EntryCoding.body(at: path, from: &reader)
  }

  /// Whether the entry's owner and group are those that `ByteWriter.owners` wrote.
  func hasOwners(_ encoded: [UInt8]) -> Bool { reader.holds(encoded, at: facts.owners) }

  private static func facts(_ reader: inout ByteReader) throws(Malformed) -> EntryFacts {
    var facts = EntryFacts()
    switch EntryCoding.Mark(rawValue: try reader.byte()) {
    case .removed: return facts
    case .present: break
    case .stamped: facts.stamp = try reader.stamp()
    case nil: throw Malformed("an unknown mark")
    }
    facts.kind = try reader.kind()
    if facts.kind == .hardLink {
      try reader.skipData()
      return facts
    }
    facts.permissions = UInt16(try reader.integer(atMost: 0o7777))
    let owners = reader.position
    for _ in 0..<2 {
      _ = try reader.integer()
      try reader.skipData()
    }
    facts.owners = owners..<reader.position
    facts.modified = try reader.timestamp()
    for _ in 0..<(try reader.count(atMost: Limits.attributes, minimumBytes: 2)) {
      try reader.skipData()
      try reader.skipData()
    }
    switch facts.kind {
    case .regular:
      facts.size = try reader.integer()
      try reader.skip(Digest.byteCount)
    case .symbolicLink: try reader.skipData()
    case .device: _ = try reader.deviceNumber()
    case .folder, .fifo, .hardLink, .removed: break
    }
    return facts
  }
}
