import HotsyncCatalog
import HotsyncSystem

/// The names in a store's folder.
enum StoreLayout {
  static let format = name("format")
  static let lock = name("lock")
  /// Held by an agent from its first write to its end: one cycle at a time.
  static let cycleLock = name("cycle.lock")
  static let mirror = name("mirror")
  static let files = name("files")
  static let dumps = name("dumps")
  static let facts = name("facts")
  static let incoming = name("incoming")
  static let history = name("history")
  static let catalog = name("catalog")
  static let signatures = name("signatures")
  static let pins = name("pins")
  static let journal = name("journal")
  static let generations = name("generations")
  /// Which generations are kept under names.
  static let snapshots = name("snapshots")
  static let ballast = name("ballast")
  /// When the master was last seen in step.
  static let contact = name("contact")

  /// Of `incoming/`.
  static let content = name("content")
  static let newFolders = name("new")
  static let changes = name("changes")
  static let actions = name("actions")
  static let begun = name("begun")

  /// Of `history/<generation>/`: displaced files, and the blocks that a patch in place overwrites.
  static let undo = name("undo")

  static let folders = [incoming, history, catalog, signatures, pins]
  /// Where people and programs look for what lies in `mirror/files/.hotsync`: name, and what the link holds.
  static let mirrorLinks = [(dumps, ReservedPaths.dumps), (facts, ReservedPaths.facts)]

  static func name(_ text: String) -> FileName {
    guard let name = FileName(text) else { preconditionFailure("\(text) is no name") }
    return name
  }

  /// A generation's own segment.
  static func segment(_ number: UInt64) -> FileName { name("\(number).segment") }

  /// The generation that wrote a segment; nil for a name that is none of one.
  static func number(ofSegment name: FileName) -> UInt64? {
    let words = String(decoding: name.bytes, as: UTF8.self).split(separator: ".")
    return words.count == 2 && words[1] == "segment" ? UInt64(words[0]) : nil
  }

  /// The number that a name is, written as `name` writes it; nil for any other name.
  static func number(_ name: FileName) -> UInt64? {
    guard let number = UInt64(String(decoding: name.bytes, as: UTF8.self)), self.name(number) == name else {
      return nil
    }
    return number
  }

  static func name(_ number: UInt64) -> FileName { name(String(number)) }
}

/// Where a connection's store lies below a root.
struct StorePlace {
  let store: RelativePath

  /// Nil for a path or a connection that cannot be part of one.
  init?(path: String, connection: String) {
    let names = path.split(separator: "/").joined(separator: "/")
    guard let parent = RelativePath(names), let name = FileName(connection), let store = parent.appending(name)
    else { return nil }
    self.store = store
  }
}
