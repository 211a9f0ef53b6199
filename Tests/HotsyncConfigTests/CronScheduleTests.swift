import HotsyncSystem
import Testing

@testable import HotsyncConfig

@Suite struct CronScheduleTests {
  private func cron(_ text: String) throws -> CronSchedule {
    let schedule = try #require(Schedule(text))
    return try #require(CronSchedule(schedule))
  }

  /// `2026-11-21 16:31`.
  private func time(_ text: String) throws -> LocalTime {
    let numbers = text.split(whereSeparator: { "- :".contains($0) }).compactMap { Int($0) }
    guard numbers.count == 5 else { throw Unexpected(text: text) }
    return try #require(
      LocalTime(year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4]))
  }

  private struct Unexpected: Error { let text: String }

  private func expect(
    _ text: String, after start: String, _ expected: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var now = try time(start)
    for next in expected {
      let found = try #require(try cron(text).next(after: now), sourceLocation: sourceLocation)
      #expect(found == (try time(next)), "\(text) after \(now)", sourceLocation: sourceLocation)
      #expect(try cron(text).matches(found), sourceLocation: sourceLocation)
      now = found
    }
  }

  @Test("a step counts from the range's start, and the minute that runs is not the next one")
  func steps() throws {
    try expect("*/15 * * * *", after: "2026-11-21 16:31", "2026-11-21 16:45", "2026-11-21 17:00", "2026-11-21 17:15")
    try expect("*/25 * * * *", after: "2026-11-21 16:50", "2026-11-21 17:00", "2026-11-21 17:25")
    try expect("5-20/7 * * * *", after: "2026-11-21 16:05", "2026-11-21 16:12", "2026-11-21 16:19", "2026-11-21 17:05")
    try expect("* * * * *", after: "2026-12-31 23:59", "2027-01-01 00:00")
  }

  @Test("lists, ranges and names are what they are in crontab")
  func fields() throws {
    try expect(
      "0,30 8-10/2 * * *", after: "2026-11-21 09:00", "2026-11-21 10:00", "2026-11-21 10:30", "2026-11-22 08:00")
    // The 21st was a Saturday.
    try expect("0 3 * * 1-5", after: "2026-11-20 03:00", "2026-11-23 03:00")
    try expect("0 3 * * SUN", after: "2026-11-21 12:00", "2026-11-22 03:00")
    try expect("0 3 * * 7", after: "2026-11-21 12:00", "2026-11-22 03:00")
    try expect("0 3 * * 5-7", after: "2026-11-21 12:00", "2026-11-22 03:00", "2026-11-27 03:00")
    try expect("0 0 1 jan-mar *", after: "2026-02-15 00:00", "2026-03-01 00:00", "2027-01-01 00:00")
  }

  @Test("of day of month and day of week either is enough, unless one begins with a star")
  func days() throws {
    try expect("0 0 13 * 5", after: "2026-11-09 00:00", "2026-11-13 00:00", "2026-11-20 00:00")
    try expect("0 0 24 * fri", after: "2026-11-21 00:00", "2026-11-24 00:00", "2026-11-27 00:00")
    try expect("0 0 */2 * mon", after: "2026-11-21 00:00", "2026-11-23 00:00", "2026-12-07 00:00")
    try expect("0 0 13 * *", after: "2026-11-13 00:00", "2026-12-13 00:00")
  }

  @Test("months end where they end, and leap years come")
  func months() throws {
    try expect("0 0 31 * *", after: "2026-11-21 00:00", "2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00")
    try expect("0 0 30 2,4 *", after: "2026-11-21 00:00", "2027-04-30 00:00")
    try expect("59 23 29 2 *", after: "2026-11-21 00:00", "2028-02-29 23:59", "2032-02-29 23:59")
    try expect("0 0 29 2 *", after: "2096-02-29 00:00", "2104-02-29 00:00")
    #expect(try cron("0 0 30 2 *").next(after: try time("2026-11-21 00:00")) == nil)
    #expect(try cron("0 0 30 2 *").next(after: Timestamp(seconds: 1_795_000_000), offset: { _ in 0 }) == nil)
  }

  /// Central Europe in 2026: an hour is left out on 29 March and comes twice on 25 October, both at 01:00 UTC.
  private func berlin(_ moment: Timestamp) -> Int {
    moment.seconds >= 1_774_746_000 && moment.seconds < 1_792_890_000 ? 7_200 : 3_600
  }

  /// Moments in UTC as `2026-03-29 00:30`.
  private func expectBerlin(
    _ text: String, after start: String, _ expected: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var now = try time(start).moment(offset: 0)
    for next in expected {
      let found = try #require(try cron(text).next(after: now, offset: berlin), sourceLocation: sourceLocation)
      #expect(found == (try time(next)).moment(offset: 0), "\(text): \(found.rfc3339)", sourceLocation: sourceLocation)
      now = found
    }
  }

  @Test("what falls into the hour that is left out is due as soon as it is left out")
  func gap() throws {
    try expectBerlin(
      "30 2 * * *", after: "2026-03-27 12:00", "2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30")
    try expectBerlin("0 3 * * *", after: "2026-03-28 12:00", "2026-03-29 01:00", "2026-03-30 01:00")
    try expectBerlin("30 3 * * *", after: "2026-03-28 12:00", "2026-03-29 01:30", "2026-03-30 01:30")
    try expectBerlin(
      "*/20 * * * *", after: "2026-03-29 00:30", "2026-03-29 00:40", "2026-03-29 01:00", "2026-03-29 01:20")
  }

  @Test("what falls into the hour that comes twice is due in both")
  func overlap() throws {
    try expectBerlin(
      "*/30 * * * *", after: "2026-10-24 23:50", "2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 01:00",
      "2026-10-25 01:30", "2026-10-25 02:00")
    try expectBerlin(
      "30 2 * * *", after: "2026-10-24 12:00", "2026-10-25 00:30", "2026-10-25 01:30", "2026-10-26 01:30")
    try expectBerlin("30 3 * * *", after: "2026-10-24 12:00", "2026-10-25 02:30", "2026-10-26 02:30")
  }

  @Test("a schedule that is far away is found across changes of the clock")
  func far() throws {
    try expectBerlin("0 12 24 12 *", after: "2026-01-10 00:00", "2026-12-24 11:00")
    try expectBerlin("0 12 1 7 *", after: "2026-01-10 00:00", "2026-07-01 10:00", "2027-07-01 11:00")
  }

  @Test("the next minute of any schedule is the first one that matches")
  func firstThatMatches() throws {
    let schedules = try ["*/7 */5 * * *", "3 4 */9 * 2", "0 0 1,15 * 3", "59 23 31 1-6 sat"].map { try cron($0) }
    let start = try time("2027-12-20 21:13").moment(offset: 0)
    for schedule in schedules {
      var now = start
      for _ in 0..<3 {
        let next = try #require(schedule.next(after: now, offset: { _ in 0 }))
        var minute = Timestamp(seconds: now.seconds / 60 * 60 + 60)
        while !schedule.matches(LocalTime(minute, offset: 0)) { minute = Timestamp(seconds: minute.seconds + 60) }
        #expect(next == minute)
        now = next
      }
    }
  }
}
