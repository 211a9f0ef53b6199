public import HotsyncSystem

/// What a segment says of one path.
public enum SegmentEntry: Hashable, Sendable {
  case present(Record, Stamp?)
  /// The path that older segments have is gone.
  case removed(RelativePath)

  public var path: RelativePath {
    switch self {
    case .present(let record, _): record.path
    case .removed(let path): path
    }
  }

  public var record: Record? {
    if case .present(let record, _) = self { record } else { nil }
  }
}

public enum CatalogDomain {}
/// What is wrong with a catalog, or could not be done to one.
public typealias CatalogError = Failure<CatalogDomain>

extension CatalogError {
  static func damaged(_ cause: String) -> CatalogError {
    CatalogError(
      .damaged, "cannot read", "the catalog", cause: cause,
      next: "hotsync-slave verify --full, and see the hardware's log: journalctl -k -p err")
  }
}

/// The form of an entry within a block: the path as the number of bytes shared with the one before and the rest.
enum EntryCoding {
  enum Mark: UInt8 {
    case present = 1
    case stamped = 2
    case removed = 3
  }

  static func write(_ entry: SegmentEntry, after previous: [UInt8], to writer: inout ByteWriter) {
    let path = entry.path.bytes
    var shared = 0
    while shared < min(path.count, previous.count), path[shared] == previous[shared] { shared += 1 }
    writer.integer(UInt64(shared))
    writer.data(path[shared...])
    switch entry {
    case .removed: writer.byte(Mark.removed.rawValue)
    case .present(let record, nil):
      writer.byte(Mark.present.rawValue)
      writer.record(record)
    case .present(let record, .some(let stamp)):
      writer.byte(Mark.stamped.rawValue)
      writer.integer(stamp.inode)
      writer.timestamp(stamp.changed)
      writer.timestamp(stamp.born)
      writer.flag(stamp.isTooFresh)
      writer.record(record)
    }
  }

  static func read(
    after previous: RelativePath?, from reader: inout ByteReader
  ) throws(Malformed) -> SegmentEntry {
    let before = previous?.bytes ?? []
    let shared = Int(try reader.integer(atMost: UInt64(before.count)))
    let rest = try reader.data(atMost: RelativePath.maximumLength)
    guard let path = RelativePath(before[..<shared] + rest) else { throw Malformed("a path") }
    if let previous, !(previous < path) { throw Malformed("paths out of order") }
    return try body(at: path, from: &reader)
  }

  /// What follows the path.
  static func body(at path: RelativePath, from reader: inout ByteReader) throws(Malformed) -> SegmentEntry {
    switch Mark(rawValue: try reader.byte()) {
    case .removed: return .removed(path)
    case .present: return .present(try reader.record(at: path), nil)
    case .stamped:
      let stamp = try reader.stamp()
      return .present(try reader.record(at: path), stamp)
    case nil: throw Malformed("an unknown mark")
    }
  }
}

extension ByteReader {
  mutating func stamp() throws(Malformed) -> Stamp {
    let inode = try integer()
    let changed = try timestamp()
    let born = try timestamp()
    return Stamp(inode: inode, changed: changed, born: born, isTooFresh: try flag())
  }
}
