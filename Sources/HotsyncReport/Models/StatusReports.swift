public import HotsyncSystem

/// Why a promotion would not work now.
public struct Blocker: Codable, Sendable, Equatable {
  public let code: String
  public let message: String
  public let nextStep: String

  private enum CodingKeys: String, CodingKey {
    case code, message
    case nextStep = "next_step"
  }

  public init(code: String, message: String, nextStep: String) {
    self.code = code
    self.message = message
    self.nextStep = nextStep
  }

  public var json: JSONValue {
    .object([("code", .string(code)), ("message", .string(message)), ("next_step", .string(nextStep))])
  }

  var lines: [String] { ["  blocked by \(harmless(code)): \(harmless(message))", "    next: \(harmless(nextStep))"] }
}

/// What `hotsync-slave status` has to say. Nil is what is not known.
public struct SlaveStatusReport: Report {
  public struct Sync: Sendable, Equatable {
    public let generation: UInt64
    /// When the slave was last seen in step.
    public let time: Timestamp
    public let age: Duration

    public init(generation: UInt64, time: Timestamp, age: Duration) {
      self.generation = generation
      self.time = time
      self.age = age
    }
  }

  public struct Maintenance: Sendable, Equatable {
    public let time: Timestamp
    public let result: String

    public init(time: Timestamp, result: String) {
      self.time = time
      self.result = result
    }
  }

  public struct Connection: Sendable {
    public let name: String
    public var epoch: UInt64?
    public var fenced: Bool?
    public var lastSync: Sync?
    /// What the store holds as long as no master's cycle has come: its number and when it was made.
    public var seed: (generation: UInt64, time: Timestamp)?
    public var lastMaintenance: Maintenance?
    public var ready: Bool?
    public var blockers: [Blocker] = []
    /// How long a promotion would take.
    public var estimate: Duration?
    public var generations: UInt64?
    /// Versions of files that older generations have lost.
    public var lost: UInt64 = 0
    public var storeBytes: UInt64?
    public var freeBytes: UInt64?

    public init(name: String) { self.name = name }
  }

  public let role: String
  public var connections: [Connection]

  public init(role: String, connections: [Connection]) {
    self.role = role
    self.connections = connections
  }

  public var json: JSONValue {
    .object([("role", .string(role)), ("connections", .array(connections.map(SlaveStatusReport.json)))])
  }

  private static func json(_ connection: Connection) -> JSONValue {
    let sync = connection.lastSync.map {
      JSONValue.object([
        ("generation", .size($0.generation)), ("time", .time($0.time)), ("age", .seconds($0.age)),
      ])
    }
    let maintenance = connection.lastMaintenance.map {
      JSONValue.object([("time", .time($0.time)), ("result", .string($0.result))])
    }
    return .object([
      ("connection", .string(connection.name)), ("epoch", .known(connection.epoch)),
      ("fenced", .known(connection.fenced)), ("last_sync", sync ?? .null),
      ("last_maintenance", maintenance ?? .null),
      (
        "readiness",
        .object([
          ("ready", .known(connection.ready)), ("blockers", .array(connection.blockers.map(\.json))),
          ("estimated_seconds", .known(connection.estimate)),
        ])
      ),
      (
        "store",
        .object([
          ("generations", .known(connection.generations)), ("lost", .size(connection.lost)),
          ("bytes", .known(connection.storeBytes)),
          ("free_bytes", .known(connection.freeBytes)), ("is_seed", .bool(connection.seed != nil)),
        ])
      ),
    ])
  }

  public func text(now: Timestamp) -> String {
    (["role         \(harmless(role))"] + connections.flatMap(SlaveStatusReport.lines)).joined(separator: "\n")
  }

  private static func lines(_ connection: Connection) -> [String] {
    var lines = ["", harmless(connection.name)]
    lines.append(
      "  last sync    "
        + (connection.lastSync.map { "generation \($0.generation), \(Units.age($0.age))" } ?? "never"))
    if let seed = connection.seed {
      lines.append(
        "  seed         generation \(seed.generation) of \(Units.time(seed.time)) UTC: no cycle has come yet")
    }
    lines.append(
      "  maintenance  "
        + (connection.lastMaintenance.map { "\(harmless($0.result)), \(Units.time($0.time)) UTC" } ?? "never"))
    if let epoch = connection.epoch {
      lines.append("  epoch        \(epoch)" + (connection.fenced == true ? ", fenced" : ""))
    }
    lines.append("  store        \(store(connection))")
    if connection.lost > 0 {
      lines.append(
        "  history      \(Units.count(connection.lost, "old version")) of files lost: hotsync-slave verify --full tells which"
      )
    }
    let estimate = connection.estimate.map { ", a promotion takes about \(Units.duration($0))" } ?? ""
    switch connection.ready {
    case true?: lines.append("  ready        yes\(estimate)")
    case false?: lines.append("  ready        no")
    case nil: lines.append("  ready        not known")
    }
    return lines + connection.blockers.flatMap(\.lines)
  }

  private static func store(_ connection: Connection) -> String {
    let parts = [
      connection.generations.map { Units.count($0, "generation") },
      connection.storeBytes.map(Units.size), connection.freeBytes.map { "\(Units.size($0)) free" },
    ]
    let known = parts.compactMap(\.self)
    return known.isEmpty ? "not known" : known.joined(separator: ", ")
  }
}

/// What `hotsync status` has to say. Nil is what is not known.
public struct MasterStatusReport: Report {
  public struct Cycle: Sendable, Equatable {
    public let result: CycleResult
    public let generation: UInt64?
    public let time: Timestamp
    public let duration: Duration?
    public let failure: Failure?

    public init(
      result: CycleResult, generation: UInt64?, time: Timestamp, duration: Duration?, failure: Failure? = nil
    ) {
      self.result = result
      self.generation = generation
      self.time = time
      self.duration = duration
      self.failure = failure
    }
  }

  /// Why the last cycle came to a bad end, in the three parts of an error.
  public struct Failure: Sendable, Equatable {
    public let what: String
    public let cause: String
    public let nextStep: String

    public init(what: String, cause: String, nextStep: String) {
      self.what = what
      self.cause = cause
      self.nextStep = nextStep
    }
  }

  /// Why this machine may not be master any more.
  public struct Fence: Sendable, Equatable {
    /// RFC 3339.
    public let since: String
    public let cause: String
    public let epoch: UInt64?
    /// Whose slave told it; empty where nobody did.
    public let connection: String

    public init(since: String, cause: String, epoch: UInt64?, connection: String) {
      self.since = since
      self.cause = cause
      self.epoch = epoch
      self.connection = connection
    }

    var json: JSONValue {
      .object([
        ("since", .string(since)), ("cause", .string(cause)), ("epoch", .known(epoch)),
        ("connection", .string(connection)),
      ])
    }

    var lines: [String] {
      ["FENCED       since \(harmless(since)): another machine is the master now", "  cause: \(harmless(cause))"]
    }
  }

  public struct Connection: Sendable {
    public let name: String
    /// `enabled` or `disabled`.
    public let status: String
    public let transport: String
    public var lastCycle: Cycle?
    /// Since the slave was last in step.
    public var age: Duration?
    public var nextRun: Timestamp?
    public var fenced: Bool?
    public var slaveReady: Bool?
    public var blockers: [Blocker] = []

    public init(name: String, status: String, transport: String) {
      self.name = name
      self.status = status
      self.transport = transport
    }
  }

  public let role: String
  /// Nil where the machine is not fenced.
  public var fence: Fence?
  public var connections: [Connection]

  public init(role: String, connections: [Connection]) {
    self.role = role
    self.connections = connections
  }

  public var json: JSONValue {
    .object(
      [("role", .string(role)), ("connections", .array(connections.map(MasterStatusReport.json)))]
        + (fence.map { [("fence", $0.json)] } ?? []))
  }

  private static func json(_ connection: Connection) -> JSONValue {
    let cycle = connection.lastCycle.map {
      JSONValue.object(
        [
          ("result", .string($0.result.rawValue)), ("generation", .known($0.generation)), ("time", .time($0.time)),
          ("seconds", .known($0.duration)),
        ]
          + ($0.failure.map {
            [("error", .string($0.what)), ("cause", .string($0.cause)), ("next_step", .string($0.nextStep))]
          } ?? []))
    }
    return .object([
      ("connection", .string(connection.name)), ("status", .string(connection.status)),
      ("transport", .string(connection.transport)), ("last_cycle", cycle ?? .null),
      ("age", .known(connection.age)), ("next_run", .time(connection.nextRun)), ("fenced", .known(connection.fenced)),
      (
        "slave",
        .object([
          ("ready", .known(connection.slaveReady)), ("blockers", .array(connection.blockers.map(\.json))),
        ])
      ),
    ])
  }

  public func text(now: Timestamp) -> String {
    (["role         \(harmless(role))"] + (fence?.lines ?? []) + connections.flatMap(MasterStatusReport.lines))
      .joined(separator: "\n")
  }

  private static func lines(_ connection: Connection) -> [String] {
    var lines = [
      "", "\(harmless(connection.name)) (\(harmless(connection.status)), \(harmless(connection.transport)))",
    ]
    lines.append("  last cycle   " + (connection.lastCycle.map(cycleText) ?? "never"))
    if let failure = connection.lastCycle?.failure {
      lines.append("    \(harmless(failure.what))")
      lines.append("    cause: \(harmless(failure.cause))")
      lines.append("    next:  \(harmless(failure.nextStep))")
    }
    lines.append("  in step      " + (connection.age.map(Units.age) ?? "never"))
    lines.append("  next run     " + (connection.nextRun.map { "\(Units.time($0)) UTC" } ?? "not scheduled"))
    if connection.fenced == true {
      lines.append("  fenced       yes: another machine is the master now; leave this one so")
    }
    switch connection.slaveReady {
    case true?: lines.append("  slave ready  yes")
    case false?: lines.append("  slave ready  no")
    case nil: lines.append("  slave ready  not known")
    }
    return lines + connection.blockers.flatMap(\.lines)
  }

  private static func cycleText(_ cycle: Cycle) -> String {
    var text = cycle.result.rawValue
    if let generation = cycle.generation { text += ", generation \(generation)" }
    text += ", \(Units.time(cycle.time)) UTC"
    if let duration = cycle.duration { text += ", took \(Units.duration(duration))" }
    return text
  }
}
