import HotsyncSystem

/// `history/<number>/` as a reader has it open: what the commit after that generation displaced, and the old blocks of what it
/// patched in place.
final class HistoryLevel {
  let number: UInt64
  private let files: FolderCache?
  private let folder: Folder
  private let undoNames: Set<FileName>
  private let key: HashKey
  /// A folder that was found missing: what comes below it is missing, too, and readers go in order.
  private var missing: RelativePath?

  init(_ number: UInt64, in history: borrowing Folder, key: HashKey) throws(SystemError) {
    self.number = number
    self.key = key
    folder = try history.folder(StoreLayout.name(number))
    let displaced = try folder.ifPresent(StoreLayout.files)
    files = if let displaced { try FolderCache(displaced) } else { nil }
    undoNames = Set(try folder.ifPresent(StoreLayout.undo)?.names() ?? [])
  }

  /// The numbers that `history/` has, in order.
  static func numbers(in history: borrowing Folder) throws(SystemError) -> [UInt64] {
    try history.names().compactMap { StoreLayout.number($0) }.sorted()
  }

  /// The displaced entry at a path, with what was patched in it before; nil where there is none.
  func open(_ path: RelativePath, under undos: [Undo]) throws(SystemError) -> VersionFile? {
    try withFolder(of: path) { (folder) throws(SystemError) in try VersionFile(try folder.openRegular(path.name), undos)
    }
  }

  func status(_ path: RelativePath) throws(SystemError) -> FileStatus? {
    try withFolder(of: path) { (folder) throws(SystemError) in try folder.status(path.name) }
  }

  private func withFolder<Result>(
    of path: RelativePath, _ body: (borrowing Folder) throws(SystemError) -> Result
  ) throws(SystemError) -> Result? {
    guard let files else { return nil }
    if let missing, path == missing || path.isBelow(missing) { return nil }
    var isReached = false
    do throws(SystemError) {
      return try files.withParent(of: path) { (folder) throws(SystemError) in
        isReached = true
        return try body(folder)
      }
    } catch {
      guard error.isMissing || error.isLoop else { throw error }
      if !isReached { missing = path.parent }
      return nil
    }
  }

  func hasUndo(of path: RelativePath) -> Bool {
    !undoNames.isEmpty && undoNames.contains(UndoList.listName(UndoList.name(of: path, key: key)))
  }

  /// Nil where the commit patched nothing there.
  func undo(of path: RelativePath) throws(StoreError) -> Undo? {
    guard hasUndo(of: path) else { return nil }
    let name = UndoList.name(of: path, key: key)
    // A prune that has folded this level may have removed it: the reader then finds another content, and looks again.
    let undos = try StoreError.telling { () throws(SystemError) in try folder.ifPresent(StoreLayout.undo) }
    guard let undos else { return nil }
    return try Undo.open(name, in: undos, key: key)
  }
}

extension Folder {
  /// Nil where there is no folder of that name.
  func ifPresent(_ name: FileName) throws(SystemError) -> Folder? {
    do throws(SystemError) { return try folder(name) } catch {
      if error.isMissing { return nil }
      throw error
    }
  }
}
