public import HotsyncReport
public import HotsyncSystem

/// The journal of a promotion, readable.
public struct PromotionReport: Report {
  public let number: Int
  public let connection: String
  public let generation: UInt64
  public let masterHost: String
  public let epoch: UInt64
  public let state: Progress.State
  public let began: Timestamp
  public let last: Timestamp
  let steps: [Step]
  /// Where it stands, while it is not at an end.
  let current: StepName?

  struct Step: Sendable {
    let name: StepName
    var isEnded = false
    var ended: Timestamp?
    var notes: [String] = []
    var actions: [(action: Action, outcome: Outcome?, isUndone: Bool)] = []
  }

  init(_ lines: [JournalLine], progress: Progress) {
    let start = progress.start
    number = start.number
    connection = start.connection
    generation = start.generation
    masterHost = start.masterHost
    epoch = start.epoch
    state = progress.state
    began = lines.first?.moment ?? .zero
    last = lines.last?.moment ?? .zero
    current = progress.state == .running ? progress.current : nil
    var steps: [StepName: Step] = [:]
    for name in StepName.allCases {
      guard progress.plan(of: name) != nil else { continue }
      var step = Step(name: name, isEnded: progress.isEnded(name), notes: progress.plan(of: name)?.notes ?? [])
      let undone = progress[name].undone
      let actions = progress.actions.filter { $0.step == name }
      for (index, entry) in actions.enumerated() {
        step.actions.append((entry.action, entry.outcome, index >= actions.count - undone))
      }
      steps[name] = step
    }
    for line in lines {
      if case .ended(let name) = line.entry { steps[name]?.ended = line.moment }
    }
    self.steps = StepName.allCases.compactMap { steps[$0] }
  }

  /// What failed and was allowed to.
  var failed: [(step: StepName, action: Action, words: String)] {
    steps.flatMap { step in
      step.actions.compactMap { entry in
        entry.outcome?.result == .failed ? (step.name, entry.action, entry.outcome?.words ?? "") : nil
      }
    }
  }

  public var exitCode: ExitCode { state == .open && !failed.isEmpty ? .incomplete : .done }

  public var json: JSONValue {
    .object([
      ("promotion", .integer(Int64(number))), ("connection", .string(connection)), ("generation", .size(generation)),
      ("master", .string(masterHost)), ("epoch", .size(epoch)), ("state", .string(state.rawValue)),
      ("began", .time(began)), ("seconds", .seconds(last.since(began))),
      (
        "steps",
        .array(
          steps.map { step in
            .object([
              ("name", .string(step.name.rawValue)), ("done", .bool(step.isEnded)), ("ended", .time(step.ended)),
              ("notes", .strings(step.notes)),
              (
                "actions",
                .array(
                  step.actions.map { entry in
                    .object([
                      ("action", .string(entry.action.description)),
                      ("result", .known(entry.outcome?.result.rawValue)), ("words", .known(entry.outcome?.words)),
                      ("undone", .bool(entry.isUndone)),
                    ])
                  })
              ),
            ])
          })
      ),
    ])
  }

  public func text(now: Timestamp) -> String {
    var lines = [
      "promotion \(number) of \"\(connection)\": \(stateWords)",
      "  generation \(generation) of \(masterHost), epoch \(epoch), begun \(began.rfc3339), "
        + "\(last.since(began).components.seconds) s",
    ]
    for step in steps {
      lines.append("  \(step.name.rawValue): \(step.isEnded ? "done" : "not done")")
      lines += step.notes.map { "      note: \($0)" }
      for entry in step.actions { lines.append("      \(PromotionReport.mark(entry)) \(entry.action)") }
      for entry in step.actions {
        guard let outcome = entry.outcome, !outcome.words.isEmpty, outcome.result != .told else { continue }
        lines += outcome.words.split(separator: "\n").map { "        | \($0)" }
      }
    }
    if let next { lines.append("next: \(next)") }
    return lines.joined(separator: "\n")
  }

  private static func mark(_ entry: (action: Action, outcome: Outcome?, isUndone: Bool)) -> String {
    if entry.isUndone { return "taken back:" }
    switch entry.outcome?.result {
    case .done: return "done:"
    case .failed: return "FAILED:"
    case .told: return "not carried out here:"
    case nil: return "begun:"
    }
  }

  private var stateWords: String {
    switch state {
    case .running: "interrupted in the step \(current?.rawValue ?? "checklist")"
    case .open: failed.isEmpty ? "done" : "done, and \(failed.count) actions failed"
    case .rollingBack: "interrupted while it was taken back"
    case .rolledBack: "taken back"
    case .committed: "done, and made final"
    }
  }

  private var next: String? {
    switch state {
    case .running: "hotsync-promote goes on; hotsync-promote --rollback takes it back"
    case .open: "look at what the checklist says; hotsync-promote --commit gives back the space of the way back"
    case .rollingBack: "hotsync-promote --rollback goes on"
    case .rolledBack: "on the old master: hotsync sync --adopt, which takes the epoch and makes it master again"
    case .committed: nil
    }
  }
}

/// All promotions of a connection.
public struct PromotionHistory: Report {
  public let promotions: [PromotionReport]

  public init(_ promotions: [PromotionReport]) { self.promotions = promotions }

  public var json: JSONValue { .object([("promotions", .array(promotions.map(\.json)))]) }

  public func text(now: Timestamp) -> String {
    guard !promotions.isEmpty else { return "no promotion was ever begun here" }
    return promotions.map { promotion in
      promotion.text(now: now).split(separator: "\n").prefix(2).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
