public import HotsyncCatalog
public import HotsyncSystem

/// A snapshot as the slave lists it.
public struct ListedSnapshot: Hashable, Sendable {
  public let name: SnapshotName
  public let generation: UInt64
  /// Of that generation; nil where the slave does not have it any more.
  public let time: Timestamp?
  public let pinned: Timestamp
  /// When the master first asked to let it go; nil where it never did.
  public let asked: Timestamp?

  public init(name: SnapshotName, generation: UInt64, time: Timestamp?, pinned: Timestamp, asked: Timestamp?) {
    self.name = name
    self.generation = generation
    self.time = time
    self.pinned = pinned
    self.asked = asked
  }

  /// The shortest form: a name of one byte.
  private static let minimumBytes = 7

  func encode(to writer: inout ByteWriter) {
    writer.text(name.text)
    writer.integer(generation)
    writer.optional(time)
    writer.timestamp(pinned)
    writer.optional(asked)
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    name = try reader.snapshotName()
    generation = try reader.integer(atMost: Limits.number)
    time = try reader.optionalTimestamp()
    pinned = try reader.timestamp()
    asked = try reader.optionalTimestamp()
  }

  /// All of a store, in the order of their names.
  static func list(from reader: inout ByteReader) throws(Malformed) -> [ListedSnapshot] {
    var list: [ListedSnapshot] = []
    for _ in 0..<(try reader.count(atMost: Limits.snapshots, minimumBytes: minimumBytes)) {
      let snapshot = try ListedSnapshot(from: &reader)
      if let last = list.last, !(last.name < snapshot.name) { throw Malformed("snapshots out of order") }
      list.append(snapshot)
    }
    return list
  }
}

extension ByteReader {
  mutating func snapshotName() throws(Malformed) -> SnapshotName {
    guard let name = SnapshotName(try text(atMost: Limits.snapshotName)) else { throw Malformed("a snapshot's name") }
    return name
  }

  fileprivate mutating func optionalTimestamp() throws(Malformed) -> Timestamp? {
    try flag() ? try timestamp() : nil
  }
}

extension ByteWriter {
  fileprivate mutating func optional(_ time: Timestamp?) {
    flag(time != nil)
    if let time { timestamp(time) }
  }
}
