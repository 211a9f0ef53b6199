import HotsyncCatalog
import HotsyncSystem

/// Carries out a commit after its commit point. Every step can be done again: whoever finds a journal begins at the start.
///
/// Three passes over the changes: backwards, what goes is displaced (what a folder holds before the folder); forwards,
/// what comes takes its place (a folder before what it holds); backwards again, the folders get their metadata, which
/// the passes before have touched.
final class CarryOut {
  private let store: Store
  private let journal: Journal
  private let changes: Segment
  private let actions: ActionList
  private let catalog: Catalog
  private let metadata: MetadataWriter
  private let staged: Folder
  /// Nil where the cycle has none.
  private let newFolders: FolderCache?
  private let mirror: FolderCache
  private let displaced: FolderCache
  /// What could not be brought to its place, as the mirror was touched from outside.
  private(set) var damaged: Set<RelativePath> = []
  /// Folders whose entries changed while they have no change of their own.
  private var touched: Set<RelativePath> = []
  /// A folder that the first pass found missing: below it there is nothing to displace.
  private var missing: RelativePath?

  init(_ store: Store, _ journal: Journal, metadata: MetadataWriter) throws(StoreError) {
    self.store = store
    self.journal = journal
    self.metadata = metadata
    actions = try CarryOut.readActions(store, journal)
    let file = try StoreError.telling { () throws(SystemError) in try store.incoming.open(StoreLayout.changes) }
    do throws(CatalogError) { changes = try Segment(file, key: store.key) } catch { throw StoreError(error) }
    guard changes.entries == UInt64(actions.count) else {
      throw .damaged("the journal", "its changes and actions differ in number")
    }
    catalog = try store.catalog(of: journal.generation)
    staged = try StoreError.telling { () throws(SystemError) in try Staging.folder(of: store) }
    newFolders = try StoreError.telling { () throws(SystemError) in
      guard let folder = try store.incoming.folderIfPresent(at: RelativePath(StoreLayout.newFolders)) else {
        return nil
      }
      return try FolderCache(folder)
    }
    mirror = try StoreError.telling { () throws(SystemError) in try FolderCache(store.mirror, rights: 0o700) }
    displaced = try StoreError.telling { () throws(SystemError) in
      let history = try store.historyFolder(journal.previous).makeOrOpenFolder(StoreLayout.files)
      return try FolderCache(history, makesMissing: true)
    }
  }

  private static func readActions(_ store: Store, _ journal: Journal) throws(StoreError) -> ActionList {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try store.incoming.content(of: StoreLayout.actions, limit: Int(Limits.records) * 10)
    }
    guard let bytes, store.key.digest(of: bytes) == journal.actions else {
      throw .damaged("the journal", "its list of actions is missing or altered")
    }
    do throws(Malformed) { return try ActionList(decoding: bytes) } catch {
      throw .damaged("the journal", error.reason)
    }
  }

  func run() throws(StoreError) {
    try changes.forEachBackwards { (entry) throws(StoreError) in
      try step(entry) { (entry) throws(SystemError) in try clear(entry) }
    }
    var index = 0
    mirror.forget()
    try forEachChange { (entry) throws(StoreError) in
      try step(entry) { (entry) throws(SystemError) in try bring(entry, actions[index]) }
      index += 1
    }
    mirror.forget()
    try restoreFolders()
  }

  private func step(
    _ entry: SegmentEntry, _ body: (SegmentEntry) throws(SystemError) -> Void
  ) throws(StoreError) {
    crashPoint("carry-out")
    do throws(SystemError) { try body(entry) } catch {
      if error == .alteredPatch {
        throw .damaged("the journal", "the staged patch of \(entry.path) is missing or altered")
      }
      // Somebody took away what only changes: the commit goes on, and a later cycle brings the entry again.
      if error.isMissing || error.isLoop {
        damaged.insert(entry.path)
        return mirror.forget()
      }
      throw StoreError(
        error.kind, "cannot carry out the commit at", entry.path.description,
        cause: "\(error.operation): \(error.cause)",
        next: error.nextStep)
    }
  }

  private func forEachChange(_ body: (SegmentEntry) throws(StoreError) -> Void) throws(StoreError) {
    let cursor: MergedCursor
    do throws(CatalogError) { cursor = try MergedCursor([changes], keepsRemovals: true) } catch {
      throw StoreError(error)
    }
    while let entry = cursor.current {
      try body(entry)
      do throws(CatalogError) { try cursor.advance() } catch { throw StoreError(error) }
    }
  }

  // MARK: First pass: what goes

  private func clear(_ entry: SegmentEntry) throws(SystemError) {
    let path = entry.path
    if let missing, path.isBelow(missing) { return }
    var isReached = false
    do throws(SystemError) {
      try mirror.withParent(of: path) { (folder) throws(SystemError) in
        isReached = true
        guard let status = try folder.statusIfPresent(path.name) else { return }
        let isFolder = status.kind == .folder
        switch entry {
        case .removed:
          // What a folder held was displaced before it; anything else in it was never the master's.
          try isFolder ? folder.removeTree(path.name) : displace(path, from: folder)
        case .present(let record, _) where record.isFolder:
          guard !isFolder else { return }
          try displace(path, from: folder)
        case .present:
          guard isFolder else { return }
          try folder.removeTree(path.name)
        }
        touch(path)
      }
    } catch {
      // Its folder is new (a link may stand there yet), or went already.
      guard error.isMissing || error.isLoop else { throw error }
      if !isReached { missing = path.parent }
    }
  }

  private func displace(_ path: RelativePath, from folder: borrowing Folder) throws(SystemError) {
    try displaced.withParent(of: path) { (history) throws(SystemError) in
      // An attempt that was interrupted may have left a folder of this name on its way to others.
      if try history.statusIfPresent(path.name)?.kind == .folder { try history.removeTree(path.name) }
      try folder.rename(path.name, into: history, as: path.name)
    }
  }

  // MARK: Second pass: what comes

  private func bring(_ entry: SegmentEntry, _ action: Action) throws(SystemError) {
    guard let record = entry.record, action != .arrived else { return }
    let path = record.path
    try mirror.withParent(of: path) { (folder) throws(SystemError) in
      switch (record.content, action) {
      case (.folder, .placeFolder(let number)): try placeFolder(number, at: path, in: folder)
      case (.folder, _):
        if try folder.statusIfPresent(path.name) == nil { try folder.makeFolder(path.name) }
      case (.hardLink(let leader), _): try link(path, to: leader, in: folder)
      case (_, .place(let number)): try place(number, at: path, in: folder)
      case (_, .replace(let number)): try place(number, at: path, in: folder, displaces: false)
      case (_, .placeMoved(let number)):
        try place(number, at: path, in: folder)
        try setMetadata(record, in: folder)
      case (_, .patch(let number)):
        try patch(number, record, in: folder)
        try setMetadata(record, in: folder)
      case (_, .none): try setMetadata(record, in: folder)
      // A folder's alone, and what has its place already.
      case (_, .placeFolder), (_, .arrived): break
      }
    }
    touch(path)
  }

  private func place(
    _ number: UInt64, at path: RelativePath, in folder: borrowing Folder, displaces: Bool = true
  ) throws(SystemError) {
    let name = StoreLayout.name(number)
    // Most paths are free. What is gone from there has its place already, or is lost.
    do throws(SystemError) {
      if try staged.renameIfPossible(name, into: folder, as: path.name) { return }
    } catch {
      if error.isMissing {
        _ = try folder.status(path.name)
        return
      }
      guard error.isThere else { throw error }
    }
    if let status = try folder.statusIfPresent(path.name), displaces || status.kind == .folder {
      try displace(path, from: folder)
    }
    try staged.rename(name, into: folder, as: path.name)
  }

  /// Moves a new folder to its place with all that is in it. A folder that stands there was never the master's.
  private func placeFolder(
    _ number: UInt64, at path: RelativePath, in folder: borrowing Folder
  ) throws(SystemError) {
    let name = StoreLayout.name(number)
    try newFolders?.withParent(of: RelativePath(name)) { (made) throws(SystemError) in
      // Once it is gone from there it has its place, or is lost.
      guard try made.statusIfPresent(name) != nil else {
        _ = try folder.status(path.name)
        return
      }
      if let status = try folder.statusIfPresent(path.name) {
        try status.kind == .folder ? folder.removeTree(path.name) : displace(path, from: folder)
      }
      try made.rename(name, into: folder, as: path.name)
    }
  }

  private func link(
    _ path: RelativePath, to leader: RelativePath, in folder: borrowing Folder
  ) throws(SystemError) {
    let home = try store.mirror.parentFolder(of: leader)
    let target = try home.status(leader.name)
    if let present = try folder.statusIfPresent(path.name) {
      if present.inode == target.inode, present.device == target.device { return }
      try displace(path, from: folder)
    }
    try home.link(leader.name, into: folder, as: path.name)
  }

  private func patch(
    _ number: UInt64, _ record: Record, in folder: borrowing Folder
  ) throws(SystemError) {
    // Both are removed only after the journal.
    guard let bytes = try staged.content(of: Staging.rangesName(number), limit: PatchRanges.limit),
      let ranges = try? PatchRanges.parse(bytes, key: store.key)
    else { throw SystemError.alteredPatch }
    let staged = try staged.open(StoreLayout.name(number))
    let file = try folder.openRegular(record.path.name, .readingAndWriting)
    try ranges.write(from: staged, into: file)
  }

  private func setMetadata(_ record: Record, in folder: borrowing Folder) throws(SystemError) {
    let entry = try folder.open(record.path.name, .nameOnly)
    try metadata.apply(record, to: entry, isNew: false)
  }

  private func touch(_ path: RelativePath) {
    if let parent = path.parent { touched.insert(parent) }
  }

  // MARK: Third pass: the folders

  private func restoreFolders() throws(StoreError) {
    touched.formUnion(mirror.loosened)
    try forEachChange { (entry) throws(StoreError) in
      if touched.contains(entry.path) || entry.record == nil { touched.remove(entry.path) }
    }
    var others = touched.sorted()
    try changes.forEachBackwards { (entry) throws(StoreError) in
      while let last = others.last, entry.path < last {
        others.removeLast()
        try restoreFolder(last)
      }
      guard let record = entry.record, record.isFolder else { return }
      try step(entry) { (_) throws(SystemError) in try restore(record) }
    }
    for path in others.reversed() { try restoreFolder(path) }
  }

  private func restoreFolder(_ path: RelativePath) throws(StoreError) {
    let record: Record?
    do throws(CatalogError) { record = try catalog.record(at: path) } catch { throw StoreError(error) }
    guard let record, record.isFolder else { return }
    try step(.present(record, nil)) { (_) throws(SystemError) in try restore(record) }
  }

  private func restore(_ record: Record) throws(SystemError) {
    try mirror.withParent(of: record.path) { (folder) throws(SystemError) in
      let entry = try folder.open(record.path.name, [.nameOnly, .folder])
      try metadata.apply(record, to: entry, isNew: false)
    }
  }
}

extension SystemError {
  fileprivate static let alteredPatch = SystemError(number: 74, operation: "cannot use", subject: "a staged patch")
}
