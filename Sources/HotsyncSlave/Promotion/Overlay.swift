import HotsyncCatalog
public import HotsyncSystem

/// Lays the generation's files of some folders over those of the machine, one by one: what is the same stays, what the generation
/// does not hold stays, and what makes the machine itself is never touched (`NeverOverlaid`).
public struct Overlay {
  public struct Change: Sendable, Hashable {
    public let path: RelativePath
    /// A folder that is missing here; everything else is a file, a link or a special file.
    public let isNewFolder: Bool
    /// Something stands in its place.
    public let wasThere: Bool

    public init(path: RelativePath, isNewFolder: Bool, wasThere: Bool) {
      self.path = path
      self.isNewFolder = isNewFolder
      self.wasThere = wasThere
    }
  }

  public struct Comparison: Sendable {
    /// In order: folders before what is in them.
    public fileprivate(set) var changes: [Change] = []
    public fileprivate(set) var same: UInt64 = 0
    public fileprivate(set) var kept: [NeverOverlaid.Reason: Int] = [:]
    /// A folder stands where the generation has a file, or the other way round: left as it is.
    public fileprivate(set) var inTheWay: [RelativePath] = []
  }

  private let pinned: PinnedGeneration
  private let roots: [RelativePath]
  private let live: OpenFolder
  private let accounts: Accounts?
  private let mapsToNobody: Bool
  private let metadata: MetadataWriter
  private let copier: ContentCopier

  /// - Parameters:
  ///   - live: what the paths are relative to.
  ///   - accounts: of the machine; nil where its root has none, so that numbers count.
  public init(
    _ pinned: PinnedGeneration, roots: [RelativePath], live: OpenFolder, accounts: Accounts?,
    mapsUnknownOwnersToNobody: Bool
  ) {
    self.pinned = pinned
    self.roots = roots
    self.live = live
    self.accounts = accounts
    mapsToNobody = mapsUnknownOwnersToNobody
    metadata = MetadataWriter(
      accounts: accounts ?? Accounts(), unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric,
      keepsNumbers: accounts == nil)
    copier = ContentCopier(key: pinned.store.key)
  }

  // MARK: Looking

  /// What would change now; nothing is written.
  public func compare() throws(StoreError) -> Comparison {
    var result = Comparison()
    guard !roots.isEmpty else { return result }
    let cursor = try SubtreeCursor(pinned.catalog, roots: roots)
    while let record = cursor.current {
      if let reason = NeverOverlaid.reason(for: record.path) {
        result.kept[reason, default: 0] += 1
        if record.isFolder { try cursor.skipSubtree() } else { try cursor.advance() }
        continue
      }
      let status = try StoreError.telling { () throws(SystemError) in try live.folder.statusIfThere(at: record.path) }
      guard let status else {
        result.changes.append(Change(path: record.path, isNewFolder: record.isFolder, wasThere: false))
        try cursor.advance()
        continue
      }
      if record.isFolder != (status.kind == .folder) {
        result.inTheWay.append(record.path)
        if record.isFolder { try cursor.skipSubtree() } else { try cursor.advance() }
        continue
      }
      if !record.isFolder {
        if try isSame(record, status) {
          result.same += 1
        } else {
          result.changes.append(Change(path: record.path, isNewFolder: false, wasThere: true))
        }
      }
      try cursor.advance()
    }
    return result
  }

  private func isSame(_ record: Record, _ status: FileStatus) throws(StoreError) -> Bool {
    var source = record
    if case .hardLink(let leader) = record.content {
      guard let first = try pinned.entry(at: leader) else { return false }
      source = first
    }
    guard source.content.isKind(of: status), status.owner == metadata.idHere(of: source.metadata.owner, .user),
      status.group == metadata.idHere(of: source.metadata.group, .group),
      status.kind == .symbolicLink || status.permissions == source.metadata.permissions
    else { return false }
    return try StoreError.telling { () throws(SystemError) in
      let parent = try live.folder.parentFolder(of: record.path)
      switch source.content {
      case .symbolicLink(let target): return try parent.readLink(record.path.name) == target
      case .regular(let size, let digest):
        guard status.size == size else { return false }
        let file = try parent.openRegular(record.path.name)
        return try copier.digest(0..<size, of: file) == digest
      default: return true
      }
    }
  }

  // MARK: Doing

  /// Carries out changes that `compare` found; any number of them may be carried out already.
  ///
  /// - Returns: files that were not brought, as what is stored is not what was sent.
  public func apply(_ changes: [Change]) throws(StoreError) -> [Damage] {
    for change in changes where change.isNewFolder { try makeFolder(change.path) }
    let paths = changes.filter { !$0.isNewFolder }.map(\.path)
    guard !paths.isEmpty else { return [] }
    let target = try StoreError.telling { () throws(SystemError) in try live.folder.duplicate() }
    let restore = Restore(
      pinned, RestoreRequest(paths: paths, force: true, keepsNumbers: accounts == nil), into: target,
      accounts: accounts, mapsUnknownOwnersToNobody: mapsToNobody)
    let result = try restore.run()
    try StoreError.telling { () throws(SystemError) in
      for root in roots { try live.folder.parentFolder(of: root).descriptor.synchronizeFileSystem() }
    }
    return result.damaged
  }

  private func makeFolder(_ path: RelativePath) throws(StoreError) {
    guard let record = try pinned.entry(at: path) else { return }
    try StoreError.telling { () throws(SystemError) in
      let folder = try live.folder.parentFolder(of: path).makeOrOpenFolder(path.name)
      try metadata.apply(record, to: folder.descriptor, isNew: true)
    }
  }
}

extension Folder {
  /// Nil where nothing is there, or where a link or a file is on the way.
  fileprivate func statusIfThere(at path: RelativePath) throws(SystemError) -> FileStatus? {
    do throws(SystemError) { return try parentFolder(of: path).statusIfPresent(path.name) } catch {
      if error.isMissing || error.isLoop { return nil }
      throw error
    }
  }
}
