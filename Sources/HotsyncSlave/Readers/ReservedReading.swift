import HotsyncCatalog
public import HotsyncSystem

/// Dumps and facts of a generation, for promotion and maintenance.
extension PinnedGeneration {
  /// A document of facts is some 100 KiB at most; this is far beyond any.
  private static let factLimit: UInt64 = 64 << 20

  /// The documents below `.hotsync/facts`, by name without `.json`, each held against its digest; empty where there are none.
  ///
  /// - Throws: kind `.damaged` for one that is not what was stored.
  public func facts() throws(StoreError) -> [String: [UInt8]] {
    var facts: [String: [UInt8]] = [:]
    let copier = ContentCopier(key: store.key)
    let cursor = try SubtreeCursor(catalog, roots: [ReservedPaths.facts])
    while let record = cursor.current {
      try cursor.advance()
      guard case .regular(let size, let digest) = record.content else { continue }
      guard size <= PinnedGeneration.factLimit else {
        throw .damaged(record.path.description, "no document of facts is that long")
      }
      let copy = try StoreError.telling { () throws(SystemError) in try Descriptor.memoryFile() }
      let isWhole = try withContent(at: record.path) { (file) throws(StoreError) in
        try copier.copy(file, into: copy, size: size, digest: digest)
      }
      guard isWhole else { throw .damaged(record.path.description, "it is not what was stored") }
      let bytes = try StoreError.telling { () throws(SystemError) in try copy.readWhole(size: Int(size)) }
      let name = String(decoding: record.path.name.bytes, as: UTF8.self)
      facts[name.hasSuffix(".json") ? String(name.dropLast(5)) : name] = bytes
    }
    return facts
  }

  /// What stands below `.hotsync/dumps`: each file's path, size and digest, in order.
  public func dumps() throws(StoreError) -> [(path: RelativePath, size: UInt64, digest: Digest)] {
    var dumps: [(path: RelativePath, size: UInt64, digest: Digest)] = []
    let cursor = try SubtreeCursor(catalog, roots: [ReservedPaths.dumps])
    while let record = cursor.current {
      try cursor.advance()
      if case .regular(let size, let digest) = record.content { dumps.append((record.path, size, digest)) }
    }
    return dumps
  }

  /// A file of this generation, open for reading from its start: of the newest generation it is the mirror's own, which stays
  /// as it is while this generation is pinned.
  ///
  /// - Throws: kind `.usage` where the generation has no file there, `.damaged` where what is stored has another size.
  public func dump(_ path: RelativePath) throws(StoreError) -> Descriptor {
    let record: Record?
    do throws(CatalogError) { record = try catalog.record(at: path) } catch { throw StoreError(error) }
    guard case .regular(let size, let digest) = record?.content else {
      throw StoreError(
        .usage, "cannot read", path.description, cause: "generation \(generation.number) has no such file",
        next: "see what it has: hotsync-slave restore --dumps --to DIR")
    }
    var opened: Descriptor?
    let isWhole = try withContent(at: path) { (file) throws(StoreError) in
      guard file.size == size else { return false }
      opened = try file.opened(size: size, digest: digest, key: self.store.key)
      return opened != nil
    }
    guard isWhole, let found = opened.take() else {
      throw .damaged(path.description, "generation \(generation.number) has lost it")
    }
    return found
  }
}

extension VersionFile {
  /// The file itself where nothing patched it since; else a copy without a name. Nil where that is not what was stored.
  fileprivate func opened(size: UInt64, digest: Digest, key: HashKey) throws(StoreError) -> Descriptor? {
    if let own = try unpatched() { return own }
    let copy = try StoreError.telling { () throws(SystemError) in try Descriptor.memoryFile() }
    guard try ContentCopier(key: key).copy(self, into: copy, size: size, digest: digest) else { return nil }
    return copy
  }

  private func unpatched() throws(StoreError) -> Descriptor? {
    try StoreError.telling { () throws(SystemError) in try wholeBase() }
  }
}
