import HotsyncCatalog
import HotsyncSystem

/// Goes through chosen parts of a catalog in order: each path with all below it, nothing twice.
final class SubtreeCursor {
  private let cursor: MergedCursor
  /// In order, none below another; nil for everything.
  private var roots: ArraySlice<RelativePath>?

  init(_ catalog: Catalog, roots: [RelativePath]) throws(StoreError) {
    do throws(CatalogError) { cursor = try catalog.cursor() } catch { throw StoreError(error) }
    guard !roots.isEmpty else { return }
    var apart: [RelativePath] = []
    for root in Set(roots).sorted() where apart.last.map({ !root.isBelow($0) }) ?? true { apart.append(root) }
    self.roots = apart[...]
    try settle()
  }

  var current: Record? {
    roots?.isEmpty == true ? nil : cursor.current?.record
  }

  func advance() throws(StoreError) {
    do throws(CatalogError) { try cursor.advance() } catch { throw StoreError(error) }
    try settle()
  }

  /// Leaves out the entry under the cursor with all below it.
  func skipSubtree() throws(StoreError) {
    guard let path = current?.path else { return }
    try cursor.skip(below: path)
    try settle()
  }

  private func settle() throws(StoreError) {
    while let root = roots?.first {
      do throws(CatalogError) { try cursor.seek(to: root) } catch { throw StoreError(error) }
      guard let path = cursor.current?.path else { return }
      if path == root || path.isBelow(root) { return }
      roots?.removeFirst()
    }
  }
}

extension MergedCursor {
  /// Moves to the first entry after the path that is not below it.
  func skip(below path: RelativePath) throws(StoreError) {
    do throws(CatalogError) {
      // Names that begin with the path's own and go on come after all that is below it; the smallest goes on with 1.
      if let after = RelativePath(path.bytes + [1]) {
        try seek(to: after)
      } else {
        while let next = current?.path, next == path || next.isBelow(path) { try advance() }
      }
    } catch { throw StoreError(error) }
  }
}
