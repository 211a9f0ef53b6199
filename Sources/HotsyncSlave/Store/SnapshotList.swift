public import HotsyncCatalog
public import HotsyncSystem

/// A generation that is kept under a name.
public struct Snapshot: Sendable, Equatable {
  public let name: SnapshotName
  public let generation: UInt64
  public let pinned: Timestamp
  /// When the master first asked to let it go; nil where it never did.
  public internal(set) var asked: Timestamp?

  public init(name: SnapshotName, generation: UInt64, pinned: Timestamp, asked: Timestamp? = nil) {
    self.name = name
    self.generation = generation
    self.pinned = pinned
    self.asked = asked
  }
}

/// The file `snapshots`: a line each, in the order of their names, then a line with the digest of those before. Readable at a
/// console. There is one form of each list, so that nothing in it can be overlooked.
struct SnapshotList: Equatable {
  /// More than the longest lines of all that there may be.
  static let limit = Limits.snapshots * 256

  private(set) var all: [Snapshot]

  static let empty = SnapshotList(all: [])

  subscript(_ name: SnapshotName) -> Snapshot? { all.first { $0.name == name } }

  /// Puts one in, or in the place of the one with its name.
  mutating func put(_ snapshot: Snapshot) {
    remove(snapshot.name)
    all.insert(snapshot, at: all.firstIndex { snapshot.name < $0.name } ?? all.endIndex)
  }

  mutating func remove(_ name: SnapshotName) { all.removeAll { $0.name == name } }

  func encode(key: HashKey) -> [UInt8] {
    var text = ""
    for snapshot in all {
      text += "\(snapshot.name) \(snapshot.generation) pinned=\(SnapshotList.text(snapshot.pinned))"
      text += (snapshot.asked.map { " asked=\(SnapshotList.text($0))" } ?? "") + "\n"
    }
    return SealedText.seal(text, key: key)
  }

  static func parse(_ bytes: [UInt8], key: HashKey) throws(StoreError) -> SnapshotList {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.count <= Limits.snapshots + 1 else { throw .damagedSnapshots("it holds more than there may be") }
    let list = SnapshotList(all: lines.dropLast().compactMap(parseLine))
    guard list.encode(key: key) == bytes else { throw .damagedSnapshots("it is cut short or altered") }
    for (snapshot, next) in zip(list.all, list.all.dropFirst()) where !(snapshot.name < next.name) {
      throw .damagedSnapshots("it is out of order")
    }
    return list
  }

  private static func parseLine(_ line: Substring) -> Snapshot? {
    let words = line.split(separator: " ")
    guard (3...4).contains(words.count), let name = SnapshotName(words[0]), let generation = UInt64(words[1]),
      let pinned = time(words[2], after: "pinned=")
    else { return nil }
    let asked = words.count == 4 ? time(words[3], after: "asked=") : nil
    return Snapshot(name: name, generation: generation, pinned: pinned, asked: asked)
  }

  private static func text(_ time: Timestamp) -> String { "\(time.seconds).\(time.nanoseconds)" }

  private static func time(_ word: Substring, after prefix: String) -> Timestamp? {
    let parts = word.dropFirst(prefix.count).split(separator: ".")
    guard word.hasPrefix(prefix), parts.count == 2, let seconds = Int64(parts[0]), let nanoseconds = UInt32(parts[1])
    else { return nil }
    return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
  }
}

extension StoreError {
  static func damagedSnapshots(_ cause: String) -> StoreError {
    StoreError(
      .damaged, "cannot use", "the store's list of snapshots", cause: cause,
      next: "move its file \"snapshots\" away, then pin anew what must stay: hotsync-slave snapshot pin NAME "
        + "--generation G")
  }
}
