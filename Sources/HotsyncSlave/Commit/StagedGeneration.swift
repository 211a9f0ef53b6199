import HotsyncCatalog
import HotsyncDelta
import HotsyncSystem

/// A generation that is whole under `incoming/`, checked and flushed: the only thing that can be committed.
struct StagedGeneration: ~Copyable {
  let journal: Journal
  /// Held until the commit is done: nobody starts to read while a file is patched in place.
  let pin: HeldLock?
  let obsoleteMaps: [Digest]
}

/// Makes a staged generation of what a cycle has sent.
struct Sealer {
  let store: Store
  let staging: Staging
  let intake: EntryIntake
  let previous: Generation?
  /// Opened before the cycle's first write, so that every error since shows.
  let flushing: FileSystemFlush

  func seal(
    announced: CatalogDigest, epoch: UInt64, now: Timestamp, isSeed: Bool
  ) throws(StoreError) -> StagedGeneration {
    let result = try intake.finish()
    guard result.catalog == announced else {
      throw .contradiction("the cycle", "the catalog that its entries make is not the one that it announced")
    }
    try checkInodes()
    let number = (previous?.number ?? 0) + 1
    let pin = try preparePatches()
    let segments = try writeSegment(for: number)
    let generation = Generation(
      number: number, time: timeAfterPrevious(now), epoch: epoch, catalog: result.catalog, files: result.files,
      bytes: result.bytes, changed: result.changed, isSeed: isSeed, segments: segments)
    let actions = intake.actions.encode()
    try StoreError.telling { () throws(SystemError) in
      let file = try store.incoming.open(StoreLayout.actions, [.writing, .creating, .truncating])
      try file.write(actions)
      crashPoint("flush")
      try flushing.flush()
    }
    let journal = Journal(
      generation: generation, previous: previous?.number ?? 0, actions: store.key.digest(of: actions))
    return StagedGeneration(journal: journal, pin: pin, obsoleteMaps: intake.obsoleteMaps.digests)
  }

  /// For the store's own lists, and the folders of a level of history.
  private static let spareInodes: UInt64 = 16

  /// Behind the commit point there is no way back, and folders need inodes.
  private func checkInodes() throws(StoreError) {
    let free = try StoreError.telling { () throws(SystemError) in try store.top.descriptor.freeSpace().freeInodes }
    let needed = intake.foldersToMake + Sealer.spareInodes
    guard free < needed else { return }
    throw StoreError(
      .unwritable, "cannot take", "the cycle",
      cause:
        "to carry it out takes up to \(needed) inodes, and the store's file system has no space for more than \(free)",
      next: "make room on the slave (df -i), or move the store to a larger disk")
  }

  /// Generation times only grow, whatever the clock does.
  private func timeAfterPrevious(_ now: Timestamp) -> Timestamp {
    guard let previous, now <= previous.time else { return now }
    return Timestamp(seconds: previous.time.seconds + 1)
  }

  // MARK: Patches in place

  /// Saves what patches will overwrite and sets their space aside. Where the file system can clone, or somebody reads, or
  /// it cannot promise the space, whole files are made of them instead.
  private func preparePatches() throws(StoreError) -> HeldLock? {
    guard !intake.patches.isEmpty, let previous else { return nil }
    let pin = try store.tryLockOutReaders()
    for patch in intake.patches {
      if try !staging.clone(patch.number, patch.ranges) {
        if pin != nil, try saveUndo(patch.number, patch.ranges, previous.number) { continue }
        try staging.materialize(patch.number, patch.ranges)
      }
      intake.replaceAction(patch.index, with: .place(patch.number))
      try intake.setMetadata(patch.record, ofContent: patch.number)
    }
    return pin
  }

  /// Saves the old blocks to history, and the list of the new ones for the carrying out. False where the file system could run out of space while the patch is written.
  private func saveUndo(
    _ number: UInt64, _ ranges: PatchRanges, _ generation: UInt64
  ) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      let file: Descriptor
      do throws(SystemError) { file = try store.mirror.openRegular(at: ranges.path, .readingAndWriting) } catch {
        // Without root its mode may be in the way.
        guard error.isNotPermitted else { throw error }
        return false
      }
      // An entry that came after it may have made a further link to it: a moved file, which must stay as it is. And what the
      // generations before share with history by a link must not change either.
      guard try file.status().links == 1 else { return false }
      // Before the file is touched: whoever comes after an interruption must know which one that was.
      try staging.folder.replace(Staging.rangesName(number), with: ranges.encode(key: store.key))
      guard try ranges.allocate(in: file) else { return false }
      try Undo.save(
        ranges.overwritten, of: file, at: ranges.path, size: ranges.oldSize,
        in: try store.historyFolder(generation).makeOrOpenFolder(StoreLayout.undo), key: store.key)
      return true
    }
  }

  // MARK: The catalog

  /// Writes the segment of this generation: its changes, with as many of the newest segments folded in as are cheap.
  private func writeSegment(for number: UInt64) throws(StoreError) -> [FileName] {
    let name = StoreLayout.segment(number)
    let names = previous?.segments ?? []
    let older = try store.catalog(of: previous).segments
    let file = try StoreError.telling { () throws(SystemError) in try store.incoming.open(StoreLayout.changes) }
    do throws(CatalogError) {
      let changes = try Segment(file, key: store.key)
      let folded = SegmentFolding.count(new: changes.length, lengths: older.map(\.length))
      let kept = names.dropLast(folded)
      let cursor = try MergedCursor([changes] + older.prefix(folded), keepsRemovals: !kept.isEmpty)
      var writer = try CatalogError.telling { () throws(SystemError) in
        try SegmentWriter(
          try store.catalogFolder.open(name, [.writing, .creating, .truncating]), key: store.key)
      }
      try writer.append(all: cursor)
      try writer.end()
      return kept + [name]
    } catch { throw StoreError(error) }
  }
}
