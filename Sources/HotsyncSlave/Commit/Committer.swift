import HotsyncCatalog
import HotsyncSystem

/// Takes a staged generation over the commit point and into the mirror; rolls forward what an interruption left.
struct Committer {
  let store: Store
  let metadata: MetadataWriter

  /// Commits. After this returned, the generation is whole, flushed and the newest; if the process ends before, the store
  /// is in the old generation or rolls forward to the new one.
  func commit(_ staged: consuming StagedGeneration) throws(StoreError) -> Generation {
    let lock = try store.lockForWriting()
    let journal = staged.journal
    crashPoint("journal")
    try StoreError.telling { () throws(SystemError) in
      try store.top.replace(StoreLayout.journal, with: journal.encode(key: store.key))
    }
    crashPoint("committed")
    try carryOut(journal)
    staged.pin?.release()
    try tidy()
    for digest in staged.obsoleteMaps { try? store.signatures.unlink(StoreLayout.name(digest.hexadecimal)) }
    withExtendedLifetime(lock) {}
    return journal.generation
  }

  /// Brings a store to a whole generation, whatever interrupted the cycle before: forward from its commit point on, else back.
  /// For whoever holds the cycle's lock.
  func settle() throws(StoreError) {
    // A reader that rolls forward removes the journal before what stands in `incoming/`: without its lock that would go from
    // under the cycle that begins.
    let lock = try store.lockForWriting()
    try rollForwardLocked()
    try putBackPrepared()
    withExtendedLifetime(lock) {}
  }

  /// Files that were to be patched got space set aside, which the kernel takes for a change of them: an interruption may have come
  /// before that was put back.
  private func putBackPrepared() throws(StoreError) {
    let catalog = try store.catalog(of: try store.generations().newest)
    let staged = try StoreError.telling { () throws(SystemError) in try Staging.folder(of: store) }
    for name in try StoreError.telling({ () throws(SystemError) in try staged.names() })
    where name.bytes.suffix(Staging.rangesSuffix.utf8.count).elementsEqual(Staging.rangesSuffix.utf8) {
      let bytes = try StoreError.telling { () throws(SystemError) in
        try staged.content(of: name, limit: PatchRanges.limit)
      }
      // A torn one was not whole when the file was still untouched.
      if let bytes, let ranges = try? PatchRanges.parse(bytes, key: store.key) {
        let record: Record?
        do throws(CatalogError) { record = try catalog.record(at: ranges.path) } catch { throw StoreError(error) }
        if let record, case .regular = record.content { try putBack(record) }
      }
      try StoreError.telling { () throws(SystemError) in try staged.unlink(name) }
    }
  }

  private func putBack(_ record: Record) throws(StoreError) {
    do throws(SystemError) {
      let file = try store.mirror.open(at: record.path, .nameOnly)
      guard try file.status().kind == .regular else { return }
      try metadata.apply(record, to: file, isNew: false)
    } catch {
      guard error.isMissing || error.isLoop else { throw StoreError(error) }
    }
  }

  /// Brings a store with a journal to its new generation; does nothing to one without.
  func rollForward() throws(StoreError) {
    guard try store.hasJournal() else { return }
    let lock = try store.lockForWriting()
    try rollForwardLocked()
    withExtendedLifetime(lock) {}
  }

  private func rollForwardLocked() throws(StoreError) {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try store.top.content(of: StoreLayout.journal, limit: Journal.limit)
    }
    if let bytes {
      try carryOut(try Journal.parse(bytes, key: store.key))
      try tidy()
    }
  }

  private func carryOut(_ journal: Journal) throws(StoreError) {
    do throws(StoreError) { try attempt(journal) } catch {
      guard error.kind == .unwritable else { throw error }
      // The disk is full: give back what was set aside for this, and try once more.
      try StoreError.telling { () throws(SystemError) in
        guard try store.top.statusIfPresent(StoreLayout.ballast) != nil else { return }
        try store.top.unlink(StoreLayout.ballast)
      }
      try attempt(journal)
      try? store.top.setAsideBallast()
    }
  }

  private func attempt(_ journal: Journal) throws(StoreError) {
    let flush = try StoreError.telling { () throws(SystemError) in try FileSystemFlush(store) }
    var list = try store.generations()
    if list.newest?.number != journal.generation.number {
      let carryOut = try CarryOut(store, journal, metadata: metadata)
      try carryOut.run()
      try DamageList.add(carryOut.damaged, in: store)
      try StoreError.telling { () throws(SystemError) in try flush.flush() }
      list.all.append(journal.generation)
      crashPoint("list")
    }
    try StoreError.telling { () throws(SystemError) in
      try store.top.replace(StoreLayout.generations, with: list.encode(key: store.key))
      crashPoint("listed")
      // It is gone already where only the flush behind this failed, and all is done again.
      try store.top.unlinkIfPresent(StoreLayout.journal)
      try store.top.synchronize()
    }
    crashPoint("tidy")
  }

  /// Removes the cycle's leftovers.
  private func tidy() throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      for name in try store.incoming.names() { try store.incoming.removeTree(name) }
    }
  }
}
