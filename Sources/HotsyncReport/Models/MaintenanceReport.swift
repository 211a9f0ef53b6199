public import HotsyncSystem

/// What `hotsync-slave maintain` has to say.
public struct MaintenanceReport: Report {
  public struct Connection: Sendable {
    public let name: String
    public let record: MaintenanceRecord?
    public let readiness: ReadinessRecord?
    /// Why it was not maintained at all; nil where it was.
    public let notice: String?
    /// Behind its failed steps.
    public let failures: [ErrorReport]

    public init(
      name: String, record: MaintenanceRecord?, readiness: ReadinessRecord?, notice: String? = nil,
      failures: [ErrorReport] = []
    ) {
      self.name = name
      self.record = record
      self.readiness = readiness
      self.notice = notice
      self.failures = failures
    }
  }

  public var connections: [Connection]

  public init(connections: [Connection] = []) { self.connections = connections }

  public var exitCode: ExitCode { .ofSeveral(failures.map(\.exitCode)) }
  public var failures: [ErrorReport] { connections.flatMap(\.failures) }
  public var isRoutine: Bool { exitCode == .done }

  public var json: JSONValue {
    .object([("connections", .array(connections.map(MaintenanceReport.json)))])
  }

  private static func json(_ connection: Connection) -> JSONValue {
    let record = connection.record
    let result = record.map { $0.result.rawValue } ?? "skipped"
    return .object([
      ("connection", .string(connection.name)), ("result", .string(result)),
      ("time", .time(record?.moment)), ("seconds", .known(record.map { .milliseconds(Int64($0.seconds * 1_000)) })),
      ("steps", .array(record?.steps.map(\.json) ?? [])), ("notice", .known(connection.notice)),
      (
        "readiness",
        connection.readiness.map { readiness in
          .object([
            ("ready", .bool(readiness.isReady)), ("blockers", .array(readiness.blockers.map(\.json))),
            (
              "estimated_seconds",
              .known(readiness.estimatedSeconds.map { .milliseconds(Int64($0 * 1_000)) })
            ),
          ])
        } ?? .null
      ),
      ("errors", .array(connection.failures.map(\.json))),
    ])
  }

  public func text(now: Timestamp) -> String {
    guard !connections.isEmpty else { return "no connection to look after" }
    return connections.map(MaintenanceReport.text).joined(separator: "\n\n")
  }

  private static func text(_ connection: Connection) -> String {
    var lines = [harmless(connection.name)]
    if let notice = connection.notice { lines.append("  \(harmless(notice))") }
    for step in connection.record?.steps ?? [] {
      let name = step.name.padding(to: 13)
      let time = Units.duration(.milliseconds(Int64(step.seconds * 1_000)))
      lines.append("  \(name)\(step.result.rawValue.padding(to: 9))\(harmless(step.message)) (\(time))")
      if let next = step.nextStep { lines.append("    next: \(harmless(next))") }
    }
    if let readiness = connection.readiness {
      let estimate = readiness.estimatedSeconds.map {
        ", a promotion takes about \(Units.duration(.milliseconds(Int64($0 * 1_000))))"
      }
      lines.append("  ready        \(readiness.isReady ? "yes" : "no")\(estimate ?? "")")
      lines += readiness.blockers.flatMap(\.lines)
    }
    return lines.joined(separator: "\n")
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
