import HotsyncSystem

/// Something that a cycle met and went on from, or the failure that ended it.
public struct Problem: Sendable, Hashable {
  /// A stable word: `unreadable`, `vanished`, `changed`, `socket_skipped`, `mount_skipped`, `ownership_not_applied`;
  /// for a failure, its kind.
  public let code: String
  /// Nil where it is not about one path.
  public let path: ReportedPath?
  public let message: String
  public let nextStep: String
  /// True where content that belongs to the generation is missing from it: the cycle then ends with 3. False where it
  /// is only told.
  public let leftOut: Bool

  public init(code: String, path: ReportedPath? = nil, message: String, nextStep: String, leftOut: Bool) {
    self.code = code
    self.path = path
    self.message = message
    self.nextStep = nextStep
    self.leftOut = leftOut
  }

  public init(_ error: ErrorReport) {
    self.init(code: error.kind.rawValue, message: error.message, nextStep: error.nextStep, leftOut: false)
  }

  var json: JSONValue {
    .object(
      [("code", .string(code))] + (path?.fields("path") ?? [("path", .null)])
        + [("message", .string(message)), ("next_step", .string(nextStep))])
  }

  /// At most `limit` of them with their next steps, then how many more there are.
  static func text(_ problems: [Problem], limit: Int = 20) -> String {
    var lines: [String] = []
    for problem in problems.prefix(limit) {
      let place = problem.path.map { " \($0)" } ?? ""
      lines.append("  \(harmless(problem.code))\(place): \(harmless(problem.message))")
      lines.append("    next: \(harmless(problem.nextStep))")
    }
    if problems.count > limit {
      lines.append("  and \(Units.count(UInt64(problems.count - limit))) more: --json lists them all")
    }
    return lines.joined(separator: "\n")
  }
}
