import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// What is done to the past: prunes, snapshots, readers; and how it is held against the copies.
extension LongTime {
  // MARK: Prunes

  private static let schedules = [
    "15m,1h,1d/7d", "1h,1d/7d", "5m,15m,1h,2h,4h,8h,1d/7d", "1h/1d", "1d/3d", "10m,1h/6h", "6h/12h",
  ]

  func prune(_ plan: FaultPlan) throws {
    let schedule = try NaiveRetention(random.element(LongTime.schedules) ?? "1h/1d")
    let accepts = random.chance(700)
    let before = numbers
    let (survivors, snapshotsAfter) = expected(schedule)
    note("  \(schedule)\(accepts ? " accepted" : "")")
    let store = try slave.store()
    let pruner = Pruner(
      store, schedule: try RetentionSchedule(schedule.description), keepWithin: LongTime.keepWithin, maxSize: nil,
      isDisabled: false, accounts: Accounts(), clocks: clock.clocks)
    var outcome: Pruner.Outcome?
    do { outcome = try plan.apply { try pruner.runWhole(accepts: accepts) } } catch {
      guard plan.effect != .none else { throw error }
      note("  \(error)")
    }
    // What waits in a journal is not listed yet.
    let found = Set(try store.generations().all.map(\.number)).union(try store.hasJournal() ? [newest.number] : [])
    let isGood =
      switch outcome.map({ $0.refusal != nil }) {
      case false?: found == survivors
      case true?: found == before && !accepts
      case nil: found == survivors || found == before
      }
    guard isGood else {
      throw SupportError(
        "of \(before.sorted()) a prune left \(found.sorted()), and should have left \(survivors.sorted())")
    }
    // A prune that asks first lets nothing go, no snapshot either.
    let isRefused = outcome?.refusal != nil
    try adopt(found, isRefused ? Set(snapshots.keys) : snapshotsAfter, isSure: outcome != nil)
    guard let outcome, outcome.refusal == nil else { return }
    let history = try HistoryLevel.numbers(in: store.history).filter { !found.contains($0) }
    guard history.isEmpty else { throw SupportError("history still has \(history)") }
    let segments = Set(try store.generations().all.flatMap(\.segments))
    let others = Set(try store.catalogFolder.names()).subtracting(segments).filter {
      StoreLayout.number(ofSegment: $0).map { $0 <= newest.number } ?? true
    }
    guard others.isEmpty else { throw SupportError("the catalog still has \(others)") }
  }

  /// What a prune must leave, of generations and of snapshots.
  private func expected(_ schedule: NaiveRetention) -> (Set<UInt64>, Set<String>) {
    let staying = snapshots.filter { _, snapshot in
      snapshot.asked.map { Timestamp(seconds: newest.seconds).since($0) <= LongTime.keepWithin } ?? true
    }
    var survivors = schedule.survivors(of: kept).union(staying.values.map(\.generation))
    survivors.formUnion(readers.map(\.pinned.generation.number))
    survivors.formUnion([newest.number] + [verified.max()].compactMap { $0 })
    return (survivors, Set(staying.keys))
  }

  private func adopt(_ found: Set<UInt64>, _ staying: Set<String>, isSure: Bool) throws {
    let names = Set(try slave.store().snapshots().map(\.name.text))
    guard names == staying || !isSure && names == Set(snapshots.keys) else {
      throw SupportError("snapshots after a prune: \(names.sorted()), not \(staying.sorted())")
    }
    snapshots = snapshots.filter { names.contains($0.key) }
    kept = kept.filter { found.contains($0.number) }
    copies = copies.filter { found.contains($0.key) }
    verified.formIntersection(found)
  }

  // MARK: Snapshots

  func pin() throws {
    let name = "s\(random.number(1...5))"
    guard snapshots[name] == nil, let generation = random.element(kept)?.number else { return }
    // It is found only once it is listed.
    try settle()
    try slave.store().pin(snapshotName(name), generation: generation, now: clock.now)
    snapshots[name] = (generation, nil)
    note("  \(name) on \(generation)")
  }

  /// At the console, or as a master asks.
  func unpin() throws {
    guard let name = random.element(snapshots.keys.sorted()) else { return }
    if random.chance(500) {
      try slave.store().unpin(snapshotName(name))
      snapshots[name] = nil
    } else {
      let asked = try slave.store().askToUnpin(snapshotName(name), now: clock.now).asked
      let first = snapshots[name]?.asked ?? clock.now
      snapshots[name]?.asked = first
      guard asked == first else { throw SupportError("\(name) was asked for at another time") }
    }
  }

  // MARK: Readers

  func startReader() throws {
    guard readers.count < 3, let generation = random.element(kept)?.number else { return }
    note("  of \(generation)")
    readers.append(Reader(pinned: try slave.pin("\(generation)"), copy: try copy(generation)))
  }

  func endReader() throws {
    guard !readers.isEmpty else { return }
    let reader = readers.remove(at: random.below(readers.count))
    note("  of \(reader.pinned.generation.number)")
    guard !random.chance(200) else { return }
    try compare(reader.pinned, with: reader.copy) { _ in }
  }

  /// A restore in whose middle cycles and prunes go on.
  func restoreAmid() throws {
    guard let generation = random.element(kept)?.number else { return }
    let reader = Reader(pinned: try slave.pin("\(generation)"), copy: try copy(generation))
    readers.append(reader)
    note("  of \(generation)")
    let place = random.number(0...6)
    var steps = 0
    var failure: (any Error)?
    try compare(reader.pinned, with: reader.copy) { [self] _ in
      steps += 1
      guard steps == place + 1, failure == nil else { return }
      do {
        try cycle()
        if random.chance(600) { try prune(FaultPlan(.none)) }
        if random.chance(500) { try cycle() }
      } catch { failure = error }
    }
    if let failure { throw failure }
    readers.removeAll { $0.pinned === reader.pinned }
  }

  private func copy(_ generation: UInt64) throws -> Tree {
    guard let copy = copies[generation] else { throw SupportError("no copy of generation \(generation)") }
    return copy
  }

  private func compare(_ pinned: PinnedGeneration, with copy: Tree, meanwhile: @escaping (UInt64) -> Void) throws {
    let name = "out-\(pinned.generation.number)-\(random.next())"
    defer { try? slave.scratch.folder.removeTree(FileName.of(name)) }
    let target = try slave.scratch.makeOrOpenFolder(name)
    let request = RestoreRequest(paths: [], force: false, keepsNumbers: false)
    let result = try Restore(
      pinned, request, into: try target.duplicate(), accounts: Accounts(), progress: { files, _ in meanwhile(files) }
    ).run()
    let differences = try result.damaged.map { "\($0.path) \($0.what)" } + copy.differences(in: target)
    guard differences.isEmpty else {
      throw SupportError("generation \(pinned.generation.number) came back as another tree: \(differences)")
    }
  }

  // MARK: Everything

  func verify() throws {
    let isFull = random.chance(600)
    let verification = StoreVerification(
      try slave.store(), share: isFull ? 1 : 0.2, accounts: Accounts(), clocks: clock.clocks)
    let damaged = try verification.run().damaged
    guard damaged.isEmpty else { throw SupportError("damaged: \(damaged)") }
    if isFull { verified = numbers }
  }

  func check() throws {
    try settle()
    let listed = try slave.store().generations().all
    let found = listed.map { NaiveRetention.Generation(number: $0.number, seconds: $0.time.seconds) }
    guard found == kept else { throw SupportError("listed are \(found), and kept \(kept)") }
    for generation in kept {
      try compare(try slave.pin("\(generation.number)"), with: try copy(generation.number)) { _ in }
    }
    let pinned = try slave.store().snapshots().map { "\($0.name) \($0.generation)" }
    guard pinned == snapshots.sorted(by: { $0.key < $1.key }).map({ "\($0.key) \($0.value.generation)" }) else {
      throw SupportError("snapshots: \(pinned), not \(snapshots)")
    }
  }

  /// Lets readers come to their end, and looks at everything.
  func end() throws {
    while !readers.isEmpty { try endReader() }
    try check()
    try verify()
  }
}
