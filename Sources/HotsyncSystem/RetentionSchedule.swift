/// How far back the past is kept, and how finely: `15m,1h,1d/7d` keeps one generation for each 15 minutes of the last
/// hour, for each hour of the last day, and for each day of the last 7. It stands down here because the configuration
/// reads it and the plan goes by it (docs/decisions/0015-retention.md).
public struct RetentionSchedule: Sendable, Equatable, CustomStringConvertible {
  public struct Interval: Sendable, Equatable {
    /// As it was written: `15m`.
    public let name: String
    public let seconds: Int64
    /// How many generations it keeps: one a slot.
    public let slots: Int
  }

  /// What is wrong with a text that is none.
  public struct Malformed: Error, Equatable {
    /// What was to stand there, as the end of "expected …".
    public let expected: String
  }

  /// Shortest first, one at least, each a multiple of the one before.
  public let intervals: [Interval]
  /// In seconds, a multiple of the longest interval.
  public let total: Int64

  /// More make no sense: each is twice the one before at least, and durations end at 100 years.
  private static let mostIntervals = 32

  /// Each interval has one slot at least: the total is the interval, where it is the only one, and twice the last of
  /// several, because the others reach back as far as its length.
  public init(_ text: String) throws(Malformed) {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2 else { throw Malformed("its intervals, a slash and the total") }
    var lengths: [(name: String, seconds: Int64)] = []
    for name in halves[0].split(separator: ",", omittingEmptySubsequences: false) {
      guard lengths.count < RetentionSchedule.mostIntervals, let length = RetentionSchedule.seconds(name) else {
        throw Malformed("each interval a duration like 90s, 15m, 1h or 7d")
      }
      if let last = lengths.last, length <= last.seconds || length % last.seconds != 0 {
        throw Malformed("each interval a multiple of the one before, which \(name) is not of \(last.name)")
      }
      lengths.append((String(name), length))
    }
    guard let last = lengths.last, let total = RetentionSchedule.seconds(halves[1]) else {
      throw Malformed("a total like 7d after the slash")
    }
    let least = lengths.count > 1 ? 2 * last.seconds : last.seconds
    guard total >= least, total % last.seconds == 0 else {
      throw Malformed(
        "a total that is a multiple of \(last.name), the longest interval, and "
          + "\(Duration.seconds(least).written) at least")
    }
    self.total = total
    intervals = lengths.indices.map { place in
      let (name, own) = lengths[place]
      let end = place + 1 < lengths.count ? lengths[place + 1].seconds : total
      return Interval(name: name, seconds: own, slots: Int((end - (place > 0 ? own : 0)) / own))
    }
  }

  /// As it was written, but for the unit of the total.
  public var description: String {
    intervals.map(\.name).joined(separator: ",") + "/" + Duration.seconds(total).written
  }

  private static func seconds(_ text: Substring) -> Int64? {
    guard let seconds = Duration(written: text)?.components.seconds, seconds > 0 else { return nil }
    return seconds
  }
}

extension RetentionSchedule.Malformed {
  fileprivate init(_ rest: String) { expected = "a retention schedule like \"15m,1h,1d/7d\": " + rest }
}
