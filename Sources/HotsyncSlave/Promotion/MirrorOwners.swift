import HotsyncCatalog
public import HotsyncSystem

/// Gives the mirror's entries the owners that their names have here now: an account that was made after they came has another
/// number than they were given.
public struct MirrorOwners {
  private let pinned: PinnedGeneration
  private let metadata: MetadataWriter

  public init(_ pinned: PinnedGeneration, accounts: Accounts, mapsUnknownOwnersToNobody: Bool = false) {
    self.pinned = pinned
    metadata = MetadataWriter(accounts: accounts, unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric)
  }

  /// - Parameter roots: what lies below them; the pinned generation must be the mirror's.
  /// - Returns: how many were changed.
  public func apply(_ roots: [RelativePath]) throws(StoreError) -> UInt64 {
    guard Environment.isRoot else { return 0 }
    let cursor = try SubtreeCursor(pinned.catalog, roots: roots)
    var changed: UInt64 = 0
    do throws(SystemError) {
      let cache = try FolderCache(pinned.store.mirror)
      while let record = try told({ () throws(StoreError) in cursor.current }) {
        if case .hardLink = record.content {} else if try apply(record, cache) { changed += 1 }
        try told { () throws(StoreError) in try cursor.advance() }
      }
    } catch { throw StoreError(error) }
    return changed
  }

  private func apply(_ record: Record, _ cache: FolderCache) throws(SystemError) -> Bool {
    let owner = metadata.idHere(of: record.metadata.owner, .user)
    let group = metadata.idHere(of: record.metadata.group, .group)
    do throws(SystemError) {
      return try cache.withParent(of: record.path) { (folder) throws(SystemError) in
        let status = try folder.status(record.path.name)
        guard status.owner != owner || status.group != group, record.content.isKind(of: status) else { return false }
        let entry = try folder.open(record.path.name, .nameOnly)
        try entry.setOwner(owner, group: group)
        // chown(2) takes set-id bits away.
        if status.kind != .symbolicLink { try entry.setPermissions(record.metadata.permissions) }
        return true
      }
    } catch {
      // What is missing is damage, which verifications tell.
      guard error.isMissing else { throw error }
      return false
    }
  }

  /// The catalog's failure as a system's, so that one kind of error passes the folders.
  private func told<Result>(_ body: () throws(StoreError) -> Result) throws(SystemError) -> Result {
    do throws(StoreError) { return try body() } catch {
      throw SystemError(number: 117, operation: error.operation, subject: "\(error.subject): \(error.cause)")
    }
  }
}
