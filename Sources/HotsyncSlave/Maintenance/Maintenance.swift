import HotsyncCatalog
public import HotsyncConfig
public import HotsyncDatabases
import HotsyncFacts
public import HotsyncReport
public import HotsyncSystem

/// The slave's hour for one connection (docs/decisions/0029-the-slaves-hour.md): its steps one after the other, each with its time
/// and what came of it. One that fails stops no other.
public final class Maintenance {
  let connection: ConnectionConfiguration
  let configuration: Configuration
  let root: Folder
  let isMachine: Bool
  let accounts: Accounts
  let clocks: Clocks
  let engines: [any DatabaseEngine]
  /// A command as it is to be typed here.
  let command: (String) -> String
  let beginning: Timestamp
  private let former: MaintenanceRecord?
  private var steps: [MaintenanceRecord.Step] = []
  private(set) var failures: [ErrorReport] = []
  /// What speaks against a promotion, as the steps find it.
  var blockers: [MaintenanceStep: [Blocker]] = [:]
  var rehearsedAt: Int64?
  var loadSeconds: Double?
  var readiness: ReadinessRecord?

  /// - Parameters:
  ///   - root: which the store and the state lie below.
  ///   - engines: those whose servers could run here.
  ///   - accounts: owners as they are here.
  ///   - command: adds what a command of ours needs here, such as the root.
  public init(
    _ connection: ConnectionConfiguration, _ configuration: Configuration, root: borrowing Folder,
    engines: [any DatabaseEngine], accounts: Accounts, clocks: Clocks = .system,
    command: @escaping (String) -> String = { $0 }
  ) throws {
    self.connection = connection
    self.configuration = configuration
    self.root = try root.duplicate()
    isMachine = try root.isMachineRoot()
    self.engines = engines
    self.accounts = accounts
    self.clocks = clocks
    self.command = command
    beginning = clocks.now()
    former = try MaintenanceRecord.read(connection.name, below: root)
    rehearsedAt = former?.rehearsedAt
    loadSeconds = former?.loadSeconds
  }

  /// Runs all steps, or one.
  ///
  /// - Parameter rehearses: all dumps are loaded, changed or not.
  /// - Throws: kind `.busy` where another run maintains this connection.
  public func run(only: MaintenanceStep? = nil, rehearses: Bool = false) throws -> MaintenanceReport.Connection {
    if let mark = try PromotionMark.read(connection.name, below: root) {
      return MaintenanceReport.Connection(
        name: connection.name, record: nil, readiness: nil,
        notice:
          "this machine was promoted at \(mark.since.rfc3339): there is nothing to maintain until it is a slave again")
    }
    let lock = try lock()
    let start = clocks.elapsed()
    for step in MaintenanceStep.allCases where only == nil || only == step {
      try carryOut(step, rehearses: rehearses)
    }
    let record = try note(isWhole: only == nil, seconds: Maintenance.seconds(clocks.elapsed() - start))
    withExtendedLifetime(lock) {}
    return MaintenanceReport.Connection(
      name: connection.name, record: record, readiness: readiness, failures: failures)
  }

  private func lock() throws -> HeldLock {
    let folder = try state()
    let file = try folder.open(StoreLayout.name("maintenance.lock"), [.readingAndWriting, .creating])
    guard let lock = try HeldLock(file) else {
      throw StoreError.busy("\"\(connection.name)\"", "another maintenance of it is under way")
    }
    return lock
  }

  /// `var/lib/hotsync-state/<connection>`.
  func state() throws(SystemError) -> Folder {
    var here = try root.duplicate()
    for name in ["var", "lib"] { here = try here.makeOrOpenFolder(StoreLayout.name(name), permissions: 0o755) }
    return try here.makeOrOpenFolder(StoreLayout.name("hotsync-state")).makeOrOpenFolder(
      StoreLayout.name(connection.name))
  }

  // MARK: Steps

  private func carryOut(_ step: MaintenanceStep, rehearses: Bool) throws {
    let start = clocks.elapsed()
    var told: (result: MaintenanceRecord.Result, message: String, next: String?)
    do {
      let outcome = try body(of: step, rehearses: rehearses)
      let results: [StepOutcome.StepResult: MaintenanceRecord.Result] = [
        .done: .done, .skipped: .skipped, .refused: .refused,
      ]
      told = (results[outcome.result] ?? .done, outcome.message, outcome.nextStep)
    } catch let error as any HotsyncError {
      failures.append(ErrorReport(error))
      told = (error.kind == .refused ? .refused : .failed, ErrorReport(error).message, error.nextStep)
    }
    steps.append(
      MaintenanceRecord.Step(
        name: step.rawValue, result: told.result, seconds: Maintenance.seconds(clocks.elapsed() - start),
        message: told.message, nextStep: told.next))
    crashPoint("maintained")
  }

  private func body(of step: MaintenanceStep, rehearses: Bool) throws -> StepOutcome {
    switch step {
    case .rollForward: try rollForward()
    case .retention: try retain()
    case .verify: try verifyShare()
    case .packages: try comparePackages()
    case .owners: try compareOwners()
    case .databases: try loadDumps(rehearses: rehearses)
    case .readiness: try judge()
    }
  }

  func hasRun(_ step: MaintenanceStep) -> Bool { steps.contains { $0.name == step.rawValue } }

  /// A step that did not run stands as it was; so does what it found.
  private func note(isWhole: Bool, seconds: Double) throws -> MaintenanceRecord {
    let now = clocks.now()
    let all = MaintenanceStep.allCases.compactMap { step in
      (steps + (former?.steps ?? [])).first { $0.name == step.rawValue }
    }
    let isGood = isWhole && !steps.contains { $0.result == .failed }
    let record = MaintenanceRecord(
      at: isWhole ? beginning : former?.moment ?? beginning, seconds: isWhole ? seconds : former?.seconds ?? seconds,
      steps: all, succeededAt: isGood ? now.seconds : former?.succeededAt, rehearsedAt: rehearsedAt,
      loadSeconds: loadSeconds)
    try record.write(connection.name, below: root)
    return record
  }

  static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

  // MARK: What the steps share

  var mapsToNobody: Bool { connection.unknownOwner == .nobody }

  func store() throws(StoreError) -> Store {
    let store = try Store.open(connection: connection.name, root: root, path: configuration.store)
    try store.requireOwn()
    return store
  }

  /// The newest generation, pinned as any reader's; nil where there is none yet.
  func newest(of store: Store) throws(StoreError) -> PinnedGeneration? {
    guard try !store.generations().all.isEmpty else { return nil }
    return try PinnedGeneration.open(store, accounts: accounts, mapsUnknownOwnersToNobody: mapsToNobody, clocks: clocks)
  }

  /// What the master said of itself with the newest generation; nil where there is none yet.
  func facts() throws -> FactsSet? {
    guard let pinned = try newest(of: try store()) else { return nil }
    return try FactsSet(try pinned.facts())
  }
}
