internal import CHotsyncShims
import Glibc

/// A moment as file systems keep it: seconds since 1970-01-01 UTC (negative before) and nanoseconds after that second.
public struct Timestamp: Hashable, Sendable, Comparable {
  public let seconds: Int64
  /// 0 to 999,999,999.
  public let nanoseconds: UInt32

  /// Nil where the nanoseconds are more than a second.
  public init?(seconds: Int64, nanoseconds: UInt32) {
    guard nanoseconds < 1_000_000_000 else { return nil }
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  private init(checkedSeconds seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// From the kernel, whose nanoseconds are always below a second.
  init(kernelSeconds seconds: Int64, nanoseconds: UInt32) {
    self.init(checkedSeconds: seconds, nanoseconds: min(nanoseconds, 999_999_999))
  }

  public init(seconds: Int64) { self.init(checkedSeconds: seconds, nanoseconds: 0) }

  public static let zero = Timestamp(seconds: 0)

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// How long it is from `earlier` to this; negative where `earlier` is later.
  public func since(_ earlier: Timestamp) -> Duration {
    let (seconds, overflow) = self.seconds.subtractingReportingOverflow(earlier.seconds)
    let bounded = overflow ? (self.seconds < 0 ? Int64.min / 2 : Int64.max / 2) : seconds
    return .seconds(bounded) + .nanoseconds(Int64(nanoseconds) - Int64(earlier.nanoseconds))
  }

  /// Whole seconds in UTC as RFC 3339: `2026-11-21T13:00:00Z`.
  public var rfc3339: String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    func four(_ value: Int64) -> String {
      let digits = String(value.magnitude)
      return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    // Times come from peers too: nothing here may overflow at either end of Int64.
    var (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    if second < 0 {
      day -= 1
      second += 86_400
    }
    let (year, month, dayOfMonth) = Timestamp.date(day)
    return "\(four(year))-\(two(month))-\(two(dayOfMonth))"
      + "T\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
  }

  /// The date in the Gregorian calendar of a day counted from 1970-01-01
  /// (civil_from_days in https://howardhinnant.github.io/date_algorithms.html).
  static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
  }
}

/// The clocks that the parts of HotSync are given, so that a simulation can own time.
public struct Clocks: Sendable {
  /// The time of day.
  public let now: @Sendable () -> Timestamp
  /// Time that only passes, from any start.
  public let elapsed: @Sendable () -> Duration

  public init(
    now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration
  ) {
    self.now = now
    self.elapsed = elapsed
  }

  public static let system = Clocks(
    now: {
      let time = read(CLOCK_REALTIME)
      return Timestamp(kernelSeconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    },
    elapsed: {
      let time = read(CLOCK_MONOTONIC)
      return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    })

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // SAFETY: the pointer lives through the call.
    _ = unsafe clock_gettime(clock, &time)
    return time
  }
}
