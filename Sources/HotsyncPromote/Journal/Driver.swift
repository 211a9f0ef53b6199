import HotsyncSystem

/// What the driver writes down as it goes: a journal on the disk, or a check's memory.
protocol JournalKeeping: AnyObject {
  var progress: Progress { get }
  func add(_ entry: JournalEntry) throws(PromoteError)
}

extension Journal: JournalKeeping {}

/// The journal of a check.
final class MemoryJournal: JournalKeeping {
  private(set) var progress: Progress

  init(_ start: PromotionStart) throws(PromoteError) { progress = try Progress([.begun(start)]) }

  func add(_ entry: JournalEntry) throws(PromoteError) { try progress.take(entry) }
}

/// Asks the journal what comes next and has it done, until there is nothing left: the one way for a check, a promotion, one that
/// goes on, and a rollback.
final class Driver {
  private let world: PromotionWorld
  private let steps: [StepName: any PromotionStep]
  private let journal: any JournalKeeping
  private let effects: any Effects
  private let person: any Operator
  /// Told of each step as it begins and of each action's outcome.
  var tell: (Event) -> Void = { _ in }

  enum Event {
    case begins(any PromotionStep, StepPlan)
    case done(StepName, Action, Outcome)
    case takesBack(StepName, Action)
  }

  init(
    _ world: PromotionWorld, steps: [any PromotionStep], journal: any JournalKeeping, effects: any Effects,
    person: any Operator
  ) {
    self.world = world
    self.steps = Dictionary(steps.map { ($0.name, $0) }) { $1 }
    self.journal = journal
    self.effects = effects
    self.person = person
  }

  /// Goes to the end of what was begun: of the promotion, or of its rollback.
  func run() throws(PromoteError) {
    try stopAgain()
    while true {
      boundary()
      switch journal.progress.next {
      case .nothing: return
      case .decide(let name):
        let step = try step(name)
        try journal.add(.decided(name, answers: effects.isReal ? try step.decide(world, person) : [:]))
      case .plan(let name, let decisions):
        try journal.add(.planned(name, plan: try step(name).plan(world, decisions)))
      case .begin(let name, let index, let action):
        let step = try step(name)
        if index == 0, let plan = journal.progress.plan(of: name) { tell(.begins(step, plan)) }
        let before = try effects.prepare(action, "\(name.rawValue)-\(index)")
        boundary()
        try journal.add(.about(name, index: index, before: before))
        boundary()
        try carryOut(step, index, action, before)
      case .repeatAction(let name, let index, let action, let before):
        try carryOut(try step(name), index, action, before)
      case .end(let name): try journal.add(.ended(name))
      case .open: try journal.add(.opened)
      case .undo(let name, let index, let action, let before):
        tell(.takesBack(name, action))
        let outcome = try effects.undo(action, before, of: try step(name))
        boundary()
        try journal.add(.undone(name, index: index, outcome: outcome))
      case .forget(let name): try journal.add(.forgotten(name))
      case .endRollback: try journal.add(.rolledBack)
      }
    }
  }

  /// Where tests kill a promotion; a check does nothing that could be interrupted.
  private func boundary() {
    if effects.isReal { crashPoint("promote") }
  }

  /// The power may have come back since: data folders do not change places below servers that a boot has started.
  private func stopAgain() throws(PromoteError) {
    if case .nothing = journal.progress.next { return }
    for (name, run) in journal.progress.heldStops {
      _ = try effects.carryOut(.run(run), Before(), of: try step(name))
    }
  }

  private func carryOut(
    _ step: any PromotionStep, _ index: Int, _ action: Action, _ before: Before
  ) throws(PromoteError) {
    let outcome = try effects.carryOut(action, before, of: step)
    boundary()
    try journal.add(.done(step.name, index: index, outcome: outcome))
    tell(.done(step.name, action, outcome))
  }

  private func step(_ name: StepName) throws(PromoteError) -> any PromotionStep {
    guard let step = steps[name] else {
      throw PromoteError(
        .bug, "cannot find", "the step \(name.rawValue)", cause: "it was not given to the driver", next: "report this")
    }
    return step
  }
}
