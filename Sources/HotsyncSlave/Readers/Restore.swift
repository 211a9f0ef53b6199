import HotsyncCatalog
import HotsyncDelta
public import HotsyncSystem

/// Brings back files of a pinned generation as `<target>/<path on the master>`.
///
/// Local users may own the target's folder and change what is in it meanwhile: everything is made under a name that nobody
/// knows, closed to all others, on descriptors that are held, checked, and only then given its name. A folder gets its
/// owner and mode when all that is in it has come.
public final class Restore {
  private let pinned: PinnedGeneration
  private let request: RestoreRequest
  private let target: Folder
  private let metadata: MetadataWriter
  private let clocks: Clocks
  private let progress: (_ files: UInt64, _ bytes: UInt64) -> Void
  private var result: RestoreResult
  /// The folders on the way to what comes next, outermost first.
  private var open: [OpenedFolder] = []
  /// Of links whose first name is not among what is restored: the name that stands for it.
  private var leaders: [RelativePath: RelativePath] = [:]
  private var copier: ContentCopier

  private final class OpenedFolder {
    let path: RelativePath
    let folder: Folder
    /// Nil where it was there before and stays as it was.
    let record: Record?

    init(_ path: RelativePath, _ folder: consuming Folder, _ record: Record?) {
      self.path = path
      self.folder = folder
      self.record = record
    }
  }

  /// - Parameter target: the folder on the command line.
  /// - Parameter accounts: of the machine that is restored to; nil where it has none, so that numbers count.
  public init(
    _ pinned: PinnedGeneration, _ request: RestoreRequest, into target: consuming Folder, accounts: Accounts?,
    mapsUnknownOwnersToNobody: Bool = false, clocks: Clocks = .system,
    progress: @escaping (_ files: UInt64, _ bytes: UInt64) -> Void = { _, _ in }
  ) {
    self.pinned = pinned
    self.request = request
    self.target = target
    self.clocks = clocks
    self.progress = progress
    metadata = MetadataWriter(
      accounts: accounts ?? Accounts(), unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric,
      keepsNumbers: request.keepsNumbers || accounts == nil)
    result = RestoreResult(generation: pinned.generation.number)
    copier = ContentCopier(key: pinned.store.key)
  }

  /// - Throws: kind `.usage` for a path that the generation does not hold, `.unwritable` where something stands in the
  ///   way: nothing was changed then.
  public func run() throws(StoreError) -> RestoreResult {
    let start = clocks.elapsed()
    try checkTarget()
    for path in request.paths { try checkHeld(path) }
    try RestoreObstacles(pinned.catalog, request, target).check()
    let cursor = try SubtreeCursor(pinned.catalog, roots: request.paths)
    while let record = cursor.current {
      if request.leavesOut(record.path) {
        try cursor.skipSubtree()
        continue
      }
      try bring(record)
      progress(result.files, result.bytes)
      try cursor.advance()
    }
    try leaveFolders(before: nil)
    result.elapsed = clocks.elapsed() - start
    result.mapped = metadata.mapped.sorted { ($0.name, $0.from) < ($1.name, $1.from) }
    result.notices = metadata.takeNotices()
    return result
  }

  /// What is restored must not land in the store that it comes from, nor in that of another connection beside it.
  private func checkTarget() throws(StoreError) {
    guard let own = pinned.store.top.descriptor.currentPath(), let path = target.descriptor.currentPath(),
      let slash = own.lastIndex(of: UInt8(ascii: "/"))
    else { return }
    let stores = own[..<slash]
    guard path.starts(with: stores), path.count == stores.count || path[stores.count] == UInt8(ascii: "/") else {
      return
    }
    throw StoreError(
      .unwritable, "cannot restore into", shown(path), cause: "it lies in the folder of the stores",
      next: "name a folder outside of it: --to DIR")
  }

  private func checkHeld(_ path: RelativePath) throws(StoreError) {
    guard try record(at: path) == nil else { return }
    if let other = try pinned.store.newestGeneration(with: path) {
      throw StoreError(
        .usage, "cannot restore", path.description,
        cause: "generation \(pinned.generation.number) does not hold it; the newest that does is \(other.number)",
        next: "hotsync-slave restore \(quotedForShell(path.description)) --to DIR --generation \(other.number)")
    }
    let hint = try NearestPath(pinned.catalog).find(path)
    throw StoreError(
      .usage, "cannot restore", path.description, cause: "generation \(pinned.generation.number) does not hold it",
      next: hint.map { "the nearest that it holds: \($0)" } ?? "see what it holds: restore without a path")
  }

  private func record(at path: RelativePath) throws(StoreError) -> Record? {
    do throws(CatalogError) { return try pinned.catalog.record(at: path) } catch { throw StoreError(error) }
  }

  // MARK: One entry after the other

  private func bring(_ record: Record) throws(StoreError) {
    try leaveFolders(before: record.path)
    try enterParents(of: record.path)
    switch record.content {
    case .folder: try enter(record)
    case .regular: try bring(record, contentAt: [record.path])
    case .symbolicLink, .fifo, .device: try bringMade(record)
    case .hardLink(let leader): try bring(record.path, linkedTo: leader)
    }
  }

  /// An entry that its record alone makes.
  private func bringMade(_ record: Record) throws(StoreError) {
    let isMade = try place(record.path) { (folder, name) throws(StoreError) in
      do throws(SystemError) { try folder.make(record, as: name, metadata: self.metadata) } catch {
        guard case .device = record.content, error.isNotPermitted else { throw StoreError(error) }
        return false
      }
      return true
    }
    guard isMade else { return self.metadata.tellDeviceNotMade(record.path) }
    result.files += 1
  }

  /// A file whose content stands at the first of the paths that has it.
  private func bring(_ record: Record, contentAt paths: [RelativePath]) throws(StoreError) {
    guard case .regular(let size, let digest) = record.content else { return }
    let isWhole = try place(record.path) { (folder, name) throws(StoreError) in
      let file = try StoreError.telling { () throws(SystemError) in
        try folder.open(name, [.readingAndWriting, .exclusively])
      }
      for path in paths {
        let isCopied = try self.pinned.withContent(at: path) { (content) throws(StoreError) in
          try self.copier.copy(content, into: file, size: size, digest: digest)
        }
        guard isCopied else { continue }
        try StoreError.telling { () throws(SystemError) in try self.metadata.apply(record, to: file, isNew: false) }
        return true
      }
      return false
    }
    guard isWhole else {
      result.damaged.append(
        Damage(path: record.path, generation: pinned.generation.number, what: "its content is not what was stored"))
      return
    }
    result.files += 1
    result.bytes += size
  }

  private func bring(_ path: RelativePath, linkedTo leader: RelativePath) throws(StoreError) {
    guard let record = try record(at: leader), record.mayLead else {
      result.damaged.append(
        Damage(path: path, generation: pinned.generation.number, what: "it is a link to \(leader), which is no file"))
      return
    }
    let first = leaders[leader] ?? leader
    if leaders[leader] != nil || isRestored(leader), try link(path, to: first, record) {
      result.files += 1
      return
    }
    leaders[leader] = path
    let own = Record(path: path, content: record.content, metadata: record.metadata)
    if record.isMadeOfRecord { try bringMade(own) } else { try bring(own, contentAt: [leader, path]) }
  }

  /// False where the first name is not the file that was restored under it any more.
  private func link(_ path: RelativePath, to first: RelativePath, _ record: Record) throws(StoreError) -> Bool {
    try place(path) { (folder, name) throws(StoreError) in
      do throws(SystemError) { try self.target.parentFolder(of: first).link(first.name, into: folder, as: name) } catch
      {
        // It was damaged, or somebody took it away.
        guard error.isMissing || error.isLoop else { throw StoreError(error) }
        return false
      }
      return try self.isRestored(record, name, in: folder)
    }
  }

  /// Whether an entry is the restored file. Somebody who may write to the first name's folder can have put a file of his own
  /// there meanwhile, and must not get it under other names.
  private func isRestored(
    _ record: Record, _ name: FileName, in folder: borrowing Folder
  ) throws(StoreError) -> Bool {
    guard Environment.isRoot else { return true }
    do throws(SystemError) {
      let status = try folder.status(name)
      guard record.content.isKind(of: status),
        status.permissions == record.metadata.permissions || status.kind == .symbolicLink,
        status.owner == metadata.idHere(of: record.metadata.owner, .user),
        status.group == metadata.idHere(of: record.metadata.group, .group)
      else { return false }
      if case .symbolicLink(let target) = record.content { return try folder.readLink(name) == target }
      guard case .regular(let size, let digest) = record.content else { return true }
      let file = try folder.openRegular(name)
      guard try file.status().size == size else { return false }
      return try copier.digest(0..<size, of: file) == digest
    } catch {
      // Taken away again. What cannot be read is no other file, and no reason to make two of one.
      guard error.isMissing || error.isLoop else { throw StoreError(error) }
      return false
    }
  }

  private func isRestored(_ path: RelativePath) -> Bool {
    request.paths.isEmpty || request.paths.contains { path == $0 || path.isBelow($0) }
  }

  /// Has an entry made under a name that nobody knows, and gives it its own.
  ///
  /// - Parameter make: false where it cannot be had; what was made is removed.
  @discardableResult
  private func place(
    _ path: RelativePath, _ make: (borrowing Folder, FileName) throws(StoreError) -> Bool
  ) throws(StoreError) -> Bool {
    try withFolder(of: path) { (folder) throws(StoreError) in
      let aside = StoreLayout.name(".hotsync-" + hexadecimal(Environment.randomBytes(8)))
      do throws(StoreError) {
        guard try make(folder, aside) else {
          try? folder.unlink(aside)
          return false
        }
        try giveName(path, aside, in: folder)
      } catch {
        try? folder.unlink(aside)
        throw StoreError(
          error.kind, "cannot restore", path.description, cause: "\(error.operation) \(error.subject): \(error.cause)",
          next: error.nextStep)
      }
      return true
    }
  }

  private func giveName(_ path: RelativePath, _ aside: FileName, in folder: borrowing Folder) throws(StoreError) {
    do throws(SystemError) {
      guard request.force else { return try folder.renameWithoutReplacing(aside, into: folder, as: path.name) }
      try folder.rename(aside, into: folder, as: path.name)
      // Renaming one link over another of the same file does nothing at all (rename(2)).
      if try folder.statusIfPresent(aside) != nil { try folder.unlink(aside) }
    } catch {
      throw error.isPresent || error.isFolder ? .inTheWay(path) : StoreError(error)
    }
  }

  // MARK: Folders

  private func withFolder<Result>(
    of path: RelativePath, _ body: (borrowing Folder) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    guard let last = open.last else { return try body(target) }
    return try body(last.folder)
  }

  /// Gives the folders that are done their metadata, innermost first.
  private func leaveFolders(before path: RelativePath?) throws(StoreError) {
    while let last = open.last, path.map({ !$0.isBelow(last.path) }) ?? true {
      if let record = last.record {
        try StoreError.telling { () throws(SystemError) in
          try metadata.apply(record, to: last.folder.descriptor, isNew: false)
        }
      }
      open.removeLast()
    }
  }

  /// Makes the folders above a path that was asked for alone.
  private func enterParents(of path: RelativePath) throws(StoreError) {
    var missing: [RelativePath] = []
    var parent = path.parent
    while let folder = parent, folder != open.last?.path {
      missing.append(folder)
      parent = folder.parent
    }
    for folder in missing.reversed() {
      guard let record = try record(at: folder), record.isFolder else {
        throw .damaged("the catalog of generation \(pinned.generation.number)", "it has no folder \(folder)")
      }
      try enter(record)
    }
  }

  private func enter(_ record: Record) throws(StoreError) {
    let path = record.path
    let opened = try withFolder(of: path) { (folder) throws(StoreError) in
      do throws(SystemError) {
        do throws(SystemError) { try folder.makeFolder(path.name) } catch {
          guard error.isPresent else { throw error }
          return try enterPresent(record, in: folder)
        }
        let made = try folder.folder(path.name)
        // What we made is empty and ours; anything else was put in its place.
        let status = try made.descriptor.status()
        guard status.owner == Environment.userID, status.permissions & 0o777 == 0o700, try made.names().isEmpty else {
          throw SystemError.swapped(path)
        }
        return OpenedFolder(path, made, record)
      } catch { throw error.isMissing || error.isLoop ? .inTheWay(path) : StoreError(error) }
    }
    open.append(opened)
  }

  /// A folder that is there is gone on with; its metadata are replaced only where that was asked for.
  private func enterPresent(_ record: Record, in folder: borrowing Folder) throws(SystemError) -> OpenedFolder {
    let name = record.path.name
    if request.force, try folder.status(name).kind != .folder {
      try folder.unlink(name)
      try folder.makeFolder(name)
    }
    return OpenedFolder(record.path, try folder.folder(name), request.force ? record : nil)
  }
}

extension Store {
  /// The newest generation that has an entry at a path; nil where none is left that has.
  fileprivate func newestGeneration(with path: RelativePath) throws(StoreError) -> Generation? {
    for generation in try generations().all.reversed() {
      // One whose catalog is damaged, or that a prune has just dropped, is no answer.
      if let catalog = try? catalog(of: generation), (try? catalog.record(at: path)) != nil { return generation }
    }
    return nil
  }
}

extension StoreError {
  static func inTheWay(_ path: RelativePath) -> StoreError {
    StoreError(
      .unwritable, "cannot restore", path.description, cause: "something stands in its place in the target already",
      next: "restore into an empty folder, or let it replace files, though no folders: --force")
  }
}

extension SystemError {
  /// EEXIST, ENOTEMPTY.
  fileprivate var isPresent: Bool { number == 17 || number == 39 }
  /// EISDIR.
  fileprivate var isFolder: Bool { number == 21 }

  fileprivate static func swapped(_ path: RelativePath) -> SystemError {
    // ESTALE: the entry is another than the one that was made.
    SystemError(number: 116, operation: "cannot go on in the folder", subject: path.description)
  }
}
