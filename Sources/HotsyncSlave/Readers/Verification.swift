import HotsyncCatalog
public import HotsyncSystem

/// What a verification read, and what it found.
public struct VerificationResult: Sendable {
  /// Entries that are no folders.
  public internal(set) var filesChecked: UInt64 = 0
  public internal(set) var bytesChecked: UInt64 = 0
  public internal(set) var damaged: [Damage] = []
  /// The generation that the mirror shows: its damage is mended by the next cycle.
  public internal(set) var newest: UInt64 = 0
  /// Why what was found could not be noted in the store: on a disk that is full, it holds all the same.
  public internal(set) var unnoted: StoreError?
}

/// Compares the mirror with the catalog of a pinned generation: what is there, what kind it is, its size, links and
/// metadata; and the bytes of every file, or of a share of them that moves on with each run.
///
/// Where a cycle commits meanwhile, the mirror shows another generation from then on: contents are then looked for in
/// history, too, and the rest is left to the next run.
final class Verification {
  private let pinned: PinnedGeneration
  private let share: Double
  private let metadata: MetadataWriter
  private let isMappedToNobody: Bool
  private let copier: ContentCopier
  private let hasAttributes: Bool
  private let progress: (_ files: UInt64, _ bytes: UInt64) -> Void
  private var result = VerificationResult()
  private var reading: ReadingShare

  /// - Parameter share: of the bytes that are read, 0 to 1; 1 is every file.
  init(
    _ pinned: PinnedGeneration, share: Double, accounts: Accounts, mapsUnknownOwnersToNobody: Bool = false,
    progress: @escaping (_ files: UInt64, _ bytes: UInt64) -> Void = { _, _ in }
  ) throws(StoreError) {
    self.pinned = pinned
    self.share = min(max(share, 0), 1)
    self.progress = progress
    isMappedToNobody = mapsUnknownOwnersToNobody
    metadata = MetadataWriter(accounts: accounts, unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric)
    copier = ContentCopier(key: pinned.store.key)
    hasAttributes = try pinned.store.keepsAttributes()
    reading = try ReadingShare(pinned, share: self.share)
  }

  func run() throws(StoreError) -> VerificationResult {
    try pinned.checkCatalog()
    let cursor: MergedCursor
    do throws(CatalogError) { cursor = try pinned.catalog.cursor() } catch { throw StoreError(error) }
    let walk = try MirrorWalk(pinned.store.mirror)
    while true {
      let there = try walk.current()
      guard let record = cursor.current?.record else {
        guard let there else { break }
        try note(there.path, "it is in the mirror and not in the catalog")
        walk.skip()
        continue
      }
      if let there, there.path < record.path {
        try note(there.path, "it is in the mirror and not in the catalog")
        walk.skip()
      } else if there?.path == record.path, let there {
        try walk.enter(record.isFolder) { (folder) throws(StoreError) in try compare(record, there.status, in: folder) }
        try advance(cursor)
      } else {
        // Of a folder all that is below it, too: each has to come again.
        try checkMissing(record)
        try advance(cursor)
      }
    }
    try reading.note()
    return result
  }

  private func advance(_ cursor: MergedCursor) throws(StoreError) {
    do throws(CatalogError) { try cursor.advance() } catch { throw StoreError(error) }
  }

  // MARK: What is found

  /// What the mirror shows counts only while it shows this generation.
  private func note(_ path: RelativePath, _ what: String, isContent: Bool = false) throws(StoreError) {
    if try pinned.isMirrored() { damage(path, what, isContent: isContent) }
  }

  private func damage(_ path: RelativePath, _ what: String, isContent: Bool = false) {
    result.damaged.append(
      Damage(path: path, generation: pinned.generation.number, what: what, isContent: isContent))
  }

  private func checkMissing(_ record: Record) throws(StoreError) {
    guard case .regular(let size, let digest) = record.content, try !pinned.isMirrored() else {
      if try pinned.isMirrored() { damage(record.path, "it is missing", isContent: true) }
      return
    }
    try checkContent(record.path, size: size, digest: digest)
  }

  // MARK: One entry

  private func compare(_ record: Record, _ status: FileStatus, in folder: borrowing Folder) throws(StoreError) {
    if !record.isFolder { result.filesChecked += 1 }
    progress(result.filesChecked, result.bytesChecked)
    switch record.content {
    case .regular(let size, let digest):
      guard status.kind == .regular else { return try note(record.path, "it is no file", isContent: true) }
      if try reading.isDue(record.path, size: size) {
        try checkContent(record.path, size: size, digest: digest)
      } else if status.size != size {
        return try note(record.path, "it has \(status.size) bytes, and \(size) were stored", isContent: true)
      }
    case .folder:
      guard status.kind == .folder else { return try note(record.path, "it is no folder") }
    case .symbolicLink(let target):
      guard status.kind == .symbolicLink else { return try note(record.path, "it is no symbolic link") }
      let found = try StoreError.telling { () throws(SystemError) in try folder.readLink(record.path.name) }
      if found != target { return try note(record.path, "it leads elsewhere") }
    case .fifo, .device:
      guard record.content.isKind(of: status) else { return try note(record.path, "it is another kind of entry") }
    case .hardLink(let leader): return try compareLink(record.path, status, leader)
    }
    try compareMetadata(record, status, in: folder)
  }

  private func checkContent(_ path: RelativePath, size: UInt64, digest: Digest) throws(StoreError) {
    let isSound = try pinned.withContent(at: path) { (file) throws(StoreError) in
      try copier.isSound(file, size: size, digest: digest)
    }
    result.bytesChecked += size
    if !isSound { damage(path, "its content is not what was stored", isContent: true) }
  }

  private func compareLink(
    _ path: RelativePath, _ status: FileStatus, _ leader: RelativePath
  ) throws(StoreError) {
    do throws(SystemError) {
      let first = try pinned.store.mirror.open(at: leader, .nameOnly).status()
      if first.inode == status.inode, first.device == status.device { return }
    } catch {
      guard error.isMissing || error.isLoop else { throw StoreError(error) }
    }
    try note(path, "it is no link to \(leader)")
  }

  // MARK: Metadata

  private func compareMetadata(_ record: Record, _ status: FileStatus, in folder: borrowing Folder) throws(StoreError) {
    let path = record.path
    let wanted = record.metadata
    let isLink = status.kind == .symbolicLink
    if !isLink, status.permissions != wanted.permissions {
      try note(
        path,
        "its mode is \(String(status.permissions, radix: 8)), and \(String(wanted.permissions, radix: 8)) was stored")
    }
    if status.modified != wanted.modified { try note(path, "its time of modification is not what was stored") }
    if Environment.isRoot, !isOwner(status.owner, wanted.owner, .user) || !isOwner(status.group, wanted.group, .group) {
      try note(path, "its owner is not what was stored")
    }
    guard hasAttributes else { return }
    let found: [ExtendedAttribute]
    do throws(SystemError) { found = try folder.open(path.name, .nameOnly).extendedAttributes() } catch {
      guard !error.isNotPermitted else { return }
      throw StoreError(error)
    }
    let (there, stored) = (found.filter(isComparable), wanted.attributes.filter(isComparable))
    // What the file system could not take of many attributes is not there, as was told when they came.
    let isSound = there == stored || (MetadataWriter.mayNotFit(stored) && Set(there).isSubset(of: stored))
    if !isSound { try note(path, "its extended attributes are not what was stored") }
  }

  /// By name, or by number where the name came to this machine after the file.
  private func isOwner(_ id: UInt32, _ wanted: Owner, _ kind: Accounts.Kind) -> Bool {
    id == wanted.id || id == metadata.idHere(of: wanted, kind) || (id == 65_534 && (isMappedToNobody || wanted.id == 0))
  }

  private func isComparable(_ attribute: ExtendedAttribute) -> Bool {
    guard ExtendedAttribute.isCarried(attribute.name) else { return false }
    return Environment.isRoot || !attribute.name.starts(with: Array("security.".utf8))
  }
}

extension Store {
  /// Whether the store's file system takes extended attributes from this user.
  fileprivate func keepsAttributes() throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      let probe = StoreLayout.name("probe")
      let file = try pins.open(probe, [.writing, .creating])
      defer { try? pins.unlink(probe) }
      do throws(SystemError) {
        try file.setExtendedAttribute(ExtendedAttribute(name: Array("user.hotsync".utf8), value: [1]))
        return true
      } catch { return false }
    }
  }
}
