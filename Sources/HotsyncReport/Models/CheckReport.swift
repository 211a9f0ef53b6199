public import HotsyncSystem

/// What `hotsync check` found of one connection.
public struct ConnectionCheck: Sendable {
  public struct Item: Sendable {
    /// What was tried.
    public let name: String
    /// What was found, where it is well.
    public let finding: String
    public let failure: ErrorReport?

    public init(_ name: String, finding: String) {
      self.name = name
      self.finding = finding
      failure = nil
    }

    public init(_ name: String, failure error: any Error) {
      self.name = name
      finding = ""
      failure = ErrorReport(error)
    }
  }

  public let connection: String
  public var items: [Item] = []

  public init(connection: String) { self.connection = connection }

  /// Tries one thing.
  public mutating func attempt(_ name: String, _ body: () throws -> String) {
    do { items.append(Item(name, finding: try body())) } catch { items.append(Item(name, failure: error)) }
  }
}

/// What `hotsync check` has to say.
public struct CheckReport: Report {
  public var connections: [ConnectionCheck] = []

  public init() {}

  public var failures: [ErrorReport] { connections.flatMap(\.items).compactMap(\.failure) }
  public var exitCode: ExitCode { .ofSeveral(failures.map(\.exitCode)) }
  public var isRoutine: Bool { failures.isEmpty }

  public var json: JSONValue {
    .object([
      ("ready", .bool(failures.isEmpty)),
      (
        "connections",
        .array(
          connections.map { connection in
            .object([
              ("connection", .string(connection.connection)),
              (
                "checks",
                .array(
                  connection.items.map { item in
                    .object([
                      ("name", .string(item.name)), ("state", .string(item.failure == nil ? "pass" : "fail")),
                      ("message", .string(item.failure?.message ?? item.finding)),
                      ("next_step", .known(item.failure?.nextStep)),
                    ])
                  })
              ),
            ])
          })
      ),
    ])
  }

  public func text(now: Timestamp) -> String {
    connections.map { connection in
      ([harmless(connection.connection)]
        + connection.items.map { item in
          let name = harmless(item.name) + String(repeating: " ", count: max(1, 16 - item.name.count))
          return "  \(item.failure == nil ? "pass" : "FAIL")  \(name)\(harmless(item.failure?.cause ?? item.finding))"
        }).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
