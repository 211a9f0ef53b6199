public import HotsyncSystem

/// What `hotsync-slave prune` has to say: what the retention plan makes of each generation, newest first.
public struct PruneReport: Report {
  public struct Plan: Sendable, Equatable {
    public let name: String
    public let description: String
    public let schedule: RetentionSchedule
    public let isDisabled: Bool

    public init(name: String, description: String, schedule: RetentionSchedule, isDisabled: Bool) {
      self.name = name
      self.description = description
      self.schedule = schedule
      self.isDisabled = isDisabled
    }
  }

  public struct Decision: Sendable, Equatable {
    public let connection: String
    public let generation: UInt64
    public let time: Timestamp
    /// Intervals of the schedule, `snapshot:NAME`, `newest`, …
    public let keptBy: [String]
    /// Why it goes; nil for one that stays.
    public let dropped: String?

    public init(connection: String, generation: UInt64, time: Timestamp, keptBy: [String], dropped: String?) {
      self.connection = connection
      self.generation = generation
      self.time = time
      self.keptBy = keptBy
      self.dropped = dropped
    }
  }

  /// Why a prune that is not only tried would stop and ask.
  public struct Objection: Sendable, Equatable {
    public let connection: String
    public let why: String
    /// The command that accepts it.
    public let nextStep: String

    public init(connection: String, why: String, nextStep: String) {
      self.connection = connection
      self.why = why
      self.nextStep = nextStep
    }
  }

  public let plan: Plan
  public let decisions: [Decision]
  /// Whether it is only said and nothing goes.
  public let isDryRun: Bool
  /// Of a dry run.
  public let objections: [Objection]
  /// Of the connections whose stores were left as they were.
  public let failures: [ErrorReport]

  public init(
    plan: Plan, decisions: [Decision], isDryRun: Bool, objections: [Objection] = [], failures: [ErrorReport] = []
  ) {
    self.plan = plan
    self.decisions = decisions
    self.isDryRun = isDryRun
    self.objections = objections
    self.failures = failures
  }

  public var exitCode: ExitCode { .ofSeveral(failures.map(\.exitCode)) }

  public var isRoutine: Bool { !isDryRun && failures.isEmpty && dropped.isEmpty }

  private var kept: [Decision] { decisions.filter { $0.dropped == nil } }
  private var dropped: [Decision] { decisions.filter { $0.dropped != nil } }

  private var hasSeveral: Bool {
    Set(decisions.map(\.connection)).count > 1
  }

  public var json: JSONValue {
    func fields(_ decision: Decision, _ rest: (String, JSONValue)) -> JSONValue {
      .object(
        (hasSeveral ? [("connection", .string(decision.connection))] : [])
          + [("generation", .size(decision.generation)), rest])
    }
    let errors = failures.isEmpty ? [] : [("errors", JSONValue.array(failures.map(\.json)))]
    return .object(
      [
        ("kept", .array(kept.map { fields($0, ("kept_by", .strings($0.keptBy))) })),
        ("dropped", .array(dropped.map { fields($0, ("why", .known($0.dropped))) })),
      ] + errors)
  }

  public func text(now: Timestamp) -> String {
    let title = plan.description.isEmpty ? plan.name : "\(plan.name) (\(plan.description))"
    let head = "plan \(harmless(title)): \(plan.isDisabled ? "switched off, nothing goes" : plan.schedule.description)"
    guard !decisions.isEmpty else { return failures.isEmpty ? head + "\nno generation to look at" : head }
    var table = TextTable(
      (hasSeveral ? [("connection", .left)] : []) + [
        ("number", .right), ("UTC time", .left), (isDryRun ? "would" : "was", .left), ("why", .left),
      ])
    for decision in decisions {
      table.add(
        (hasSeveral ? [decision.connection] : []) + [
          String(decision.generation), Units.time(decision.time), word(decision),
          decision.dropped ?? decision.keptBy.joined(separator: ", "),
        ])
    }
    return ([head, table.text, sum] + objections.map(told)).joined(separator: "\n")
  }

  private func word(_ decision: Decision) -> String {
    switch (isDryRun, decision.dropped == nil) {
    case (true, true): "stay"
    case (true, false): "go"
    case (false, true): "kept"
    case (false, false): "dropped"
    }
  }

  private var sum: String {
    let kept = Units.count(UInt64(kept.count), "generation")
    let dropped = Units.count(UInt64(dropped.count))
    return isDryRun ? "\(kept) would stay and \(dropped) go; nothing was changed" : "\(kept) kept, \(dropped) dropped"
  }

  private func told(_ objection: Objection) -> String {
    "prune of \"\(harmless(objection.connection))\" would stop and ask: \(harmless(objection.why))\n"
      + "next: if that is right: \(objection.nextStep)"
  }
}
