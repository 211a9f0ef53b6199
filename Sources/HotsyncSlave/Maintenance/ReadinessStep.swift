import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncReport
import HotsyncSystem

extension Maintenance {
  /// Asks all that speaks against a promotion now, and writes the answer down.
  func judge() throws -> StepOutcome {
    var found = blockers.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap(\.value)
    if !blockers.keys.contains(.databases) { found += formerBlockers(of: .databases, code: "databases") }
    if !blockers.keys.contains(.packages) { found += formerBlockers(of: .packages, code: "packages") }
    let store = try store()
    found += try storeBlockers(try StatusOfStore(store))
    let pinned = try newest(of: store)
    let facts = try pinned.map { try FactsSet(try $0.facts()) }
    if let missing = facts?.missing, !missing.isEmpty {
      found.append(
        Blocker(
          code: "facts", message: "the newest generation does not tell the master's \(missing.joined(separator: ", "))",
          nextStep: "on the master: hotsync sync"))
    }
    let estimate = try pinned.map { try PromotionEstimate($0, facts, root: root, loadSeconds: loadSeconds).seconds }
    let record = ReadinessRecord(at: clocks.now(), blockers: found, estimatedSeconds: estimate)
    try record.write(connection.name, below: root)
    readiness = record
    return .done(found.isEmpty ? "a promotion would work now" : "\(found.count) things stand in the way")
  }

  /// Of a step that did not run this time: what the last one found.
  private func formerBlockers(of step: MaintenanceStep, code: String) -> [Blocker] {
    guard !hasRun(step) else { return [] }
    let former = try? ReadinessRecord.read(connection.name, below: root)
    return former?.blockers.filter { $0.code == code } ?? []
  }

  private func storeBlockers(_ store: StatusOfStore) throws -> [Blocker] {
    var found: [Blocker] = []
    func add(_ code: String, _ message: String, _ next: String) {
      found.append(Blocker(code: code, message: message, nextStep: next))
    }
    if store.generations.isEmpty { add("generation", "no cycle has come yet", "on the master: hotsync sync") }
    if store.seed != nil {
      add(
        "seed", "the store holds a seed and no copy of the living master: no cycle has come yet",
        "on the master: hotsync sync, which sends what differs")
    }
    if store.isFull {
      add(
        "space", "the store's file system is full: the next cycle cannot be taken",
        "make room there (df -h), or keep fewer generations: hotsync-slave prune --dry-run")
    }
    if store.damaged > 0 {
      add(
        "damaged", "\(store.damaged) entries of the mirror are damaged or missing",
        "on the master: hotsync sync, which sends them again")
    }
    if let last = store.lastSync {
      let age = clocks.now().since(last.time)
      if age > patience {
        add(
          "old", "the copy is old: the master was last in step at \(last.time.rfc3339)",
          "on the master: hotsync status, and systemctl status hotsync@\(connection.name).timer")
      }
    }
    return found
  }

  /// As old as a copy may be: `promote.max_age`, or two intervals of a schedule that is rarer.
  private var patience: Duration {
    let now = clocks.now()
    guard let cron = CronSchedule(connection.schedule), let next = cron.next(after: now),
      let second = cron.next(after: next)
    else { return configuration.promote.maxAge }
    return max(configuration.promote.maxAge, second.since(next) * 2)
  }
}

/// How long a promotion of a generation would take, roughly: its steps at a machine's usual pace.
struct PromotionEstimate {
  let seconds: Double

  /// What the steps take that do not depend on the data: the network, its check, hooks.
  private static let steady = 10.0
  private static let perUnit = 0.3
  private static let copiedBytesPerSecond = 100e6
  private static let copiedFilesPerSecond = 5_000.0

  init(
    _ pinned: PinnedGeneration, _ facts: FactsSet?, root: borrowing Folder, loadSeconds: Double?
  ) throws {
    var seconds = PromotionEstimate.steady + Double(facts?.services?.enabled.count ?? 0) * PromotionEstimate.perUnit
    for folder in try pinned.names(in: nil) where !ReservedPaths.holds(RelativePath(folder.name)) {
      let path = RelativePath(folder.name)
      // What lies on one mount changes places whatever its size.
      if let live = try root.folderIfPresent(at: path), try pinned.store.isOnMount(of: live) { continue }
      let size = try pinned.size(below: path)
      seconds += Double(size.bytes) / PromotionEstimate.copiedBytesPerSecond
      seconds += Double(size.files) / PromotionEstimate.copiedFilesPerSecond
    }
    // One more cycle may come after the last load.
    self.seconds = seconds + (loadSeconds ?? 0)
  }
}
