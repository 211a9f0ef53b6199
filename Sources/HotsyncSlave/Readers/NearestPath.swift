import HotsyncCatalog
import HotsyncSystem

/// Finds what an operator may have meant by a path that is not there.
struct NearestPath {
  private let catalog: Catalog
  /// Beyond that many names in one folder the folder itself is hint enough.
  private static let mostNames = 20_000

  init(_ catalog: Catalog) { self.catalog = catalog }

  /// The name most like it in the innermost folder that is there, else that folder; nil where not even its top is there.
  func find(_ path: RelativePath) throws(StoreError) -> RelativePath? {
    do throws(CatalogError) {
      var wanted = path
      while let parent = wanted.parent, try catalog.record(at: parent) == nil { wanted = parent }
      return try mostLike(wanted) ?? wanted.parent
    } catch { throw StoreError(error) }
  }

  private func mostLike(_ path: RelativePath) throws(CatalogError) -> RelativePath? {
    let cursor = try catalog.cursor()
    if let parent = path.parent {
      try cursor.seek(to: parent)
      try cursor.advance()
    }
    var best: (path: RelativePath, distance: Int)?
    var seen = 0
    while let next = cursor.current?.path, path.parent.map({ next.isBelow($0) }) ?? true, seen < NearestPath.mostNames {
      seen += 1
      let distance = NearestPath.distance(next.name.bytes, path.name.bytes)
      if distance <= max(1, path.name.bytes.count / 3), distance < best?.distance ?? .max { best = (next, distance) }
      do throws(StoreError) { try cursor.skip(below: next) } catch { throw CatalogError(error) }
    }
    return best?.path
  }

  /// Levenshtein's.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (index, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let change = diagonal + (right[column] == byte ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(change, row[column] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}
