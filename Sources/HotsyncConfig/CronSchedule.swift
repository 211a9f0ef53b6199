public import HotsyncSystem

/// When a schedule of five fields is due, by the rules of crontab(5) and cron(8).
public struct CronSchedule: Sendable, Equatable {
  let minutes: CronField.Values
  let hours: CronField.Values
  let daysOfMonth: CronField.Values
  let months: CronField.Values
  let daysOfWeek: CronField.Values
  /// Where both days are restricted, either is enough; one that begins with `*` restricts nothing by itself.
  let isEitherDayEnough: Bool

  /// Nil for an expression of the other kind, and where a field is not valid.
  public init?(_ schedule: Schedule) {
    guard case .cron(let minute, let hour, let dayOfMonth, let month, let dayOfWeek) = schedule,
      let minutes = CronField.minute.values(minute), let hours = CronField.hour.values(hour),
      let daysOfMonth = CronField.dayOfMonth.values(dayOfMonth), let months = CronField.month.values(month),
      let daysOfWeek = CronField.dayOfWeek.values(dayOfWeek)
    else { return nil }
    (self.minutes, self.hours, self.daysOfMonth, self.months) = (minutes, hours, daysOfMonth, months)
    self.daysOfWeek = daysOfWeek
    isEitherDayEnough = !dayOfMonth.hasPrefix("*") && !dayOfWeek.hasPrefix("*")
  }

  // MARK: On one clock

  /// Whether it is due in the minute that the clock shows.
  public func matches(_ time: LocalTime) -> Bool {
    matchesDay(time) && hours.contains(time.hour) && minutes.contains(time.minute)
  }

  private func matchesDay(_ time: LocalTime) -> Bool {
    let byMonth = daysOfMonth.contains(time.day)
    let byWeek = daysOfWeek.contains(time.dayOfWeek)
    return months.contains(time.month) && (isEitherDayEnough ? byMonth || byWeek : byMonth && byWeek)
  }

  /// The first minute after the one that the clock shows in which it is due; nil where there is none (30 February).
  public func next(after time: LocalTime) -> LocalTime? {
    // The rarest day, 29 February, comes after 8 years at the latest.
    for day in 0..<(366 * 9) {
      let midnight = LocalTime(Timestamp(seconds: time.startOfDay + Int64(day) * 86_400), offset: 0)
      guard matchesDay(midnight) else { continue }
      for hour in 0..<24 where hours.contains(hour) && (day > 0 || hour >= time.hour) {
        for minute in 0..<60 where minutes.contains(minute) && (day > 0 || hour > time.hour || minute > time.minute) {
          return LocalTime(
            year: midnight.year, month: midnight.month, day: midnight.day, hour: hour, minute: minute)
        }
      }
    }
    return nil
  }

  // MARK: On the line of time

  /// The first moment after `now` at which it is due. What falls into an hour that daylight saving leaves out is due as
  /// soon as that hour is left out; what falls into one that comes twice is due twice.
  ///
  /// - Parameter offset: how many seconds local time is ahead of UTC at a moment.
  public func next(
    after now: Timestamp, offset: (Timestamp) -> Int = { $0.localOffset }
  ) -> Timestamp? {
    guard let far = next(after: LocalTime(now, offset: offset(now))) else { return nil }
    // On the way there the clock shows nothing that is due: only a change within the last day counts.
    var from = max(now, Timestamp(seconds: far.moment(offset: offset(now)).seconds - 86_400))
    // More changes than this in a day are no calendar's.
    for _ in 0..<4 {
      let before = offset(from)
      guard let candidate = next(after: LocalTime(from, offset: before)) else { return nil }
      let moment = candidate.moment(offset: before)
      guard offset(moment) != before else { return moment }
      let change = CronSchedule.change(from, moment, offset)
      let shown = LocalTime(change, offset: offset(change))
      if shown > candidate || matches(shown) { return change }
      from = change
    }
    return nil
  }

  /// The first second that has another offset than `start`.
  private static func change(_ start: Timestamp, _ end: Timestamp, _ offset: (Timestamp) -> Int) -> Timestamp {
    let before = offset(start)
    var (low, high) = (start.seconds, end.seconds)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if offset(Timestamp(seconds: middle)) == before { low = middle } else { high = middle }
    }
    return Timestamp(seconds: high)
  }
}

extension LocalTime {
  /// In seconds of a clock without an offset.
  fileprivate var startOfDay: Int64 {
    moment(offset: 0).seconds - Int64(hour * 3_600 + minute * 60 + second)
  }
}

/// One field of crontab(5): a list of `*`, `N` and `N-M`, each with `/STEP`; months and days of the week have names.
struct CronField {
  let range: ClosedRange<Int>
  let names: [String]

  /// Small numbers, a bit each.
  struct Values: Equatable, Sendable {
    private var bits: UInt64 = 0

    func contains(_ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }
    mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }
  }

  static let minute = CronField(range: 0...59, names: [])
  static let hour = CronField(range: 0...23, names: [])
  static let dayOfMonth = CronField(range: 1...31, names: [])
  static let month = CronField(
    range: 1...12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
  static let dayOfWeek = CronField(range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

  /// Nil where the field is not valid.
  func values(_ field: String) -> Values? {
    var values = Values()
    for part in field.split(separator: ",", omittingEmptySubsequences: false) {
      guard let some = sequence(part) else { return nil }
      // The week's seventh day is Sunday again.
      for value in some { values.insert(range.upperBound == 7 && value == 7 ? 0 : value) }
    }
    return values
  }

  private func sequence(_ part: Substring) -> StrideThrough<Int>? {
    let halves = part.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count <= 2, let what = halves.first else { return nil }
    var step = 1
    if halves.count == 2 {
      guard let number = wholeNumber(halves[1]), (1...range.upperBound).contains(number) else { return nil }
      step = number
    }
    if what == "*" { return stride(from: range.lowerBound, through: range.upperBound, by: step) }
    let ends = what.split(separator: "-", omittingEmptySubsequences: false).map { number($0) }
    switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
    // Cron takes a step only behind a range.
    case (1, .some(let value), _): return halves.count == 1 ? stride(from: value, through: value, by: 1) : nil
    case (2, .some(let from), .some(let to)): return from <= to ? stride(from: from, through: to, by: step) : nil
    default: return nil
    }
  }

  private func number(_ text: Substring) -> Int? {
    if let index = names.firstIndex(of: text.lowercased()) { return range.lowerBound + index }
    return wholeNumber(text).flatMap { range.contains($0) ? $0 : nil }
  }
}
