public import HotsyncSystem

/// What became of the snapshot that a cycle was to make.
public struct SnapshotOutcome: Sendable, Equatable {
  public let name: String
  /// The one that has the name, or would have it; nil where the cycle came to none.
  public var generation: UInt64?
  public var isPinned = false
  /// Why it is not pinned although the cycle was a good one.
  public var failure: ErrorReport?

  public init(name: String) { self.name = name }

  var json: JSONValue {
    .object([("name", .string(name)), ("generation", .known(generation)), ("pinned", .bool(isPinned))])
  }

  func text(isDryRun: Bool) -> String {
    let name = "snapshot \(harmless(name))"
    guard let generation else { return "\(name): not pinned" }
    if isPinned { return "\(name): generation \(generation)" }
    return isDryRun ? "\(name): would be generation \(generation)" : "\(name): generation \(generation) is NOT pinned"
  }
}

/// What `snapshot list` has to say, on either side.
public struct SnapshotsReport: Report {
  public struct Snapshot: Sendable, Equatable {
    public let connection: String
    public let name: String
    public let generation: UInt64
    /// Of the generation; nil where it is not there any more.
    public let time: Timestamp?
    public let pinned: Timestamp
    /// When the master asked to let it go.
    public let asked: Timestamp?

    public init(
      connection: String, name: String, generation: UInt64, time: Timestamp?, pinned: Timestamp, asked: Timestamp?
    ) {
      self.connection = connection
      self.name = name
      self.generation = generation
      self.time = time
      self.pinned = pinned
      self.asked = asked
    }
  }

  public let snapshots: [Snapshot]

  public init(snapshots: [Snapshot]) { self.snapshots = snapshots }

  public var json: JSONValue {
    .object([
      (
        "snapshots",
        .array(
          snapshots.map {
            .object([
              ("connection", .string($0.connection)), ("name", .string($0.name)), ("generation", .size($0.generation)),
              ("time", .time($0.time)), ("pinned", .time($0.pinned)), ("asked", .time($0.asked)),
            ])
          })
      )
    ])
  }

  public func text(now: Timestamp) -> String {
    guard !snapshots.isEmpty else { return "no snapshot yet: hotsync snapshot create NAME on the master makes one" }
    let several = Set(snapshots.map(\.connection)).count > 1
    var table = TextTable(
      (several ? [("connection", .left)] : []) + [
        ("name", .left), ("generation", .right), ("UTC time", .left), ("pinned", .left), ("to be let go since", .left),
      ])
    for snapshot in snapshots {
      table.add(
        (several ? [snapshot.connection] : []) + [
          snapshot.name, String(snapshot.generation), snapshot.time.map(Units.time) ?? "-", Units.time(snapshot.pinned),
          snapshot.asked.map(Units.time) ?? "",
        ])
    }
    return table.text
  }
}

/// What a command that changed one snapshot has to say.
public struct SnapshotReport: Report {
  public enum Change: Sendable, Equatable {
    case pinned(generation: UInt64)
    case unpinned
    /// The master asked to let it go, at that time first.
    case asked(Timestamp)
  }

  public let connection: String
  public let name: String
  public let change: Change

  public init(connection: String, name: String, change: Change) {
    self.connection = connection
    self.name = name
    self.change = change
  }

  public var isRoutine: Bool { true }

  public var json: JSONValue {
    let fields: [(String, JSONValue)] =
      switch change {
      case .pinned(let generation): [("result", .string("pinned")), ("generation", .size(generation))]
      case .unpinned: [("result", .string("unpinned"))]
      case .asked(let time): [("result", .string("asked")), ("asked", .time(time))]
      }
    return .object([("connection", .string(connection)), ("name", .string(name))] + fields)
  }

  public func text(now: Timestamp) -> String {
    let name = "\(harmless(connection)): snapshot \(harmless(name))"
    switch change {
    case .pinned(let generation): return "\(name): generation \(generation) is kept"
    case .unpinned: return "\(name): unpinned; the next prune treats its generation as any other"
    case .asked(let time):
      return "\(name): asked for at \(Units.time(time)) UTC; the slave lets it go once its keep_within has passed"
    }
  }
}
