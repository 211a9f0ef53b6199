import HotsyncCatalog
import HotsyncPlan
import HotsyncReport
import HotsyncSystem

/// Merges the walk with the master's copy of the catalog, both in order and both streaming, into the plan of the cycle.
final class PlanMaker: ScanTaker {
  private let cursor: EncodedCursor
  private let spool: PlanSpool
  private var difference: Difference
  private(set) var departed = DepartedFiles()
  private(set) var totals = PlanTotals()
  private(set) var problems: [Problem] = []
  /// What could not be looked at: what the catalog has there and below stays.
  private var unknown: RelativePath?
  private let advance: () -> Void
  private let check: () throws -> Void

  /// - Parameters:
  ///   - advance: called for every entry.
  ///   - check: called now and then, to end what is done for nobody.
  init(
    _ catalog: Catalog, spool: PlanSpool, isFull: Bool, damaged: Set<RelativePath>,
    advance: @escaping () -> Void = {}, check: @escaping () throws -> Void = {}
  ) throws {
    cursor = try EncodedCursor(catalog.segments)
    self.advance = advance
    self.spool = spool
    difference = Difference(isFull: isFull, damaged: damaged)
    self.check = check
  }

  func passesUnchanged(_ path: [UInt8], _ status: FileStatus, owners: [UInt8], isOnTheWay: Bool) throws -> Bool {
    try passAll(before: path)
    guard cursor.isAt(path), let facts = cursor.facts, cursor.hasOwners(owners),
      difference.isSettled(facts, status, isOnTheWay: isOnTheWay)
    else { return false }
    crashPoint("scan")
    if totals.seen % 1_024 == 0 { try check() }
    totals.noteSettled(status)
    advance()
    try cursor.advance()
    return true
  }

  func take(_ event: ScanEvent) throws {
    crashPoint("scan")
    switch event {
    case .sighting(let sighting): try see(sighting)
    case .unknownBelow(let path, let error):
      unknown = path
      problems.append(LeftOutText.unreadableFolder(path, error))
    case .unknown(let path, let error):
      try passAll(before: path.bytes)
      unknown = path
      problems.append(LeftOutText.problem(path, .unreadable(error), keepsOld: true))
    case .skipped(let path, let reason): problems.append(LeftOutText.problem(path, reason))
    }
  }

  /// What the catalog has beyond the last sighting is gone.
  func finish() throws {
    while let entry = try cursor.entry() { try pass(entry) }
    try spool.rewind()
  }

  private func see(_ sighting: Sighting) throws {
    if totals.seen % 1_024 == 0 { try check() }
    totals.noteSighting(sighting)
    advance()
    try passAll(before: sighting.path.bytes)
    var old: (record: Record, stamp: Stamp?)?
    if cursor.isAt(sighting.path.bytes), case .present(let record, let stamp)? = try cursor.entry() {
      old = (record, stamp)
      try cursor.advance()
    }
    guard let step = difference.step(old, sighting) else { return }
    if let old, !PlanMaker.isSameFile(old.record, old.stamp, sighting) { departed.note(old.record, old.stamp) }
    try add(step)
  }

  private static func isSameFile(_ record: Record, _ stamp: Stamp?, _ sighting: Sighting) -> Bool {
    guard case .regular = record.content, case .regular = sighting.kind else { return false }
    return stamp?.inode == sighting.inode
  }

  private func passAll(before path: [UInt8]) throws {
    while cursor.isBefore(path), let entry = try cursor.entry() { try pass(entry) }
  }

  /// A record that the walk has passed without seeing anything there.
  private func pass(_ entry: SegmentEntry) throws {
    // Dumps and facts are no part of the walk.
    if case .present(let record, let stamp) = entry, !ReservedPaths.holds(record.path) {
      if let unknown, record.path == unknown || record.path.isBelow(unknown) {
        // It may still be there.
      } else {
        departed.note(record, stamp)
        try add(.remove(record))
      }
    }
    try cursor.advance()
  }

  private func add(_ step: Step) throws {
    totals.note(step)
    try spool.append(step)
  }
}
