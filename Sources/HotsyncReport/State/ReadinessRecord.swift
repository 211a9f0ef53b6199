public import HotsyncSystem

/// The slave's answer to "would a promotion work now, and how long would it take?": written by maintenance on the slave, and on
/// the master as the slave told it with the last cycle.
public struct ReadinessRecord: StateFile, Equatable {
  public static let fileName = "readiness.json"

  /// In UTC, for who reads the file.
  public let time: String
  /// The same in seconds since 1970.
  public let unixTime: Int64
  public let isReady: Bool
  public let blockers: [Blocker]
  /// How long a promotion would take; nil where it cannot be told.
  public let estimatedSeconds: Double?

  public init(at time: Timestamp, blockers: [Blocker], estimatedSeconds: Double?) {
    self.init(at: time, isReady: blockers.isEmpty, blockers: blockers, estimatedSeconds: estimatedSeconds)
  }

  public init(at time: Timestamp, isReady: Bool, blockers: [Blocker], estimatedSeconds: Double?) {
    self.time = time.rfc3339
    unixTime = time.seconds
    self.isReady = isReady
    self.blockers = blockers
    self.estimatedSeconds = estimatedSeconds
  }

  public var moment: Timestamp { Timestamp(seconds: unixTime) }

  private enum CodingKeys: String, CodingKey {
    case time
    case unixTime = "unix_time"
    case isReady = "ready"
    case blockers
    case estimatedSeconds = "estimated_seconds"
  }
}
