public import HotsyncSystem

/// How a connection's cycle ended.
public enum CycleResult: String, Sendable {
  case committed, unchanged, incomplete, failed, refused, disabled
}

public struct FileCounts: Sendable, Equatable {
  /// All that the catalog holds.
  public var total: UInt64 = 0
  public var created: UInt64 = 0
  public var changed: UInt64 = 0
  public var deleted: UInt64 = 0
  public var renamed: UInt64 = 0
  /// Those of which only metadata changed.
  public var metadata: UInt64 = 0
  public var skipped: UInt64 = 0

  public init() {}
}

public struct ByteCounts: Sendable, Equatable {
  public var total: UInt64 = 0
  /// The size of the files whose content is new.
  public var changed: UInt64 = 0
  /// Of these, what was sent, and what the slave had already.
  public var literal: UInt64 = 0
  public var matched: UInt64 = 0
  /// HotSync's own stream, compressed and framed.
  public var wireSent: UInt64 = 0
  public var wireReceived: UInt64 = 0

  public init() {}
}

/// One database of a cycle.
public struct DatabaseReport: Sendable, Equatable {
  public let engine: String
  public let name: String
  public let bytes: UInt64
  public let duration: Duration
  public let result: String

  public init(engine: String, name: String, bytes: UInt64, duration: Duration, result: String) {
    self.engine = engine
    self.name = name
    self.bytes = bytes
    self.duration = duration
    self.result = result
  }
}

/// One cycle of one connection.
public struct ConnectionReport: Sendable {
  public struct Phase: Sendable, Equatable {
    public let name: String
    public let duration: Duration

    public init(name: String, duration: Duration) {
      self.name = name
      self.duration = duration
    }
  }

  public let connection: String
  public var result: CycleResult
  /// The one committed, or for `unchanged` the last one; nil where it is not known.
  public var generation: UInt64?
  public var epoch: UInt64?
  public var started: Timestamp?
  public var duration = Duration.zero
  /// In the order in which they ran.
  public var phases: [Phase] = []
  public var files = FileCounts()
  public var bytes = ByteCounts()
  public var databases: [DatabaseReport] = []
  public var problems: [Problem] = []
  /// What ended the cycle; set by `fail`.
  public private(set) var failure: ErrorReport?
  /// The commit was asked for and not answered: only the next cycle tells whether it came to be.
  public var isCommitAsked = false
  /// What would be done, where this was a dry run; nil for a real cycle.
  public var changes: [Change]?
  /// Nil where none was asked for.
  public var snapshot: SnapshotOutcome?

  public init(connection: String, result: CycleResult = .unchanged, started: Timestamp? = nil) {
    self.connection = connection
    self.result = result
    self.started = started
  }

  /// The cycle ends here, with that error.
  public mutating func fail(_ error: any Error) {
    let failure = ErrorReport(error)
    result = failure.exitCode == .refused ? .refused : .failed
    self.failure = failure
  }

  public var exitCode: ExitCode {
    .ofSeveral([codeOfCycle] + (snapshot?.failure.map { [$0.exitCode] } ?? []))
  }

  private var codeOfCycle: ExitCode {
    if let failure { return failure.exitCode }
    switch result {
    case .failed: return .failed
    case .refused: return .refused
    case .incomplete: return .incomplete
    case .committed, .unchanged: return problems.contains { $0.leftOut } ? .incomplete : .done
    case .disabled: return .done
    }
  }

  /// What is to be told as errors.
  var failures: [ErrorReport] { [failure, snapshot?.failure].compactMap { $0 } }

  /// The failures are the last of them.
  var allProblems: [Problem] { problems + failures.map { Problem($0) } }

  var json: JSONValue {
    let head: [(String, JSONValue)] = [
      ("connection", .string(connection)), ("result", .string(result.rawValue)), ("generation", .known(generation)),
      ("epoch", .known(epoch)), ("started", .time(started)), ("seconds", .seconds(duration)),
      ("phases", .object(phases.map { ($0.name, .seconds($0.duration)) })), ("files", filesJSON), ("bytes", bytesJSON),
      ("databases", .array(databases.map(ConnectionReport.json))),
      ("problems", .array(allProblems.map(\.json))),
    ]
    let made: [(String, JSONValue)] = snapshot.map { [("snapshot", $0.json)] } ?? []
    guard let changes else { return .object(head + made) }
    return .object(head + made + [("dry_run", .bool(true)), ("changes", .array(changes.map(\.json)))])
  }

  private var filesJSON: JSONValue {
    .counts([
      ("total", files.total), ("created", files.created), ("changed", files.changed), ("deleted", files.deleted),
      ("renamed", files.renamed), ("metadata", files.metadata), ("skipped", files.skipped),
    ])
  }

  private var bytesJSON: JSONValue {
    .counts([
      ("total", bytes.total), ("changed", bytes.changed), ("literal", bytes.literal), ("matched", bytes.matched),
      ("wire_sent", bytes.wireSent), ("wire_received", bytes.wireReceived),
    ])
  }

  private static func json(_ database: DatabaseReport) -> JSONValue {
    .object([
      ("engine", .string(database.engine)), ("name", .string(database.name)), ("bytes", .size(database.bytes)),
      ("seconds", .seconds(database.duration)), ("result", .string(database.result)),
    ])
  }
}

/// What `hotsync sync` has to say: one entry for each connection asked for.
public struct SyncReport: Report {
  public var connections: [ConnectionReport]

  public init(connections: [ConnectionReport] = []) { self.connections = connections }

  public var exitCode: ExitCode { .ofSeveral(connections.map(\.exitCode)) }

  public var failures: [ErrorReport] { connections.flatMap(\.failures) }

  /// A good cycle is; a dry run was asked for its list.
  public var isRoutine: Bool { exitCode == .done && !connections.contains { $0.changes != nil } }

  public var json: JSONValue { .object([("connections", .array(connections.map(\.json)))]) }
}
