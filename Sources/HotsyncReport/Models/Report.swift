public import HotsyncSystem

/// What a command has to say in the end: plain data that its driver filled.
public protocol Report: Sendable {
  /// The document of `--json`, as the interface promises it.
  var json: JSONValue { get }
  /// The same for a person, without the last line break. Where widths can be chosen it fits 80 columns.
  ///
  /// - Parameter now: ages are counted from it.
  func text(now: Timestamp) -> String
  var exitCode: ExitCode { get }
  /// The errors behind the exit code: told on standard error, in three parts each.
  var failures: [ErrorReport] { get }
  /// Whether there is nothing in it that anybody asked for: `--quiet` leaves it out.
  var isRoutine: Bool { get }
}

extension Report {
  public var exitCode: ExitCode { .done }
  public var failures: [ErrorReport] { [] }
  public var isRoutine: Bool { false }
}
