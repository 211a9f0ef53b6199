public import HotsyncSystem

/// Where a generation keeps what is no file of the master's (docs/decisions/0025-dumps-and-facts-in-the-catalog.md): entries of
/// the catalog like all others, so that commit, history, verification and restore hold for them, too. Nothing of the
/// master's tree may stand there.
public enum ReservedPaths {
  public static let top = path(".hotsync")
  /// `<engine>/accounts.sql` and `<engine>/databases/<name>.sql`, each with its `.tables` beside it.
  public static let dumps = path(".hotsync/dumps")
  /// One JSON document a subject.
  public static let facts = path(".hotsync/facts")

  public static func holds(_ path: RelativePath) -> Bool { path == top || path.isBelow(top) }

  /// - Parameter path: relative to `dumps`.
  public static func inDumps(_ path: RelativePath) -> RelativePath {
    path.names.reduce(dumps) { $0.appending($1) ?? $0 }
  }

  private static func path(_ text: String) -> RelativePath {
    guard let path = RelativePath(text) else { preconditionFailure("\(text) is no path") }
    return path
  }
}

extension Catalog {
  /// What is below `.hotsync`, in order.
  public func reserved() throws(CatalogError) -> [Record] {
    var records: [Record] = []
    try forEachReserved { records.append($0) }
    return records
  }

  /// Entries that are no part of the master's tree.
  public func reservedCount() throws(CatalogError) -> UInt64 {
    var count: UInt64 = 0
    try forEachReserved { _ in count += 1 }
    return count
  }

  private func forEachReserved(_ body: (Record) -> Void) throws(CatalogError) {
    let cursor = try self.cursor()
    try cursor.seek(to: ReservedPaths.top)
    while let record = cursor.current?.record, ReservedPaths.holds(record.path) {
      body(record)
      try cursor.advance()
    }
  }
}
