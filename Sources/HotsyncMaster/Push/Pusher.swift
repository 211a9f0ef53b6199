import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem

/// Carries out a plan: reads each entry once, tells the slave what is new of it, and writes the master's copy of the catalog
/// that results.
final class Pusher {
  let line: SlaveLine
  private let reader: EntryReader
  let contents: ContentSender
  private let key: HashKey
  private let departed: DepartedFiles
  /// What the slave found damaged: it is sent again, whole.
  let damaged: Set<RelativePath>
  let progress: PushProgress
  private var writer: SegmentWriter?
  private(set) var written: UInt64 = 0
  private(set) var digest: CatalogDigest
  var counts = PushCounts()
  var problems: [Problem] = []
  /// What became of the dumps.
  var databases: [DatabaseReport] = []
  private(set) var obsoleteMaps = ObsoleteMaps()
  /// Files that have several names and another inode on the slave now.
  private var replaced: Set<RelativePath> = []
  /// Paths whose files were moved to others.
  private var moved: Set<RelativePath> = []
  /// Files that went, as long as one of them may turn up elsewhere.
  private var removed: Set<RelativePath> = []
  /// Files that were looked at and keep their content.
  private var kept: Set<RelativePath> = []
  private var leftOut: Set<RelativePath> = []
  private var leftOutFolder: RelativePath?

  init(
    line: SlaveLine, reader: EntryReader, contents: ContentSender, key: HashKey, departed: DepartedFiles,
    damaged: Set<RelativePath>,
    writer: consuming SegmentWriter?, digest: CatalogDigest, progress: PushProgress
  ) {
    self.line = line
    self.reader = reader
    self.contents = contents
    self.key = key
    self.departed = departed
    self.damaged = damaged
    self.writer = writer
    self.digest = digest
    self.progress = progress
  }

  /// Ends the copy of the catalog.
  func finish() throws {
    if let writer = writer.take() { try writer.end() }
  }

  func repair(_ number: UInt64) throws { try contents.repair(number) }

  func write(_ entry: SegmentEntry) throws {
    try writer?.append(entry)
    written += 1
  }

  // MARK: Steps

  func take(_ step: Step) throws {
    crashPoint("push")
    try line.check()
    switch step {
    case .remove(let old):
      try remove(old)
      progress.end(size: 0)
    case .create(let sighting), .examine(let sighting, _), .replace(let sighting, _):
      let isReplaced = if case .replace = step { true } else { false }
      do { try bring(sighting, old: step.old, isReplaced: isReplaced) } catch let reason as LeftOut {
        try leaveOut(sighting, step.old, reason)
      }
      if case .regular(let size) = sighting.kind { progress.end(size: size) } else { progress.end(size: 0) }
    }
  }

  func remove(_ old: Record) throws {
    try line.send(.remove(old.path))
    withdraw(old)
    try write(.removed(old.path))
    // What was renamed did not go.
    guard !moved.contains(old.path) else { return }
    counts.deleted += 1
    if case .regular = old.content, !departed.isEmpty { removed.insert(old.path) }
  }

  private func bring(_ sighting: Sighting, old: Record?, isReplaced: Bool) throws {
    if let folder = leftOutFolder, sighting.path.isBelow(folder) { throw LeftOut.vanished }
    switch sighting.kind {
    case .folder: try bringFolder(sighting, old)
    case .symbolicLink, .fifo, .device: try bringMade(sighting, old)
    case .hardLink(let leader): try bringHardLink(sighting, leader, old, isReplaced: isReplaced)
    case .regular: try bringFile(sighting, old)
    }
  }

  private func bringFolder(_ sighting: Sighting, _ old: Record?) throws {
    let entry = try reader.open(sighting)
    var record = Record(path: sighting.path, content: .folder, metadata: entry.metadata)
    // On the way to a root what lies beside it comes and goes: its time is kept as it was.
    if sighting.isOnTheWay, let old, old.isFolder { record.metadata.modified = old.metadata.modified }
    try settle(record, entry.stamp, old, isSameContent: old?.isFolder == true) { .none }
  }

  /// An entry that the slave makes of its record alone.
  private func bringMade(_ sighting: Sighting, _ old: Record?) throws {
    let entry = try reader.open(sighting)
    let content = try content(of: sighting, entry)
    let record = Record(path: sighting.path, content: content, metadata: entry.metadata)
    let isSame = old?.content == content && !damaged.contains(sighting.path)
    try settle(record, entry.stamp, old, isSameContent: isSame) { .made(contents.nextNumber()) }
    if !isSame, sighting.hasFurtherNames { replaced.insert(sighting.path) }
  }

  private func content(of sighting: Sighting, _ entry: borrowing OpenedEntry) throws -> Content {
    switch entry.status.kind {
    case .fifo: return .fifo
    case .symbolicLink:
      let target = try reader.target(of: sighting)
      guard !target.isEmpty, target.count <= Limits.linkTarget else { throw LeftOut.oversized }
      return .symbolicLink(target: target)
    default:
      guard let number = entry.status.special else { throw LeftOut.changed }
      return .device(isBlock: entry.status.kind == .blockDevice, number)
    }
  }

  private func bringHardLink(
    _ sighting: Sighting, _ leader: RelativePath, _ old: Record?, isReplaced: Bool
  ) throws {
    guard !leftOut.contains(leader) else { throw LeftOut.changed }
    let record = Record(path: sighting.path, content: .hardLink(leader: leader), metadata: .ofLeader)
    let stamp = Stamp(
      inode: sighting.inode, changed: sighting.changed, born: sighting.born, isTooFresh: false)
    // A new inode behind the same leader: the slave must link this name anew, though its record stays.
    guard isReplaced || replaced.contains(leader) || damaged.contains(sighting.path), record == old else {
      return try settle(record, stamp, old, isSameContent: old == record) { .none }
    }
    try line.send(.entry(record, .none))
    try write(.present(record, stamp))
    // Where its leader does not count, it is a change of its own.
    if !replaced.contains(leader) { counts.metadata += 1 }
  }

  private func bringFile(_ sighting: Sighting, _ old: Record?) throws {
    // A path whose file was moved away must not keep it: the slave would have one file under both.
    let base = moved.contains(sighting.path) || damaged.contains(sighting.path) ? nil : old
    let result = try contents.bring(sighting, old: base, origin: origin(of: sighting))
    let isNew = result.source != .none
    if isNew {
      if sighting.hasFurtherNames { replaced.insert(sighting.path) }
    } else if old != nil, !departed.isEmpty {
      kept.insert(sighting.path)
    }
    if case .moved(_, let from) = result.source {
      moved.insert(from)
      if removed.contains(from) { counts.deleted -= 1 }
    }
    let source = result.source
    let isMove = if case .moved = source { true } else { false }
    if isNew, !isMove { counts.changedBytes &+= result.record.size }
    if case .inline(let number, let bytes) = result.delivery {
      try line.send(.file(result.record, number: number, bytes[...]))
      counts.literal &+= UInt64(bytes.count)
      try note(result.record, result.stamp, old, source)
    } else {
      counts.literal &+= result.literal
      if isNew { counts.matched &+= result.record.size - min(result.literal, result.record.size) }
      try settle(result.record, result.stamp, old, isSameContent: !isNew) { source }
    }
  }

  /// Where the file came from; nil also where that path has settled for keeping its content, or gave it away already.
  private func origin(of sighting: Sighting) -> DepartedFiles.Origin? {
    guard let origin = departed.origin(of: sighting), !kept.contains(origin.record.path),
      !damaged.contains(origin.record.path), !moved.contains(origin.record.path), !leftOut.contains(origin.record.path)
    else { return nil }
    return origin
  }

  // MARK: What becomes of them

  /// Sends the entry if its record differs from the old one; writes its stamp down in any case.
  func settle(
    _ record: Record, _ stamp: Stamp?, _ old: Record?, isSameContent: Bool, source: () -> Source
  ) throws {
    guard record != old || !isSameContent || damaged.contains(record.path) else {
      return try write(.present(record, stamp))
    }
    let source = isSameContent ? .none : source()
    try line.send(.entry(record, source))
    try note(record, stamp, old, source)
  }

  func note(_ record: Record, _ stamp: Stamp?, _ old: Record?, _ source: Source) throws {
    if let old { withdraw(old) }
    digest.add(record.digest(key: key))
    if case .regular(let size, let digest) = record.content { obsoleteMaps.gain(digest, size: size) }
    try write(.present(record, stamp))
    switch (source, old) {
    case (.moved, _): counts.renamed += 1
    case (_, nil): counts.created += 1
    case (.none, _): counts.metadata += 1
    default: counts.changed += 1
    }
  }

  private func withdraw(_ old: Record) {
    digest.remove(old.digest(key: key))
    if case .regular(let size, let digest) = old.content { obsoleteMaps.lose(digest, size: size) }
  }

  /// The slave keeps what it has, unless that was moved elsewhere; the operator is told.
  private func leaveOut(_ sighting: Sighting, _ old: Record?, _ reason: LeftOut) throws {
    let isGone = moved.contains(sighting.path)
    if isGone, let old { try remove(old) }
    // The slave has no folder there that could hold what the walk saw below it.
    let isBelowOne = leftOutFolder.map { sighting.path.isBelow($0) } ?? false
    if sighting.kind == .folder, old?.isFolder != true, !isBelowOne { leftOutFolder = sighting.path }
    leftOut.insert(sighting.path)
    problems.append(LeftOutText.problem(sighting.path, reason, keepsOld: old != nil && !isGone))
  }
}
