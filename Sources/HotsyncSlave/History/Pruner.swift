public import HotsyncCatalog
import HotsyncPlan
public import HotsyncSystem

/// Lets go of the generations that the retention plan does not keep. What they have in history is folded into their elders, in
/// slices, so that a cycle hardly waits.
///
/// 1. The list of generations is written without those that go, each pinned alone, so that nobody reads it.
/// 2. Whatever history has of generations that are not listed is folded into the elder of each, oldest first, flushed, and
///    removed. A prune that was interrupted left exactly that to be gone on with.
public final class Pruner {
  /// What was decided, and what came of it.
  public struct Outcome: Sendable {
    /// All that were there, oldest first, and what becomes of each.
    public internal(set) var fates: [Fate] = []
    /// What speaks against it, so that nothing was dropped; the operator can accept it.
    public internal(set) var refusal: String?
    /// What stopped it after the decision was carried out: the next prune goes on with what is left.
    public internal(set) var failure: StoreError?
    /// Snapshots that the master had asked to let go, and that are no more.
    public internal(set) var unpinned: [SnapshotName] = []
  }

  /// A generation, and what becomes of it.
  public struct Fate: Sendable {
    public let generation: Generation
    var decision: RetentionDecision

    /// What keeps it: intervals of the schedule, `snapshot:NAME`, `newest`, …; empty for one that goes.
    public var keptBy: [String] { decision.keptBy }
    /// Why it goes; nil for one that stays.
    public var dropped: String? { decision.dropped }
  }

  private let store: Store
  private let plan: RetentionPlan
  private let schedule: RetentionSchedule
  private let keepWithin: Duration
  private let measures: Bool
  private let metadata: MetadataWriter
  private let clocks: Clocks
  private var lock: HeldLock?
  private var sliceBegan = Duration.zero

  /// How long it keeps the writer's lock at a stretch.
  private static let slice = Duration.seconds(1)
  private static let pruneLock = StoreLayout.name("prune.lock")

  /// - Parameter maxSize: only where there is one, sizes are looked at.
  /// - Parameter accounts: owners for what an interrupted commit still has to bring.
  public init(
    _ store: Store, schedule: RetentionSchedule, keepWithin: Duration, maxSize: UInt64?, isDisabled: Bool,
    accounts: Accounts, mapsUnknownOwnersToNobody: Bool = false, clocks: Clocks = .system
  ) {
    self.store = store
    self.schedule = schedule
    self.keepWithin = keepWithin
    self.clocks = clocks
    metadata = MetadataWriter(accounts: accounts, unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric)
    plan = RetentionPlan(schedule: schedule, keepWithin: keepWithin, maxSize: maxSize, isDisabled: isDisabled)
    measures = maxSize != nil
  }

  // MARK: Deciding

  /// What a prune would do now; nothing is written.
  public func preview() throws(StoreError) -> Outcome {
    let list = try store.generations()
    return try decide(list)
  }

  private func decide(_ list: GenerationList) throws(StoreError) -> Outcome {
    // Measured from the newest generation as all else: neither a clock that jumped ahead nor a master that is gone unpins.
    let due =
      try list.newest.map { (newest) throws(StoreError) in
        try store.snapshotsDue(keepWithin: keepWithin, now: newest.time)
      } ?? []
    var outcome = Outcome()
    outcome.unpinned = due
    let retained = try retained(list.all, without: Set(due))
    let decisions = plan.decide(retained)
    outcome.fates = zip(list.all, decisions).map { Fate(generation: $0, decision: $1) }
    outcome.refusal = PruneCaution.refusal(
      decisions, of: retained, now: clocks.now(), memory: try store.pruneMemory(), schedule: schedule)
    return outcome
  }

  private func retained(
    _ generations: [Generation], without due: Set<SnapshotName>
  ) throws(StoreError) -> [RetainedGeneration] {
    var names: [UInt64: [String]] = [:]
    for snapshot in try store.snapshots() where !due.contains(snapshot.name) {
      names[snapshot.generation, default: []].append(snapshot.name.description)
    }
    let verified = try store.verified()
    // That a seed was read in full is no reason to keep it: no master ever had it.
    let lastVerified = generations.last { verified[$0.number] != nil && !$0.isSeed }?.number
    var retained: [RetainedGeneration] = []
    for generation in generations {
      let number = generation.number
      retained.append(
        RetainedGeneration(
          number: number, time: generation.time, snapshots: names[number] ?? [], isVerified: number == lastVerified,
          isRead: try store.isRead(number), isSeed: generation.isSeed,
          size: measures ? try store.historySize(number) : 0))
    }
    return retained
  }

  // MARK: Pruning

  /// - Parameter accepts: the operator's word that a jump of time, or a large share of all, is meant.
  /// - Throws: kind `.busy` where another prune is under way.
  public func run(accepts: Bool) throws(StoreError) -> Outcome {
    try Committer(store: store, metadata: metadata).rollForward()
    guard let alone = try store.tryLock(Pruner.pruneLock) else {
      throw .busy("the history of \"\(store.connection)\"", "another prune is under way")
    }
    defer { withExtendedLifetime(alone) {} }
    do throws(StoreError) { return try attempt(accepts) } catch {
      // What is to make room must not need any: what was set aside for such a moment is given back to the disk.
      guard error.kind == .unwritable, try releaseBallast() else { throw error }
      defer { try? store.top.setAsideBallast() }
      return try attempt(accepts)
    }
  }

  private func releaseBallast() throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      guard try store.top.statusIfPresent(StoreLayout.ballast) != nil else { return false }
      try store.top.unlink(StoreLayout.ballast)
      return true
    }
  }

  private func attempt(_ accepts: Bool) throws(StoreError) -> Outcome {
    try takeLock()
    defer { giveLock() }
    let list = try store.generations()
    var outcome = try decide(list)
    if accepts { outcome.refusal = nil }
    if outcome.refusal == nil {
      try store.unpin(outcome.unpinned)
      try unlist(&outcome, list)
    }
    do throws(StoreError) { try foldUnlisted(try store.generations()) } catch {
      guard error.kind != .unwritable else { throw error }
      outcome.failure = error
    }
    return outcome
  }

  private func unlist(_ outcome: inout Outcome, _ list: GenerationList) throws(StoreError) {
    var pins: [HeldLock] = []
    for index in outcome.fates.indices where !outcome.fates[index].decision.isKept {
      let number = outcome.fates[index].generation.number
      if let pin = try store.tryPinExclusively(number) {
        pins.append(pin)
      } else {
        outcome.fates[index].decision = outcome.fates[index].decision.keptForReader()
      }
    }
    try store.note(PruneMemory(after: outcome.fates.map(\.decision), since: try store.pruneMemory()))
    let kept = GenerationList(all: outcome.fates.filter { $0.decision.isKept }.map(\.generation))
    guard kept != list else { return }
    crashPoint("unlist")
    try StoreError.telling { () throws(SystemError) in
      try store.top.replace(StoreLayout.generations, with: kept.encode(key: store.key))
      crashPoint("unlisted")
    }
    withExtendedLifetime(pins) {}
  }

  /// Removes segments and pins that no listed generation names; those of a sealed cycle have a number to come.
  private func removeUnlisted(_ list: GenerationList) throws(SystemError) {
    guard let newest = list.newest else { return }
    let named = Set(list.all.flatMap(\.segments))
    for name in try store.catalogFolder.names() where !named.contains(name) {
      guard let number = StoreLayout.number(ofSegment: name), number <= newest.number else { continue }
      try store.catalogFolder.unlink(name)
    }
    let numbers = Set(list.all.map(\.number))
    for name in try store.pins.names() {
      guard let number = StoreLayout.number(name), number < newest.number,
        !numbers.contains(number)
      else { continue }
      try store.pins.unlink(name)
    }
  }

  private func foldUnlisted(_ list: GenerationList) throws(StoreError) {
    let store = store
    let listed = Set(list.all.map(\.number))
    let numbers = try StoreError.telling { () throws(SystemError) in
      try removeUnlisted(list)
      return try HistoryLevel.numbers(in: store.history)
    }
    for number in numbers where !listed.contains(number) && number < list.newest?.number ?? 0 {
      if let elder = list.all.last(where: { $0.number < number }) {
        try Fold(store, number, into: elder) { [self] () throws(StoreError) in try pause() }.run()
        try flush()
      }
      crashPoint("folded")
      // Nobody needs it any more, and nobody else touches it.
      giveLock()
      try StoreError.telling { () throws(SystemError) in try store.history.removeTree(StoreLayout.name(number)) }
      try takeLock()
    }
  }

  private func flush() throws(StoreError) {
    let store = store
    giveLock()
    try StoreError.telling { () throws(SystemError) in try FileSystemFlush(store).flush() }
    try takeLock()
  }

  // MARK: The lock

  private func takeLock() throws(StoreError) {
    lock = try store.lockForWriting(clocks: clocks)
    sliceBegan = clocks.elapsed()
  }

  private func giveLock() {
    lock?.release()
    lock = nil
  }

  /// Lets a cycle that waits have the lock.
  private func pause() throws(StoreError) {
    guard clocks.elapsed() - sliceBegan > Pruner.slice else { return }
    giveLock()
    // Longer than a waiting cycle pauses between two looks.
    Worker.pause(.milliseconds(60))
    try takeLock()
  }
}

extension Store {
  /// Whether anybody reads that generation now; nothing is written to find out.
  fileprivate func isRead(_ generation: UInt64) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      let name = StoreLayout.name(generation)
      guard try pins.statusIfPresent(name) != nil else { return false }
      // flock(2) asks for no right to write.
      return try !pins.open(name).tryLock()
    }
  }

  /// What a generation has in history, in bytes on the disk; a file of several names counts in parts.
  fileprivate func historySize(_ generation: UInt64) throws(StoreError) -> UInt64 {
    let folder = try StoreError.telling { () throws(SystemError) in try history.ifPresent(StoreLayout.name(generation))
    }
    guard let folder else { return 0 }
    let walk = try MirrorWalk(folder)
    var size: UInt64 = 0
    while let (_, status) = try walk.current() {
      size += status.blocks * 512 / UInt64(max(1, status.kind == .folder ? 1 : status.links))
      try walk.enter(status.kind == .folder) { _ in }
    }
    return size
  }
}
