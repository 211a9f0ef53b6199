import HotsyncCatalog
public import HotsyncConfig
public import HotsyncDatabases
import HotsyncProtocol
import HotsyncSlave
public import HotsyncSystem

/// Makes this slave the production machine: judges the guards, asks, and has the steps carried out; goes on with what was
/// interrupted, takes it back, or makes it final.
public final class Promotion {
  /// How the terminal is held, as far as the executable can see.
  public struct Console: Sendable {
    public var isTerminal = false
    public var isOverSSH = false
    public var isHeld = false

    public init(isTerminal: Bool, isOverSSH: Bool, isHeld: Bool) {
      self.isTerminal = isTerminal
      self.isOverSSH = isOverSSH
      self.isHeld = isHeld
    }
  }

  let root: OpenFolder
  let rootPath: String
  let configuration: Configuration
  let connection: ConnectionConfiguration
  let options: PromotionOptions
  let person: any Operator
  let console: Console
  let clocks: Clocks
  let shelf: PromotionShelf
  /// The database servers that can run here.
  let engines: [any DatabaseEngine]
  /// Shows what the guards say and what will be done, before anything is asked.
  let show: (PromotionCheck) -> Void
  /// Told of what is copied, in files and bytes so far.
  let progress: @Sendable (UInt64, UInt64) -> Void

  /// - Parameter rootPath: in front of paths; empty for the machine's own root.
  public init(
    root: OpenFolder, rootPath: String, configuration: Configuration, connection: ConnectionConfiguration,
    options: PromotionOptions, engines: [any DatabaseEngine], person: any Operator, console: Console,
    clocks: Clocks = .system,
    show: @escaping (PromotionCheck) -> Void = { _ in },
    progress: @escaping @Sendable (UInt64, UInt64) -> Void = { _, _ in }
  ) {
    self.root = root
    self.rootPath = rootPath
    self.configuration = configuration
    self.connection = connection
    self.options = options
    self.person = options.isInteractive ? person : Unasked(person: person)
    self.console = console
    self.clocks = clocks
    self.engines = engines
    self.show = show
    self.progress = progress
    shelf = PromotionShelf(root, connection: connection.name)
  }

  // MARK: Beginning

  /// Promotes, or goes on with what was interrupted.
  public func run() throws(PromoteError) -> PromotionReport {
    let lock = try lock()
    defer { lock.release() }
    if let number = try shelf.numbers().last {
      let journal = try journal(number)
      switch journal.progress.state {
      case .running, .rollingBack: return try goOn(journal)
      case .open, .committed, .rolledBack: break
      }
    }
    let check = try check(isTrial: false)
    show(check)
    guard check.isReady else { throw Promotion.refusal(check) }
    guard let plan = check.start else { throw Promotion.nothingToPromote }
    try confirm(check)
    let cycles = try keepCyclesAway()
    defer { cycles.release() }
    let folder = try shelf.make(plan.number)
    let journal = try Journal(in: folder.folder, start: plan, clocks: clocks)
    return try drive(journal, folder)
  }

  /// The word that nothing happens without: the master's host name, typed in full.
  private func confirm(_ check: PromotionCheck) throws(PromoteError) {
    if let typed = options.confirmedMaster, !options.isInteractive {
      guard typed == check.masterHost else {
        throw Promotion.wrongName(typed, check.masterHost)
      }
      return
    }
    guard options.isInteractive, person.canBeAsked else {
      throw PromoteError(
        .refused, "cannot begin", "the promotion", cause: "nobody is there to type the master's host name",
        next: "run it at a console, or give --non-interactive --confirm-master-off \(check.masterHost)")
    }
    let answer = try person.ask(
      "Promote \(connection.name) to production? Type the master's host name to go on:", atMost: nil)
    guard answer == check.masterHost else { throw Promotion.wrongName(answer, check.masterHost) }
  }

  private static func wrongName(_ typed: String, _ master: String) -> PromoteError {
    PromoteError(
      .refused, "cannot begin", "the promotion",
      cause: typed.isEmpty
        ? "no host name was typed" : "\"\(shown(typed.utf8.prefix(100)))\" is not the master's host name",
      next: "nothing was changed; if the master is off, run hotsync-promote again and type \(master)")
  }

  private static let nothingToPromote = PromoteError(
    .refused, "cannot begin", "the promotion", cause: "there is no generation", next: "hotsync-promote --check")

  private static func refusal(_ check: PromotionCheck) -> PromoteError {
    let all = check.guards.filter { $0.state == .fail }
    // On another machine than the slave that waits for it nothing else means anything.
    let failing = all.first?.name == .role ? [all[0]] : all
    let first = failing.first
    let names = failing.map(\.name.rawValue).joined(separator: ", ")
    return PromoteError(
      .refused, "cannot begin", "the promotion",
      cause: failing.count == 1 ? "\(names): \(first?.message ?? "")" : "these guards fail: \(names)",
      next: first?.nextStep ?? check.planFailure?.nextStep ?? "hotsync-promote --check")
  }

  // MARK: Driving

  private func drive(_ journal: Journal, _ folder: OpenFolder) throws(PromoteError) -> PromotionReport {
    let world = try world(of: journal.progress.start)
    let effects = try RealEffects(world, person: person, promotion: folder.folder)
    let driver = Driver(
      world, steps: steps(journal.progress.start, world), journal: journal, effects: effects, person: person)
    let started = clocks.elapsed()
    driver.tell = { [person, clocks] event in
      guard let line = Promotion.line(event, after: clocks.elapsed() - started) else { return }
      person.tell(line)
    }
    try driver.run()
    let report = PromotionReport(journal.lines, progress: journal.progress)
    try save(report, folder)
    return report
  }

  private static func line(_ event: Driver.Event, after passed: Duration) -> String? {
    let seconds = passed.components.seconds
    switch event {
    case .begins(let step, _): return "[\(seconds) s] \(step.name.rawValue): \(step.summary)"
    case .done(_, let action, let outcome):
      switch outcome.result {
      case .failed: return "  FAILED \(action): \(outcome.words)"
      case .told: return "  not carried out here: \(action)"
      case .done: return outcome.words.isEmpty ? nil : "  \(outcome.words)"
      }
    case .takesBack(let step, let action): return "  taking back \(step.rawValue): \(action)"
    }
  }

  private func save(_ report: PromotionReport, _ folder: OpenFolder) throws(PromoteError) {
    let text = report.text(now: clocks.now()) + "\n"
    try PromoteError.telling { () throws(SystemError) in
      try folder.folder.replace(FileName(checked: "report"), with: Array(text.utf8))
    }
  }

  /// What was interrupted: the operator says whether it goes on or back.
  private func goOn(_ journal: Journal) throws(PromoteError) -> PromotionReport {
    let folder = try shelf.folder(journal.progress.start.number)
    person.tell(PromotionReport(journal.lines, progress: journal.progress).text(now: clocks.now()))
    if journal.progress.state == .running {
      let answer = try wayOn()
      if answer != "back" { try requireNoMaster(journal.progress.start) }
      if answer == "back" {
        try journal.add(.rollback)
      } else if let network = options.network, journal.progress.current == .network,
        let decided = journal.progress.decisions(of: .network)?["network"], decided != network.rawValue
      {
        // What was planned for the other way is taken back first.
        try journal.add(.reconsider(.network))
      }
    }
    let cycles = try keepCyclesAway()
    defer { cycles.release() }
    return try drive(journal, folder)
  }

  /// A master that has come back meanwhile shows on the wire; what else was asked before this machine would answer itself by now.
  private func requireNoMaster(_ start: PromotionStart) throws(PromoteError) {
    let signal = try LinkSignal().ask(try world(of: start))
    guard signal.state == .alive else { return }
    throw PromoteError(
      .refused, "cannot go on with", "the interrupted promotion", cause: "the master is alive: \(signal.words)",
      next: "switch it off and go on with hotsync-promote; or take it back: hotsync-promote --rollback")
  }

  private func wayOn() throws(PromoteError) -> String {
    guard options.isInteractive else {
      guard options.confirmedMaster != nil else {
        throw PromoteError(
          .refused, "cannot go on with", "the interrupted promotion", cause: "nobody said that it is to go on",
          next:
            "give --non-interactive --confirm-master-off HOSTNAME; or take it back: hotsync-promote --rollback --yes")
      }
      return "continue"
    }
    let answer = try person.ask("It was interrupted. Type continue to go on, or back to take it back:", atMost: nil)
    guard answer == "continue" || answer == "back" else {
      throw PromoteError(
        .refused, "cannot go on with", "the interrupted promotion",
        cause: answer.isEmpty ? "nothing was typed" : "\"\(shown(answer.utf8.prefix(100)))\" is neither",
        next: "nothing was changed now; run hotsync-promote again, or hotsync-promote --rollback")
    }
    return answer
  }

  // MARK: Back, and for good

  /// Takes the last promotion back, step by step.
  public func rollBack(_ isAgreed: () throws(PromoteError) -> Bool) throws(PromoteError) -> PromotionReport {
    let lock = try lock()
    defer { lock.release() }
    guard let number = try shelf.numbers().last else { throw Promotion.nothingThere("take back") }
    let journal = try journal(number)
    switch journal.progress.state {
    case .running, .open:
      guard try isAgreed() else { throw Promotion.notAgreed("the rollback") }
      try journal.add(.rollback)
    case .rollingBack: break
    case .rolledBack:
      throw PromoteError(
        .refused, "cannot take back", "promotion \(number)", cause: "it was taken back already",
        next: "hotsync-promote --report")
    case .committed:
      throw PromoteError(
        .refused, "cannot take back", "promotion \(number)",
        cause: "it was made final by --commit: what it displaced is gone",
        next: "make this machine a slave again by hand, and bring the master's data back from it")
    }
    let cycles = try keepCyclesAway()
    defer { cycles.release() }
    return try drive(journal, try shelf.folder(number))
  }

  /// Gives back the space that the undo area takes: there is no way back after it.
  public func commit(_ isAgreed: () throws(PromoteError) -> Bool) throws(PromoteError) -> PromotionReport {
    let lock = try lock()
    defer { lock.release() }
    guard let number = try shelf.numbers().last else { throw Promotion.nothingThere("make final") }
    let journal = try journal(number)
    switch journal.progress.state {
    case .open:
      guard try isAgreed() else { throw Promotion.notAgreed("the commit") }
      // First: from here on nobody may try to go back with what is left.
      try journal.add(.committed)
    case .committed: break
    case .running, .rollingBack:
      throw PromoteError(
        .refused, "cannot make final", "promotion \(number)", cause: "it is not at its end",
        next: "go on with it first: hotsync-promote")
    case .rolledBack: throw Promotion.nothingThere("make final")
    }
    crashPoint("promote")
    try removeUndoArea(journal.progress, try shelf.folder(number))
    let report = PromotionReport(journal.lines, progress: journal.progress)
    try save(report, try shelf.folder(number))
    return report
  }

  private func removeUndoArea(_ progress: Progress, _ folder: OpenFolder) throws(PromoteError) {
    for (_, action, _, _) in progress.actions {
      guard case .makeUndoFolder(let path) = action else { continue }
      try PromoteError.telling { () throws(SystemError) in
        do throws(SystemError) { try root.folder.parentFolder(of: path.path).removeTree(path.path.name) } catch {
          guard error.isMissing else { throw error }
        }
      }
    }
    try PromoteError.telling { () throws(SystemError) in
      try folder.folder.removeTree(KeptEntries.name)
      try folder.folder.removeTree(FileName(checked: "overlay"))
    }
  }

  private static func notAgreed(_ what: String) -> PromoteError {
    PromoteError(
      .refused, "cannot begin", what, cause: "it was not agreed to", next: "nothing was changed; in scripts: --yes")
  }

  private static func nothingThere(_ verb: String) -> PromoteError {
    PromoteError(
      .refused, "cannot \(verb)", "a promotion", cause: "none was begun on this machine",
      next: "hotsync-promote --check")
  }

  // MARK: Looking

  /// The last promotion, as its journal tells it; nil where there was none.
  public func lastReport() throws(PromoteError) -> PromotionReport? {
    guard let number = try shelf.numbers().last else { return nil }
    return try report(number)
  }

  /// All of them, oldest first.
  public func history() throws(PromoteError) -> [PromotionReport] {
    var reports: [PromotionReport] = []
    for number in try shelf.numbers() { reports.append(try report(number)) }
    return reports
  }

  private func report(_ number: Int) throws(PromoteError) -> PromotionReport {
    let lines = try shelf.lines(number)
    return PromotionReport(lines, progress: try Progress(lines.map(\.entry)))
  }

  // MARK: Parts

  private func journal(_ number: Int) throws(PromoteError) -> Journal {
    let folder = try shelf.folder(number)
    guard let journal = try Journal(in: folder.folder, clocks: clocks) else { throw Promotion.nothingThere("read") }
    return journal
  }

  private func lock() throws(PromoteError) -> HeldLock {
    guard let lock = try shelf.lock() else {
      throw PromoteError(
        .busy, "cannot begin", "the promotion", cause: "another one is under way on this machine",
        next: "look for its terminal (screen -ls, tmux ls); it can be continued if it was closed")
    }
    return lock
  }

  /// A cycle that the dead master left under way ends once its line was silent for long enough.
  private func keepCyclesAway() throws(PromoteError) -> HeldLock {
    let store = try PromoteError.telling(store: {
      () throws(StoreError) in
      try Store.open(connection: connection.name, root: root.folder, path: configuration.store)
    })
    let start = clocks.elapsed()
    var hasTold = false
    while true {
      if let lock = try PromoteError.telling(store: { () throws(StoreError) in try store.lockAgainstCycles() }) {
        return lock
      }
      guard clocks.elapsed() - start < connection.silenceTimeout + .seconds(10) else {
        throw PromoteError(
          .busy, "cannot begin", "the promotion", cause: "a cycle is under way",
          next: "if the master is dead, end its agent: pkill -f 'hotsync-slave serve', and try again")
      }
      if !hasTold { person.tell("a cycle is under way; waiting until its line is given up") }
      hasTold = true
      Worker.pause(.milliseconds(200))
    }
  }

  func world(of start: PromotionStart, isTrial: Bool = false) throws(PromoteError) -> PromotionWorld {
    var options = start.options
    options.isInteractive = self.options.isInteractive
    options.network = self.options.network ?? options.network
    options.accepted.formUnion(self.options.accepted)
    return try world(number: start.number, generation: start.generation, options, isTrial: isTrial)
  }

  func world(
    number: Int, generation: UInt64, _ options: PromotionOptions, isTrial: Bool
  ) throws(PromoteError) -> PromotionWorld {
    let (root, configuration, connection) = (root, configuration, connection)
    let bare = PromotionWorld(
      root: root, rootPath: rootPath, configuration: configuration, connection: connection, number: number,
      generation: generation, options: options, clocks: clocks, isTrial: isTrial,
      facts: { (_) throws(PromoteError) in nil })
    return PromotionWorld(
      root: root, rootPath: rootPath, configuration: configuration, connection: connection, number: number,
      generation: generation, options: options, clocks: clocks, isTrial: isTrial,
      facts: { (subject) throws(PromoteError) in try bare.pin().fact(subject) })
  }

  func steps(_ start: PromotionStart, _ world: PromotionWorld) -> [any PromotionStep] {
    let promoter = parseHexadecimal(start.promoter[...]) ?? []
    return [
      AnnounceStep(), FenceStep(epoch: Epoch(number: start.epoch, promoter: promoter) ?? .first, since: clocks.now()),
      FilesStep(progress: progress), PackagesStep(), DatabasesStep(engines: engines), NetworkStep(), ServicesStep(),
      EventsStep(),
      ChecklistStep(),
    ]
  }
}

extension PromoteError {
  static func telling<Result: ~Copyable>(
    store body: () throws(StoreError) -> Result
  ) throws(PromoteError) -> Result {
    do throws(StoreError) { return try body() } catch { throw PromoteError(error) }
  }
}
