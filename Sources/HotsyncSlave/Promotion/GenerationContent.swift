import HotsyncCatalog
public import HotsyncSystem

/// What a promotion asks of the generation that it promotes.
extension PinnedGeneration {
  /// The whole of a small file; nil where the generation has none there.
  ///
  /// - Throws: kind `.damaged` where it is larger than the limit or not what the catalog tells.
  public func content(at path: RelativePath, limit: UInt64) throws(StoreError) -> [UInt8]? {
    guard let record = try entry(at: path), case .regular(let size, let digest) = record.content else { return nil }
    guard size <= limit else { throw .damaged("\(path)", "it is longer than it can be") }
    let copy = try StoreError.telling { () throws(SystemError) in try Descriptor.memoryFile() }
    let copier = ContentCopier(key: store.key)
    let isWhole = try withContent(at: path) { (file) throws(StoreError) in
      try copier.copy(file, into: copy, size: size, digest: digest)
    }
    guard isWhole else { throw .damaged("\(path)", "its content is not what was stored") }
    return try StoreError.telling { () throws(SystemError) in
      var bytes = [UInt8](repeating: 0, count: Int(size))
      let count = try copy.read(into: &bytes, count: bytes.count, at: 0)
      return Array(bytes.prefix(count))
    }
  }

  func entry(at path: RelativePath) throws(StoreError) -> Record? {
    do throws(CatalogError) { return try catalog.record(at: path) } catch { throw StoreError(error) }
  }

  /// Whether the generation holds an entry at a path, and whether that is a folder.
  public func kind(at path: RelativePath) throws(StoreError) -> (isThere: Bool, isFolder: Bool) {
    guard let record = try entry(at: path) else { return (false, false) }
    return (true, record.isFolder)
  }

  /// Mode and owner of an entry as they would be here; nil where there is none.
  public func ownership(
    of path: RelativePath, accounts: Accounts?, mapsUnknownOwnersToNobody: Bool
  ) throws(StoreError) -> (permissions: UInt16, owner: UInt32, group: UInt32)? {
    guard let metadata = try entry(at: path)?.metadata else { return nil }
    let writer = MetadataWriter(
      accounts: accounts ?? Accounts(), unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric,
      keepsNumbers: accounts == nil)
    return (
      metadata.permissions, writer.idHere(of: metadata.owner, .user), writer.idHere(of: metadata.group, .group)
    )
  }

  /// The names in a folder of the generation, in order.
  public func names(in folder: RelativePath?) throws(StoreError) -> [(name: FileName, isFolder: Bool)] {
    do throws(CatalogError) {
      let cursor = try catalog.cursor()
      if let folder { try cursor.seek(to: folder) }
      if folder != nil { try cursor.advance() }
      var names: [(name: FileName, isFolder: Bool)] = []
      while let record = cursor.current?.record, folder.map({ record.path.isBelow($0) }) ?? true {
        names.append((record.path.name, record.isFolder))
        try skip(below: record.path, cursor)
      }
      return names
    } catch { throw StoreError(error) }
  }

  private func skip(below path: RelativePath, _ cursor: MergedCursor) throws(CatalogError) {
    try cursor.advance()
    guard let next = cursor.current?.path, next.isBelow(path) else { return }
    // Names that begin with the path's own and go on come after all that is below it; the smallest goes on with 1.
    if let after = RelativePath(path.bytes + [1]) {
      try cursor.seek(to: after)
    } else {
      while let next = cursor.current?.path, next.isBelow(path) { try cursor.advance() }
    }
  }

  /// Files and bytes below a path.
  public func size(below root: RelativePath) throws(StoreError) -> (files: UInt64, bytes: UInt64) {
    let cursor = try SubtreeCursor(catalog, roots: [root])
    var total: (files: UInt64, bytes: UInt64) = (0, 0)
    while let record = cursor.current {
      if !record.isFolder { total.files += 1 }
      total.bytes += record.size
      try cursor.advance()
    }
    return total
  }
}
