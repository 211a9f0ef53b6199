public import HotsyncSystem

/// Where a promotion stands: nothing but what its journal says, and what comes next. Pure; the driver does what it is told.
///
/// ```
/// begun → for each step: [decided] planned (about done)* ended → opened → committed
///       ↘ reconsider within a step: undone*, backwards, forgotten → the same step again
///       ↘ rollback at any moment: undone*, backwards            → rolledBack
/// ```
public struct Progress: Sendable, Equatable {
  public enum State: String, Sendable {
    case running
    /// All steps are done, the undo area is still there.
    case open
    case rollingBack
    case rolledBack
    /// The undo area is given back.
    case committed
  }

  /// What the driver does next.
  public enum Move: Sendable, Equatable {
    case decide(StepName)
    case plan(StepName, [String: String])
    /// Write down that it is about to be done, then do it.
    case begin(StepName, Int, Action)
    /// It was begun and not finished: do it (again).
    case repeatAction(StepName, Int, Action, Before)
    case end(StepName)
    case open
    case undo(StepName, Int, Action, Before)
    /// All of a reconsidered step is taken back.
    case forget(StepName)
    case endRollback
    case nothing
  }

  struct StepState: Sendable, Equatable {
    var decisions: [String: String]?
    var plan: StepPlan?
    var begun: [Before] = []
    var outcomes: [Outcome] = []
    var isEnded = false
    /// How many of those begun are taken back.
    var undone = 0
  }

  public let start: PromotionStart
  public private(set) var state = State.running
  private(set) var steps: [StepName: StepState] = [:]
  /// The step that is being taken back alone.
  private var reconsidered: StepName?

  /// - Throws: kind `.damaged` where the entries cannot follow one another.
  public init(_ entries: some Sequence<JournalEntry>) throws(PromoteError) {
    var start: PromotionStart?
    var progress: Progress?
    for entry in entries {
      guard progress != nil else {
        guard case .begun(let first) = entry else { throw .impossible(entry) }
        start = first
        progress = Progress(start: first)
        continue
      }
      try progress?.take(entry)
    }
    guard let progress, start != nil else {
      throw PromoteError(
        .damaged, "cannot read", "the journal of the promotion", cause: "it is empty",
        next: "start again: hotsync-promote")
    }
    self = progress
  }

  private init(start: PromotionStart) { self.start = start }

  /// Goes on by what was written.
  public mutating func take(_ entry: JournalEntry) throws(PromoteError) {
    if let step = reconsidered { return try take(entry, reconsidering: step) }
    switch (state, entry) {
    case (.running, .decided(let step, let answers)):
      try require(step == current && self[step].decisions == nil, entry)
      self[step].decisions = answers
    case (.running, .planned(let step, let plan)):
      try require(step == current && self[step].decisions != nil && self[step].plan == nil, entry)
      self[step].plan = plan
    case (.running, .about(let step, let index, let before)):
      let known = self[step]
      let count = known.plan?.actions.count ?? 0
      try require(
        step == current && index == known.begun.count && index == known.outcomes.count && index < count, entry)
      self[step].begun.append(before)
    case (.running, .done(let step, let index, let outcome)):
      try require(step == current && index == self[step].outcomes.count && index + 1 == self[step].begun.count, entry)
      self[step].outcomes.append(outcome)
    case (.running, .ended(let step)):
      try require(step == current && self[step].plan?.actions.count == self[step].outcomes.count, entry)
      self[step].isEnded = true
    case (.running, .opened):
      try require(current == nil, entry)
      state = .open
    case (.running, .reconsider(let step)):
      try require(step == current, entry)
      reconsidered = step
    case (.running, .rollback), (.open, .rollback): state = .rollingBack
    case (.rollingBack, .undone(let step, let index, _)):
      try require(lastBegun.map { $0.step == step && $0.index == index } ?? false, entry)
      self[step].undone += 1
    case (.rollingBack, .rolledBack):
      try require(lastBegun == nil, entry)
      state = .rolledBack
    case (.open, .committed): state = .committed
    default: throw .impossible(entry)
    }
  }

  private mutating func take(_ entry: JournalEntry, reconsidering step: StepName) throws(PromoteError) {
    switch entry {
    case .undone(let undone, let index, _):
      try require(undone == step && index == self[step].begun.count - self[step].undone - 1, entry)
      self[step].undone += 1
    case .forgotten(let forgotten):
      try require(forgotten == step && self[step].begun.count == self[step].undone, entry)
      self[step] = StepState()
      reconsidered = nil
    // Said once more after an interruption.
    case .reconsider(let again): try require(again == step, entry)
    case .rollback:
      state = .rollingBack
      reconsidered = nil
    default: throw .impossible(entry)
    }
  }

  /// What comes next. Whether a running promotion goes on or is taken back is the operator's word: `rollback`.
  public var next: Move {
    switch state {
    case .open, .committed, .rolledBack: return .nothing
    case .rollingBack:
      guard let last = lastBegun, let plan = self[last.step].plan else { return .endRollback }
      return .undo(last.step, last.index, plan.actions[last.index], self[last.step].begun[last.index])
    case .running:
      guard let step = current else { return .open }
      let known = self[step]
      if reconsidered == step {
        let index = known.begun.count - known.undone - 1
        guard index >= 0, let plan = known.plan else { return .forget(step) }
        return .undo(step, index, plan.actions[index], known.begun[index])
      }
      guard let decisions = known.decisions else { return .decide(step) }
      guard let plan = known.plan else { return .plan(step, decisions) }
      let index = known.outcomes.count
      guard index < plan.actions.count else { return .end(step) }
      if index < known.begun.count { return .repeatAction(step, index, plan.actions[index], known.begun[index]) }
      return .begin(step, index, plan.actions[index])
    }
  }

  /// The step that it is in; nil after the last.
  public var current: StepName? { StepName.allCases.first { !self[$0].isEnded } }

  /// Whether anything was changed yet that masters must hear of.
  public var isFenced: Bool { !self[.fence].begun.isEmpty }

  /// All actions that were begun, in order, with what became of them; the outcome is nil where that is not known.
  public var actions: [(step: StepName, action: Action, before: Before, outcome: Outcome?)] {
    StepName.allCases.flatMap { step in
      let known = self[step]
      return known.begun.indices.map { index in
        (
          step, known.plan?.actions[index] ?? .makeFolder(LivePath.state(start.connection), FileOwner(mode: 0)),
          known.begun[index], index < known.outcomes.count ? known.outcomes[index] : nil
        )
      }
    }
  }

  /// What stopped a unit that nothing has started again since, and that is not taken back: it must go on standing still. A boot
  /// in between starts whatever is enabled.
  var heldStops: [(step: StepName, run: ProgramRun)] {
    var held: [(step: StepName, run: ProgramRun)] = []
    for step in StepName.allCases {
      let known = self[step]
      for index in 0..<max(0, known.begun.count - known.undone) {
        guard case .run(let run)? = known.plan?.actions[index], run.program == "systemctl" else { continue }
        guard run.arguments.first == "stop" || run.arguments.first == "start" else { continue }
        held.removeAll { $0.run.arguments.last == run.arguments.last }
        if run.arguments.first == "stop" { held.append((step, run)) }
      }
    }
    return held
  }

  public func plan(of step: StepName) -> StepPlan? { self[step].plan }
  public func decisions(of step: StepName) -> [String: String]? { self[step].decisions }
  public func isEnded(_ step: StepName) -> Bool { self[step].isEnded }

  subscript(step: StepName) -> StepState {
    get { steps[step] ?? StepState() }
    set { steps[step] = newValue }
  }

  /// The last action that was begun and is not taken back.
  private var lastBegun: (step: StepName, index: Int)? {
    for step in StepName.allCases.reversed() where self[step].begun.count > self[step].undone {
      return (step, self[step].begun.count - self[step].undone - 1)
    }
    return nil
  }

  private func require(_ condition: Bool, _ entry: JournalEntry) throws(PromoteError) {
    guard condition else { throw .impossible(entry) }
  }
}

extension PromoteError {
  fileprivate static func impossible(_ entry: JournalEntry) -> PromoteError {
    PromoteError(
      .damaged, "cannot follow", "the journal of the promotion",
      cause: "\(shown("\(entry)".utf8.prefix(120))) cannot come where it stands",
      next: "keep the folder var/lib/hotsync-state as it is, and see the hardware's log; nothing was changed now")
  }
}
