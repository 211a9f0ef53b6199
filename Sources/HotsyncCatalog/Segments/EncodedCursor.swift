public import HotsyncSystem

/// Goes through several segments as one: in order, of each path only what the newest segment says. Entries stay encoded
/// until one is asked for: of a tree in which nothing has changed, nobody asks for any.
public final class EncodedCursor {
  /// Newest first.
  private var cursors: [SegmentCursor] = []
  private let keepsRemovals: Bool
  /// The one whose entry is under this cursor; nil at the end.
  private var newest: SegmentCursor?

  /// - Parameter segments: newest first.
  /// - Parameter keepsRemovals: also gives entries that say "gone", for a merge into older segments.
  public init(_ segments: [Segment], keepsRemovals: Bool = false) throws(CatalogError) {
    self.keepsRemovals = keepsRemovals
    for segment in segments { cursors.append(try SegmentCursor(segment)) }
    try settle()
  }

  /// What is known of the entry under the cursor; nil at the end.
  public var facts: EntryFacts? { newest?.facts }

  /// The entry under the cursor; nil at the end.
  public func entry() throws(CatalogError) -> SegmentEntry? { try newest?.entry() }

  /// Whether the entry under the cursor has the owner and the group that `ByteWriter.owners` wrote so.
  public func hasOwners(_ encoded: [UInt8]) -> Bool { newest?.hasOwners(encoded) ?? false }

  /// Whether the entry under the cursor comes before the path; false at the end.
  public func isBefore(_ path: [UInt8]) -> Bool {
    newest.map { RelativePath.precedes($0.path.span, path.span) } ?? false
  }

  public func isAt(_ path: [UInt8]) -> Bool { newest?.path == path }

  public func advance() throws(CatalogError) {
    try pass()
    try settle()
  }

  /// Moves forward to the first entry at or after the path.
  public func seek(to path: RelativePath) throws(CatalogError) {
    guard isBefore(path.bytes) else { return }
    for cursor in cursors { try cursor.seek(to: path) }
    try settle()
  }

  /// Passes over what all segments say of the path under the cursor.
  private func pass() throws(CatalogError) {
    guard let newest else { return }
    for cursor in cursors where cursor !== newest && !cursor.isAtEnd && cursor.path == newest.path {
      try cursor.advance()
    }
    try newest.advance()
  }

  private func settle() throws(CatalogError) {
    while true {
      newest = nil
      for cursor in cursors where !cursor.isAtEnd {
        if let known = newest, !RelativePath.precedes(cursor.path.span, known.path.span) { continue }
        newest = cursor
      }
      guard let newest, newest.facts.kind == .removed, !keepsRemovals else { return }
      try pass()
    }
  }
}
