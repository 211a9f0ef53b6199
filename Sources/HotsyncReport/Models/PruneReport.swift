public import HotsyncSystem

/// What `hotsync-slave prune` has to say: what the retention plan keeps and drops, newest first.
public struct PruneReport: Report {
  public struct Kept: Sendable, Equatable {
    public let generation: UInt64
    /// Periods of the schedule, and `snapshot:NAME`.
    public let keptBy: [String]

    public init(generation: UInt64, keptBy: [String]) {
      self.generation = generation
      self.keptBy = keptBy
    }
  }

  public struct Dropped: Sendable, Equatable {
    public let generation: UInt64
    public let why: String

    public init(generation: UInt64, why: String) {
      self.generation = generation
      self.why = why
    }
  }

  public let kept: [Kept]
  public let dropped: [Dropped]
  /// Whether it is only said and nothing goes.
  public let isDryRun: Bool

  public init(kept: [Kept], dropped: [Dropped], isDryRun: Bool) {
    self.kept = kept
    self.dropped = dropped
    self.isDryRun = isDryRun
  }

  public var json: JSONValue {
    .object([
      (
        "kept",
        .array(kept.map { .object([("generation", .size($0.generation)), ("kept_by", .strings($0.keptBy))]) })
      ),
      (
        "dropped",
        .array(dropped.map { .object([("generation", .size($0.generation)), ("why", .string($0.why))]) })
      ),
    ])
  }

  public func text(now: Timestamp) -> String {
    let verb = isDryRun ? "would drop" : "dropped"
    let head = "kept \(Units.count(UInt64(kept.count), "generation")), \(verb) \(Units.count(UInt64(dropped.count)))"
    guard !dropped.isEmpty else { return head }
    var table = TextTable([(verb, .right), ("why", .left)])
    for generation in dropped { table.add([String(generation.generation), generation.why]) }
    return head + "\n" + table.text
  }
}
