public import HotsyncSystem

/// What retention has to know of one generation.
public struct RetainedGeneration: Sendable, Equatable {
  public let number: UInt64
  public let time: Timestamp
  /// The names that it is pinned under.
  public let snapshots: [String]
  /// It is the newest one that was verified in full.
  public let isVerified: Bool
  /// Somebody reads it now.
  public let isRead: Bool
  /// It came from `seed`, never from the master: it goes as soon as it is not the newest.
  public let isSeed: Bool
  /// What its dropping gives back, in bytes. Only `max_size` asks.
  public let size: UInt64

  public init(
    number: UInt64, time: Timestamp, snapshots: [String] = [], isVerified: Bool = false, isRead: Bool = false,
    isSeed: Bool = false, size: UInt64 = 0
  ) {
    self.number = number
    self.time = time
    self.snapshots = snapshots
    self.isVerified = isVerified
    self.isRead = isRead
    self.isSeed = isSeed
    self.size = size
  }
}

/// What becomes of one generation, and why.
public struct RetentionDecision: Sendable, Equatable {
  public let number: UInt64
  /// All that keeps it: intervals of the schedule as they were written (`1h`), `snapshot:NAME`, `newest`, `verified`, `read`,
  /// `keep_within` (only where `max_size` had taken it otherwise), `disabled`. Empty for one that goes.
  public let keptBy: [String]
  /// Why it goes, as a part of a sentence that fits a table; nil for one that stays.
  public let dropped: String?

  public var isKept: Bool { dropped == nil }

  init(number: UInt64, keptBy: [String], dropped: String?) {
    self.number = number
    self.keptBy = keptBy
    self.dropped = dropped
  }

  /// The decision for a generation that somebody began to read after it was decided upon.
  public func keptForReader() -> RetentionDecision {
    RetentionDecision(number: number, keptBy: ["read"], dropped: nil)
  }
}

/// A moment in words, to the minute where it is a whole one: `2026-11-21 13:00 UTC`.
func inWords(_ time: Timestamp) -> String {
  let text = time.rfc3339.map { $0 == "T" ? " " : $0 }
  return String(text.dropLast(text.suffix(4) == Array(":00Z") ? 4 : 1)) + " UTC"
}
