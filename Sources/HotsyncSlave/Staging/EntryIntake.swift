import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// Takes the changed entries of a cycle in their order, holds each against the catalog, and writes down what the commit will do:
/// the segment of changes and its actions. Nothing that could fail later for the master's fault gets past here.
final class EntryIntake {
  struct Result {
    let catalog: CatalogDigest
    let files: UInt64
    let bytes: UInt64
    let changed: UInt64
  }

  private let store: Store
  private let staging: Staging
  private let metadata: MetadataWriter
  private let catalog: Catalog
  private let cursor: MergedCursor
  private let folders: FolderCache
  private var writer: SegmentWriter?
  private(set) var actions = ActionList()
  private var digest: CatalogDigest
  private var files: UInt64
  private var bytes: UInt64
  private var last: RelativePath?
  /// The folders of this cycle's entries that the next path may lie in, outermost first; and whether each is one now.
  private var ancestors: [(path: RelativePath, isFolder: Bool)] = []
  /// A folder that goes or turns into something else: all that was below it must go, too.
  private var vanishing: RelativePath?
  private(set) var deletions: UInt64 = 0
  /// What the carrying out has to make: the folders of history that displaced entries go into.
  private(set) var foldersToMake: UInt64 = 0
  private var displacedInto: RelativePath?
  private(set) var patches: [(index: Int, number: UInt64, ranges: PatchRanges, record: Record)] = []
  private var links: [(path: RelativePath, leader: RelativePath)] = []
  /// Files that came again with the content that they had: another file all the same.
  private var placedAnew: Set<RelativePath> = []
  private var moves: [(path: RelativePath, from: RelativePath)] = []
  private var movedLeaders: Set<RelativePath> = []
  private var awaitingRepair: [UInt64: Record] = [:]
  private(set) var obsoleteMaps = ObsoleteMaps()
  private let rules: IntakeRules
  private let damaged: Set<RelativePath>
  /// Damaged entries that came again.
  private(set) var mended: Set<RelativePath> = []
  /// Those of them that older generations have lost.
  private(set) var displacedDamaged: Set<RelativePath> = []

  init(
    _ store: Store, staging: Staging, metadata: MetadataWriter, catalog: Catalog, previous: Generation?,
    damaged: Set<RelativePath>, rules: IntakeRules
  ) throws(StoreError) {
    self.store = store
    self.staging = staging
    self.metadata = metadata
    self.catalog = catalog
    self.damaged = damaged
    self.rules = rules
    do throws(CatalogError) { cursor = try catalog.cursor() } catch { throw StoreError(error) }
    digest = previous?.catalog ?? .empty
    files = previous?.files ?? 0
    bytes = previous?.bytes ?? 0
    // Only looked at: before the commit the mirror changes as little as can be.
    folders = try StoreError.telling { () throws(SystemError) in try FolderCache(store.mirror, rights: 0o500) }
    writer = try StoreError.telling { () throws(SystemError) in
      try SegmentWriter(
        try store.incoming.open(StoreLayout.changes, [.writing, .creating, .truncating]), key: store.key)
    }
  }

  // MARK: Entries

  func take(_ record: Record, _ source: Source) throws(StoreError) {
    try rules.check(record)
    let old = try advance(to: record.path)
    try checkParent(of: record.path)
    let action = try action(for: record, source, old: old)
    try note(record, replacing: old, action)
  }

  func take(_ record: Record, number: UInt64, _ content: ArraySlice<UInt8>) throws(StoreError) {
    try rules.check(record)
    let old = try advance(to: record.path)
    try checkParent(of: record.path)
    guard case .regular(_, let digest) = record.content else {
      throw .contradiction(record.path.description, "it is sent as a file and is none")
    }
    let placed = try staging.place(
      content, number: number, digest: digest, for: record.path,
      permissions: MetadataWriter.firstPermissions(of: record))
    try StoreError.telling { () throws(SystemError) in try metadata.complete(record, of: placed.file) }
    try note(record, replacing: old, placed.isInNewFolder ? .arrived : placing(number, record, old))
  }

  func remove(_ path: RelativePath) throws(StoreError) {
    guard let old = try advance(to: path) else {
      throw .contradiction(path.description, "it is to be removed and was never there")
    }
    if old.isFolder { vanish(path) }
    withdraw(old)
    // A database that is dropped is not what `max_delete` guards against.
    if !ReservedPaths.holds(path) { deletions += 1 }
    ancestors.append((path, false))
    if !old.isFolder { countDisplaced(path) }
    try append(.removed(path), .none)
  }

  /// Moves on to a path: gives the record that the catalog has there.
  private func advance(to path: RelativePath) throws(StoreError) -> Record? {
    if let last, !(last < path) { throw .contradiction(path.description, "it comes after \(last)") }
    try checkVanishing(before: path)
    last = path
    while let folder = ancestors.last, !path.isBelow(folder.path) { ancestors.removeLast() }
    do throws(CatalogError) {
      try cursor.seek(to: path)
      guard let record = cursor.current?.record, record.path == path else { return nil }
      try cursor.advance()
      return record
    } catch { throw StoreError(error) }
  }

  private func checkVanishing(before path: RelativePath?) throws(StoreError) {
    guard let folder = vanishing, let next = cursor.current?.path, next.isBelow(folder) else { return }
    guard let path, !(next < path) else {
      throw .contradiction(folder.description, "it goes, and \(next) below it does not")
    }
    if !path.isBelow(folder) { vanishing = nil }
  }

  private func vanish(_ path: RelativePath) {
    if let folder = vanishing, path.isBelow(folder) { return }
    vanishing = path
  }

  private func checkParent(of path: RelativePath) throws(StoreError) {
    guard path.parent != nil else { return }
    if let folder = ancestors.last {
      guard folder.isFolder else { throw .contradiction(path.description, "\(folder.path) above it is no folder") }
      if folder.path == path.parent { return }
    }
    do throws(SystemError) { try folders.withParent(of: path) { _ in } } catch {
      throw .contradiction(path.description, "the folder that holds it was never sent")
    }
  }

  private func note(_ record: Record, replacing old: Record?, _ action: Action) throws(StoreError) {
    if action != .none, old?.content == record.content { placedAnew.insert(record.path) }
    if old?.isFolder == true, !record.isFolder { vanish(record.path) }
    if let old { withdraw(old) }
    digest.add(record.digest(key: store.key))
    if case .regular(let size, let digest) = record.content { obsoleteMaps.gain(digest, size: size) }
    // What is counted is the master's files.
    if !ReservedPaths.holds(record.path) {
      if !record.isFolder { files += 1 }
      bytes &+= record.size
    }
    guard digest.records <= Limits.records else { throw .contradiction("the catalog", "it has too many entries") }
    if case .hardLink(let leader) = record.content { links.append((record.path, leader)) }
    ancestors.append((record.path, record.isFolder))
    if let old, !old.isFolder, record.isFolder || action != .none { countDisplaced(record.path) }
    try append(.present(record, nil), action)
  }

  private func withdraw(_ old: Record) {
    digest.remove(old.digest(key: store.key))
    if !ReservedPaths.holds(old.path) {
      if !old.isFolder { files -= min(files, 1) }
      bytes -= min(bytes, old.size)
    }
    if case .regular(let size, let digest) = old.content { obsoleteMaps.lose(digest, size: size) }
  }

  /// Paths come in order, so that those of one folder come one after the other.
  private func countDisplaced(_ path: RelativePath) {
    guard let parent = path.parent, parent != displacedInto else { return }
    let shared = zip(parent.names, displacedInto?.names ?? []).prefix { $0 == $1 }.count
    foldersToMake += UInt64(parent.names.count - shared)
    displacedInto = parent
  }

  private func append(_ entry: SegmentEntry, _ action: Action) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in try writer?.append(entry) }
    actions.append(action)
    guard damaged.contains(entry.path) else { return }
    mended.insert(entry.path)
    // What was damaged goes into history, where nothing brings it back.
    if case .replace = action {} else { displacedDamaged.insert(entry.path) }
  }

  // MARK: Sources

  private func action(for record: Record, _ source: Source, old: Record?) throws(StoreError) -> Action {
    switch (record.content, source) {
    case (.folder, .none):
      guard old?.isFolder != true else { return .none }
      return try StoreError.telling { () throws(SystemError) in
        try staging.newFolders.make(record.path, number: UInt64(actions.count))
      }
    case (.hardLink, .none): return .none
    case (.symbolicLink, .none), (.regular, .none), (.fifo, .none), (.device, .none):
      guard old?.content == record.content else {
        throw .contradiction(record.path.description, "its content is said to stay, and differs")
      }
      return .none
    case (.symbolicLink, .made(let number)), (.fifo, .made(let number)), (.device, .made(let number)):
      try staging.make(number) { (folder, name) throws(SystemError) in
        try folder.make(record, as: name, metadata: metadata)
      }
      return .place(number)
    case (.regular(let size, let digest), .content(let number)):
      return try place(record, number, size: size, digest: digest, old: old)
    case (.regular(let size, let digest), .moved(let number, let from)):
      try checkMoved(from, size: size, digest: digest)
      moves.append((record.path, from))
      var isThere = true
      try staging.make(number) { (folder, name) throws(SystemError) in
        do throws(SystemError) { try store.mirror.parentFolder(of: from).link(from.name, into: folder, as: name) } catch
        {
          guard error.isMissing || error.isLoop else { throw error }
          isThere = false
        }
      }
      guard isThere else {
        staging.miss(number)
        awaitingRepair[number] = record
        return .place(number)
      }
      return .placeMoved(number)
    default: throw .contradiction(record.path.description, "its kind does not go with its source")
    }
  }

  private func place(
    _ record: Record, _ number: UInt64, size: UInt64, digest: Digest, old: Record?
  ) throws(StoreError) -> Action {
    if staging.mismatched.contains(number) {
      awaitingRepair[number] = record
      return placing(number, record, old)
    }
    let content = try staging.take(number, size: size, digest: digest)
    if let patch = content.patch {
      if patch.path == record.path, case .regular = old?.content, try linkCount(of: record.path) == 1 {
        patches.append((actions.count, number, patch, record))
        return .patch(number)
      }
      try staging.materialize(number, patch)
    }
    try setMetadata(record, ofContent: number)
    return placing(number, record, old)
  }

  private func placing(_ number: UInt64, _ record: Record, _ old: Record?) -> Action {
    old?.content == record.content ? .replace(number) : .place(number)
  }

  func setMetadata(_ record: Record, ofContent number: UInt64) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      let file = try staging.folder.open(StoreLayout.name(number), .nameOnly)
      try metadata.apply(record, to: file, isNew: false)
    }
  }

  private func linkCount(of path: RelativePath) throws(StoreError) -> UInt32 {
    try StoreError.telling { () throws(SystemError) in
      try folders.withParent(of: path) { (folder) throws(SystemError) in try folder.status(path.name).links }
    }
  }

  private func checkMoved(_ from: RelativePath, size: UInt64, digest: Digest) throws(StoreError) {
    do throws(CatalogError) {
      var record = try catalog.record(at: from)
      if case .hardLink(let leader) = record?.content { record = try catalog.record(at: leader) }
      // Two entries of one moved file would share it, though neither says so.
      guard let leader = record?.path, movedLeaders.insert(leader).inserted else {
        throw StoreError.contradiction(from.description, "it is to be moved twice, or is not there").asCatalogError
      }
      guard record?.content == .regular(size: size, digest: digest) else {
        throw StoreError.contradiction(from.description, "it is to be moved, and is not what is moved").asCatalogError
      }
    } catch { throw StoreError(error) }
  }

  // MARK: The end

  /// A content that had failed its check has come whole: its entry gets it.
  func repaired(_ number: UInt64) throws(StoreError) {
    guard let record = awaitingRepair[number], case .regular(let size, let digest) = record.content,
      !staging.mismatched.contains(number)
    else { return }
    _ = try staging.take(number, size: size, digest: digest)
    try setMetadata(record, ofContent: number)
    awaitingRepair[number] = nil
  }

  /// Checks what only the whole can show, and closes the segment of changes.
  func finish() throws(StoreError) -> Result {
    try checkVanishing(before: nil)
    guard awaitingRepair.isEmpty else {
      throw .contradiction("the cycle", "contents that failed their check did not come again")
    }
    if let writer = writer.take() {
      do throws(CatalogError) { try writer.end() } catch { throw StoreError(error) }
    }
    try checkLinks()
    return Result(catalog: digest, files: files, bytes: bytes, changed: UInt64(actions.count))
  }

  /// Each further link must lead to an entry of the new state that is neither a folder nor such a link.
  private func checkLinks() throws(StoreError) {
    guard !links.isEmpty || !moves.isEmpty else { return }
    let file = try StoreError.telling { () throws(SystemError) in try store.incoming.open(StoreLayout.changes) }
    do throws(CatalogError) {
      let changes = try Segment(file, key: store.key)
      for move in moves where move.path != move.from {
        let old = try catalog.record(at: move.from)?.content
        guard let change = try changes.entry(at: move.from),
          change.record?.content != old || placedAnew.contains(move.from)
        else {
          throw StoreError.contradiction(move.path.description, "\(move.from) is moved there, and stays").asCatalogError
        }
      }
      let after = Catalog(segments: [changes] + catalog.segments, key: store.key)
      for link in links {
        guard try after.record(at: link.leader)?.mayLead == true else {
          throw StoreError.contradiction(link.path.description, "it links to \(link.leader), which is no file")
            .asCatalogError
        }
      }
    } catch { throw StoreError(error) }
  }

  func replaceAction(_ index: Int, with action: Action) { actions.replace(index, with: action) }
}

extension StoreError {
  fileprivate var asCatalogError: CatalogError { CatalogError(self) }
}
