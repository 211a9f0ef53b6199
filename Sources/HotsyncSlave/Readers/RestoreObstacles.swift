import HotsyncCatalog
import HotsyncSystem

/// Looks, before anything is changed, whether something stands where a restore would put its files.
final class RestoreObstacles {
  private let catalog: Catalog
  private let request: RestoreRequest
  private let target: Folder

  init(_ catalog: Catalog, _ request: RestoreRequest, _ target: borrowing Folder) throws(StoreError) {
    self.catalog = catalog
    self.request = request
    self.target = try StoreError.telling { () throws(SystemError) in try target.duplicate() }
  }

  func check() throws(StoreError) {
    let top = try StoreError.telling { () throws(SystemError) in try target.descriptor.status() }
    guard !top.isUnchangeable else { throw .unchangeable("the target folder") }
    for path in request.paths { try checkParents(of: path) }
    let cursor = try SubtreeCursor(catalog, roots: request.paths)
    let folders = try StoreError.telling { () throws(SystemError) in try FolderCache(target, rights: 0) }
    while let record = cursor.current {
      if request.leavesOut(record.path) {
        try cursor.skipSubtree()
        continue
      }
      let status = try look(at: record.path, folders)
      if let status, !isAllowed(status, for: record) { throw .inTheWay(record.path) }
      if status?.isUnchangeable == true { throw .unchangeable(record.path.description) }
      // Where there is no folder there is nothing in it either.
      if status?.kind != .folder, record.isFolder { try cursor.skipSubtree() } else { try cursor.advance() }
    }
  }

  private func checkParents(of path: RelativePath) throws(StoreError) {
    var parent = path.parent
    while let folder = parent {
      let status = try StoreError.telling { () throws(SystemError) in try target.statusIfPresent(at: folder) }
      if let status, status.kind != .folder, !request.force { throw .inTheWay(folder) }
      if status?.isUnchangeable == true { throw .unchangeable(folder.description) }
      parent = folder.parent
    }
  }

  private func look(at path: RelativePath, _ folders: FolderCache) throws(StoreError) -> FileStatus? {
    do throws(SystemError) {
      return try folders.withParent(of: path) { (folder) throws(SystemError) in try folder.statusIfPresent(path.name) }
    } catch {
      if error.isMissing || error.isLoop { return nil }
      throw StoreError(error)
    }
  }

  private func isAllowed(_ status: FileStatus, for record: Record) -> Bool {
    let isFolder = status.kind == .folder
    // A folder is never replaced by what is none, as all in it would go.
    if request.force { return !isFolder || record.isFolder }
    return isFolder && record.isFolder
  }
}

extension Folder {
  fileprivate func statusIfPresent(at path: RelativePath) throws(SystemError) -> FileStatus? {
    do throws(SystemError) { return try parentFolder(of: path).statusIfPresent(path.name) } catch {
      if error.isMissing || error.isLoop { return nil }
      throw error
    }
  }
}

extension FileStatus {
  /// Not even root can replace it, or what is in it.
  fileprivate var isUnchangeable: Bool { isImmutable || isAppendOnly }
}

extension StoreError {
  fileprivate static func unchangeable(_ subject: String) -> StoreError {
    StoreError(
      .unwritable, "cannot restore", subject,
      cause: "what stands there in the target is immutable or append-only, which not even root may replace",
      next: "see lsattr -d, then chattr -i -a on it; or restore into an empty folder")
  }
}
