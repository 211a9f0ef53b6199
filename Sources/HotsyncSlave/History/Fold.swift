import HotsyncCatalog
import HotsyncSystem

/// Folds what a generation that is dropped has in history into its elder, as far as that one needs it. Every step can be done
/// again, and until the last the elder finds all it needs in the one place or the other.
///
/// Where several neighbours go, the oldest must be folded first and wholly: what an earlier commit displaced hides what a later
/// one did.
final class Fold {
  private let store: Store
  private let elder: Generation
  private let pause: () throws(StoreError) -> Void
  private let from: Folder
  private let into: Folder
  private let files: FolderCache
  private let catalog: Catalog

  /// - Parameter pause: called between steps: gives the lock to others now and then.
  init(
    _ store: Store, _ dropped: UInt64, into elder: Generation, pause: @escaping () throws(StoreError) -> Void
  ) throws(StoreError) {
    self.store = store
    self.elder = elder
    self.pause = pause
    catalog = try store.catalog(of: elder)
    do throws(SystemError) {
      from = try store.historyFolder(dropped)
      into = try store.historyFolder(elder.number)
      files = try FolderCache(try into.makeOrOpenFolder(StoreLayout.files), makesMissing: true)
    } catch { throw StoreError(error) }
  }

  func run() throws(StoreError) {
    // While a displaced file still stands with the dropped one, the elder's undo must already have what lies over it.
    try foldUndos()
    try foldFiles()
  }

  private func level() throws(StoreError) -> HistoryLevel {
    try StoreError.telling { () throws(SystemError) in
      try HistoryLevel(elder.number, in: store.history, key: store.key)
    }
  }

  // MARK: Displaced files

  private func foldFiles() throws(StoreError) {
    let displaced = try StoreError.telling { () throws(SystemError) in try from.ifPresent(StoreLayout.files) }
    guard let displaced else { return }
    let walk = try MirrorWalk(displaced)
    let cursor: MergedCursor
    do throws(CatalogError) { cursor = try catalog.cursor() } catch { throw StoreError(error) }
    let level = try level()
    while let (path, status) = try walk.current() {
      try walk.enter(status.kind == .folder) { (folder) throws(StoreError) in
        guard status.kind == .regular, try isWanted(path, cursor, level) else { return }
        crashPoint("fold")
        try StoreError.telling { () throws(SystemError) in
          try files.withParent(of: path) { (target) throws(SystemError) in
            // A folder there was made by hand: the elder has a file.
            if try target.statusIfPresent(path.name)?.kind == .folder { try target.removeTree(path.name) }
            try folder.rename(path.name, into: target, as: path.name)
          }
        }
        try pause()
      }
    }
  }

  /// Whether the elder has a file there, and no version of its own of it.
  private func isWanted(
    _ path: RelativePath, _ cursor: MergedCursor, _ level: HistoryLevel
  ) throws(StoreError) -> Bool {
    do throws(CatalogError) { try cursor.seek(to: path) } catch { throw StoreError(error) }
    guard let record = cursor.current?.record, record.path == path, record.namesContent else { return false }
    return try !hasOwn(path, level)
  }

  private func hasOwn(_ path: RelativePath, _ level: HistoryLevel) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in try level.status(path)?.kind == .regular }
  }

  // MARK: Undos

  private func foldUndos() throws(StoreError) {
    let undos = try StoreError.telling { () throws(SystemError) in try from.ifPresent(StoreLayout.undo) }
    guard let undos else { return }
    let target = try StoreError.telling { () throws(SystemError) in try into.makeOrOpenFolder(StoreLayout.undo) }
    let level = try level()
    for name in try StoreError.telling({ () throws(SystemError) in try undos.names() }) {
      guard case .sound(let later) = try undo(name, in: undos) else { continue }
      let path = later.list.path
      guard try record(at: path)?.namesContent ?? false,
        try !hasOwn(path, level)
      else { continue }
      crashPoint("fold")
      switch try undo(name, in: target) {
      case .sound(let own):
        try StoreError.telling { () throws(SystemError) in try own.take(later, in: target, key: store.key) }
      // It stays, so that verification goes on to say what is lost.
      case .altered: break
      case .missing:
        try StoreError.telling { () throws(SystemError) in
          for name in [name, UndoList.listName(name)] {
            try target.unlinkIfPresent(name)
            try undos.link(name, into: target, as: name)
          }
        }
      }
      try pause()
    }
  }

  private enum Found {
    case missing
    /// It helps nobody: the file is lost with it.
    case altered
    case sound(Undo)
  }

  private func undo(_ name: FileName, in folder: borrowing Folder) throws(StoreError) -> Found {
    do throws(StoreError) {
      return try Undo.open(name, in: folder, key: store.key).map { .sound($0) } ?? .missing
    } catch {
      // What could not be read just now is no altered one.
      guard error.kind == .damaged else { throw error }
      return .altered
    }
  }

  private func record(at path: RelativePath) throws(StoreError) -> Record? {
    do throws(CatalogError) { return try catalog.record(at: path) } catch { throw StoreError(error) }
  }
}

extension Record {
  /// Whether a file's content may be found by this path. A further name counts, too: in generations before this one it may have
  /// been the first, and they look for it here.
  fileprivate var namesContent: Bool {
    switch content {
    case .regular, .hardLink: true
    default: false
    }
  }
}
