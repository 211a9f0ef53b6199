public import HotsyncSystem

/// An `EncodedCursor` for those who want every entry.
public final class MergedCursor {
  private let cursor: EncodedCursor
  /// The entry under the cursor; nil at the end.
  public private(set) var current: SegmentEntry?

  /// - Parameter segments: newest first.
  /// - Parameter keepsRemovals: also gives entries that say "gone", for a merge into older segments.
  public init(_ segments: [Segment], keepsRemovals: Bool = false) throws(CatalogError) {
    cursor = try EncodedCursor(segments, keepsRemovals: keepsRemovals)
    current = try cursor.entry()
  }

  public func advance() throws(CatalogError) {
    try cursor.advance()
    current = try cursor.entry()
  }

  /// Moves forward to the first entry at or after the path.
  public func seek(to path: RelativePath) throws(CatalogError) {
    guard cursor.isBefore(path.bytes) else { return }
    try cursor.seek(to: path)
    current = try cursor.entry()
  }
}
