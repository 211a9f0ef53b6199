import HotsyncCatalog
import HotsyncSystem

/// Removes from the mirror what a verification found there and no catalog holds: it was never the master's, and must not come to
/// life with a promotion.
enum Strays {
  /// What cannot be removed stays on the list of damage.
  static func remove(from store: Store, newest: Generation?) throws(StoreError) {
    guard let newest else { return }
    let listed = try DamageList.readIfSound(store).mirror
    guard !listed.isEmpty else { return }
    let catalog = try store.catalog(of: newest)
    var gone: Set<RelativePath> = []
    for path in listed {
      do throws(CatalogError) { if try catalog.record(at: path) != nil { continue } } catch { throw StoreError(error) }
      if (try? remove(path, from: store.mirror)) != nil { gone.insert(path) }
    }
    try DamageList.remove(gone, in: store)
  }

  private static func remove(_ path: RelativePath, from mirror: borrowing Folder) throws(SystemError) {
    let parent: Folder
    do throws(SystemError) { parent = try mirror.parentFolder(of: path) } catch {
      // It went with what it lay in.
      guard error.isMissing || error.isLoop else { throw error }
      return
    }
    let modified = try parent.descriptor.status().modified
    try parent.removeTree(path.name)
    try parent.descriptor.setModified(modified)
  }
}
