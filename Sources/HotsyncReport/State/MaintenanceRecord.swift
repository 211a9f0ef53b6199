public import HotsyncSystem

/// What the last maintenance of a connection did.
public struct MaintenanceRecord: StateFile, Equatable {
  public static let fileName = "maintenance.json"

  /// What became of a step.
  public enum Result: String, Codable, Sendable {
    case done
    /// There was nothing to do, or it is switched off.
    case skipped
    /// It waits for the operator.
    case refused
    case failed
  }

  public struct Step: Codable, Equatable, Sendable {
    public let name: String
    public let result: Result
    public let seconds: Double
    /// In one sentence.
    public let message: String
    /// What the operator does; nil where nothing is to be done.
    public let nextStep: String?

    public init(name: String, result: Result, seconds: Double, message: String, nextStep: String? = nil) {
      self.name = name
      self.result = result
      self.seconds = seconds
      self.message = message
      self.nextStep = nextStep
    }

    private enum CodingKeys: String, CodingKey {
      case name, result, seconds, message
      case nextStep = "next_step"
    }

    public var json: JSONValue {
      .object([
        ("name", .string(name)), ("result", .string(result.rawValue)),
        ("seconds", .seconds(.milliseconds(Int64(seconds * 1_000)))), ("message", .string(message)),
        ("next_step", .known(nextStep)),
      ])
    }
  }

  /// When it began: in UTC, for who reads the file.
  public let time: String
  /// The same in seconds since 1970.
  public let unixTime: Int64
  public let seconds: Double
  /// The latest of each step.
  public let steps: [Step]
  /// When all steps last came to a good end, in seconds since 1970; nil where they never did.
  public let succeededAt: Int64?
  /// When the dumps were last loaded and compared whole; nil where they never were.
  public let rehearsedAt: Int64?
  /// Of the machine whose store it is: how long loading took, and a promotion would.
  public let loadSeconds: Double?

  public init(
    at time: Timestamp, seconds: Double, steps: [Step], succeededAt: Int64?, rehearsedAt: Int64?, loadSeconds: Double?
  ) {
    self.time = time.rfc3339
    unixTime = time.seconds
    self.seconds = seconds
    self.steps = steps
    self.succeededAt = succeededAt
    self.rehearsedAt = rehearsedAt
    self.loadSeconds = loadSeconds
  }

  private enum CodingKeys: String, CodingKey {
    case time, seconds, steps
    case unixTime = "unix_time"
    case succeededAt = "succeeded_at"
    case rehearsedAt = "rehearsed_at"
    case loadSeconds = "load_seconds"
  }

  public var moment: Timestamp { Timestamp(seconds: unixTime) }

  /// `done`, `refused` or `failed`: the worst of its steps.
  public var result: Result {
    if steps.contains(where: { $0.result == .failed }) { return .failed }
    return steps.contains { $0.result == .refused } ? .refused : .done
  }
}
