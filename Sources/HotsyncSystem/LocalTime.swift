import Glibc

extension Timestamp {
  /// A moment from its date and time of day in local time, or in UTC (mktime(3), timegm(3)); nil for a date that the
  /// calendar does not have.
  public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, isUTC: Bool) {
    guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    // SAFETY: the structure is our own and lives through the call; its pointer to a zone's name is not looked at.
    var parts = unsafe tm()
    unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
    unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
    // Whether daylight saving is in force is for the zone to say.
    unsafe parts.tm_isdst = -1
    let seconds = unsafe isUTC ? timegm(&parts) : mktime(&parts)
    guard unsafe parts.tm_mday == Int32(day), unsafe parts.tm_mon == Int32(month - 1) else { return nil }
    self.init(seconds: Int64(seconds))
  }
}

extension Timestamp {
  /// How many seconds local time is ahead of UTC at this moment (localtime_r(3)).
  public var localOffset: Int {
    // SAFETY: both are our own and live through the call; the pointer to a zone's name is not looked at.
    var parts = unsafe tm()
    var seconds = time_t(seconds)
    guard unsafe localtime_r(&seconds, &parts) != nil else { return 0 }
    return unsafe parts.tm_gmtoff
  }
}

/// A date and a time of day as a clock on the wall shows them, in the Gregorian calendar.
public struct LocalTime: Hashable, Sendable, Comparable {
  public let year: Int
  public let month: Int
  public let day: Int
  public let hour: Int
  public let minute: Int
  public let second: Int

  /// Nil for what no clock shows.
  public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int = 0) {
    guard (0...9_999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...59).contains(second)
    else { return nil }
    let back = Timestamp.date(LocalTime.dayNumber(year, month, day))
    guard back.month == month, back.day == day else { return nil }
    (self.year, self.month, self.day, self.hour, self.minute, self.second) = (year, month, day, hour, minute, second)
  }

  /// What a clock shows at a moment.
  ///
  /// - Parameter offset: how many seconds it is ahead of UTC.
  public init(_ moment: Timestamp, offset: Int) {
    // Far beyond every real clock, so that nothing overflows.
    let seconds = min(max(moment.seconds, -(1 << 40)), 1 << 40) + Int64(min(max(offset, -86_400), 86_400))
    let ofDay = Int(seconds % 86_400 + 86_400) % 86_400
    let date = Timestamp.date((seconds - Int64(ofDay)) / 86_400)
    (year, month, day) = (Int(date.year), Int(date.month), Int(date.day))
    (hour, minute, second) = (ofDay / 3_600, ofDay / 60 % 60, ofDay % 60)
  }

  /// The moment at which a clock that is `offset` seconds ahead of UTC shows it.
  public func moment(offset: Int) -> Timestamp {
    let ofDay = hour * 3_600 + minute * 60 + second
    return Timestamp(seconds: LocalTime.dayNumber(year, month, day) * 86_400 + Int64(ofDay - offset))
  }

  /// 0 is Sunday.
  public var dayOfWeek: Int {
    // 1970-01-01 was a Thursday.
    Int((LocalTime.dayNumber(year, month, day) % 7 + 11) % 7)
  }

  public static func < (left: LocalTime, right: LocalTime) -> Bool {
    left.moment(offset: 0) < right.moment(offset: 0)
  }

  /// Days since 1970-01-01 (days_from_civil in https://howardhinnant.github.io/date_algorithms.html).
  private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
