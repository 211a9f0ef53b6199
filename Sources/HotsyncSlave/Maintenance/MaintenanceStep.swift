/// What maintenance does, in this order.
public enum MaintenanceStep: String, CaseIterable, Sendable {
  case rollForward = "roll-forward"
  case retention
  case verify
  case packages
  case owners
  case databases
  case readiness

  public var summary: String {
    switch self {
    case .rollForward: "bring a commit that was interrupted to its end"
    case .retention: "let go of the generations that history.schedule does not keep"
    case .verify: "read maintenance.verify_share of the store against its digests"
    case .packages: "install what the master has and this machine lacks, without starting anything"
    case .owners: "compare users and groups with the master's, by name"
    case .databases: "load changed dumps into private instances, and count their rows"
    case .readiness: "say whether a promotion would work now, and how long it would take"
    }
  }
}

/// What came of one step.
struct StepOutcome {
  let result: StepResult
  let message: String
  var nextStep: String?

  enum StepResult { case done, skipped, refused }

  static func done(_ message: String, next: String? = nil) -> StepOutcome {
    StepOutcome(result: .done, message: message, nextStep: next)
  }

  static func skipped(_ message: String) -> StepOutcome { StepOutcome(result: .skipped, message: message) }

  static func refused(_ message: String, next: String) -> StepOutcome {
    StepOutcome(result: .refused, message: message, nextStep: next)
  }
}
