public import HotsyncSystem

/// Goes through several segments as one: in order, of each path only what the newest segment says.
public final class MergedCursor {
  /// Newest first.
  private var cursors: [SegmentCursor] = []
  private let keepsRemovals: Bool
  /// The entry under the cursor; nil at the end.
  public private(set) var current: SegmentEntry?

  /// - Parameter segments: newest first.
  /// - Parameter keepsRemovals: also gives entries that say "gone", for a merge into older segments.
  public init(_ segments: [Segment], keepsRemovals: Bool = false) throws(CatalogError) {
    self.keepsRemovals = keepsRemovals
    for segment in segments { cursors.append(try SegmentCursor(segment)) }
    try settle()
  }

  public func advance() throws(CatalogError) {
    guard let path = current?.path else { return }
    for cursor in cursors where cursor.current?.path == path { try cursor.advance() }
    try settle()
  }

  /// Moves forward to the first entry at or after the path.
  public func seek(to path: RelativePath) throws(CatalogError) {
    guard let current, current.path < path else { return }
    for cursor in cursors { try cursor.seek(to: path) }
    try settle()
  }

  private func settle() throws(CatalogError) {
    while true {
      var smallest: SegmentEntry?
      for cursor in cursors {
        guard let entry = cursor.current else { continue }
        if let known = smallest, !(entry.path < known.path) { continue }
        smallest = entry
      }
      current = smallest
      guard case .removed(let path) = smallest, !keepsRemovals else { return }
      for cursor in cursors where cursor.current?.path == path { try cursor.advance() }
    }
  }
}
