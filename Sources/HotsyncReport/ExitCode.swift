public import HotsyncSystem

public enum ReportDomain {}
public typealias ReportError = Failure<ReportDomain>

/// What a command ends with. The only place where errors become exit codes and the text on the terminal.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Also: nothing to do, connection disabled.
  case done = 0
  case failed = 1
  case incomplete = 3
  case usage = 64
  case damaged = 65
  case unreachable = 69
  case bug = 70
  case unwritable = 73
  case busy = 75
  case incompatible = 76
  case refused = 77
  case configuration = 78

  public init(_ kind: FailureKind) {
    switch kind {
    case .failed: self = .failed
    case .incomplete: self = .incomplete
    case .usage: self = .usage
    case .damaged: self = .damaged
    case .unreachable: self = .unreachable
    case .bug: self = .bug
    case .unwritable: self = .unwritable
    case .busy: self = .busy
    case .incompatible: self = .incompatible
    case .refused, .fenced: self = .refused
    case .configuration: self = .configuration
    }
  }

  public init(_ error: any Error) { self = ErrorReport(error).exitCode }

  /// With several connections the gravest is the command's: in this order, whatever the order of the connections.
  private static let gravestFirst: [ExitCode] = [
    .bug, .damaged, .configuration, .refused, .unwritable, .incompatible, .unreachable, .failed, .busy,
    .incomplete, .usage,
  ]

  public static func ofSeveral(_ codes: some Sequence<ExitCode>) -> ExitCode {
    let occurred = Set(codes)
    return gravestFirst.first(where: occurred.contains) ?? .done
  }
}

/// An error as it is told: on the terminal in three parts, in JSON as `error`.
public struct ErrorReport: Sendable, Equatable {
  public let kind: FailureKind
  public let operation: String
  public let subject: String
  public let cause: String
  public private(set) var nextStep: String

  /// Whoever found the error did not know of the root: a command of the same program that the next step names needs it as well.
  func withRoot(_ root: String, for program: String) -> ErrorReport {
    let place = nextStep.firstRange(of: "\(program) ")
    guard root != "/", let place, !nextStep.contains("--root") else { return self }
    var report = self
    let isLast = !nextStep[place.lowerBound...].contains { ",;(".contains($0) }
    report.nextStep += isLast ? " --root \(quotedForShell(root))" : " (with --root \(quotedForShell(root)))"
    return report
  }

  public init(_ error: any HotsyncError) {
    kind = error.kind
    operation = error.operation
    subject = error.subject
    cause = error.cause
    nextStep = error.nextStep
  }

  /// An error that is none of ours was never meant to come this far: it counts as a bug of HotSync.
  public init(_ error: any Error) {
    if let error = error as? any HotsyncError {
      self.init(error)
    } else {
      self.init(
        ReportError(
          .bug, "cannot go on with", "this command",
          cause: "an error that nobody expected here: \(type(of: error)): \(error)",
          next: "report this with what journalctl -e shows; nothing that was committed is touched"))
    }
  }

  public var exitCode: ExitCode { ExitCode(kind) }

  /// What could not be done to what; why; what to type next. Three lines, whatever a peer or a file name put into them.
  ///
  /// - Parameter program: the executable's name.
  public func terminalText(program: String) -> String {
    """
    \(harmless(program)): \(harmless(operation)) \(harmless(subject))
      cause: \(harmless(cause))
      next:  \(harmless(nextStep))
    """
  }

  /// The whole in one sentence, as `problems` have it.
  public var message: String { "\(operation) \(subject): \(cause)" }

  /// The document of a command that failed outright with `--json`.
  public var document: JSONValue { .object([("error", json)]) }

  public var json: JSONValue {
    .object([
      ("code", .string(kind.rawValue)), ("operation", .string(operation)), ("subject", .string(subject)),
      ("cause", .string(cause)), ("next_step", .string(nextStep)),
    ])
  }
}
