public import HotsyncSystem

/// What a promotion needs to know of the master: one JSON document a subject, part of each generation
/// (docs/decisions/0029-the-slaves-hour.md). Volatile things are no facts: the same machine gives the same bytes.
public enum Facts {
  /// The longest document that is taken.
  public static let limit = 16 << 20
  static let version = 1
  /// The most elements that a list in one may have.
  static let listLimit = 100_000

  /// The documents' names, sorted.
  public static let names = [
    Accounts.name, Databases.name, Machine.name, Network.name, Packages.name, Schedules.name, Services.name,
  ]

  /// Gathers all facts of the machine whose files lie below a root.
  ///
  /// - Parameters:
  ///   - isMachine: the root is the machine's own: then also what the kernel tells counts.
  ///   - cache: a folder where documents are kept with the stamps of the files that they were made from; they are gathered
  ///     again only where those changed.
  /// - Returns: a document a subject, in the order of their names.
  public static func gather(
    below root: borrowing Folder, isMachine: Bool, cache: borrowing Folder?
  ) throws(FactsError) -> [(name: String, bytes: [UInt8])] {
    try gather(below: root, isMachine: isMachine, cache: cache, now: Clocks.system.now())
  }

  /// - Parameter now: files that were changed within the last seconds before it may change again unseen.
  static func gather(
    below root: borrowing Folder, isMachine: Bool, cache: borrowing Folder?, now: Timestamp
  ) throws(FactsError) -> [(name: String, bytes: [UInt8])] {
    let source = try Source(root, isMachine: isMachine)
    let kept = try FactsCache(cache, now: now)
    return [
      (Accounts.name, try kept.document(Accounts.self, source)),
      (Databases.name, try kept.document(Databases.self, source)),
      (Machine.name, try kept.document(Machine.self, source)),
      // What the kernel tells has no stamp, and its files are few.
      (Network.name, try Network(gathering: source).encode()),
      (Packages.name, try kept.document(Packages.self, source)),
      (Schedules.name, try kept.document(Schedules.self, source)),
      (Services.name, try kept.document(Services.self, source)),
    ]
  }
}

/// Facts that are gathered from files alone.
protocol Gathered: FactsDocument {
  /// The files and folders that they come from, relative to the root.
  static var sources: [String] { get }

  init(gathering source: Source) throws(FactsError)
}
