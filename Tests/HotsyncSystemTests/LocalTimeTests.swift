import HotsyncSystem
import Testing

@Suite struct LocalTimeTests {
  @Test("a moment and what a clock shows of it lead to each other")
  func roundTrip() throws {
    for seconds in stride(from: Int64(-2_000_000_000), through: 8_000_000_000, by: 123_456_789) {
      for offset in [0, 3_600, -36_000, 20_700] {
        let shown = LocalTime(Timestamp(seconds: seconds), offset: offset)
        #expect(shown.moment(offset: offset) == Timestamp(seconds: seconds))
      }
    }
    let shown = LocalTime(Timestamp(seconds: 1_795_278_661), offset: 3_600)
    #expect(shown == LocalTime(year: 2026, month: 11, day: 21, hour: 17, minute: 31, second: 1))
  }

  @Test("days of the week are those of the calendar, Sunday first")
  func daysOfWeek() throws {
    #expect(try #require(LocalTime(year: 1970, month: 1, day: 1, hour: 0, minute: 0)).dayOfWeek == 4)
    #expect(try #require(LocalTime(year: 2026, month: 11, day: 22, hour: 23, minute: 59)).dayOfWeek == 0)
    #expect(try #require(LocalTime(year: 1969, month: 12, day: 27, hour: 0, minute: 0)).dayOfWeek == 6)
  }

  @Test("a date that the calendar does not have is none")
  func impossible() {
    #expect(LocalTime(year: 2027, month: 2, day: 29, hour: 0, minute: 0) == nil)
    #expect(LocalTime(year: 2028, month: 2, day: 29, hour: 0, minute: 0) != nil)
    #expect(LocalTime(year: 2026, month: 11, day: 31, hour: 0, minute: 0) == nil)
    #expect(LocalTime(year: 2026, month: 11, day: 30, hour: 24, minute: 0) == nil)
  }

  @Test("the machine's zone is less than a day away from UTC")
  func offset() {
    #expect(abs(Clocks.system.now().localOffset) < 86_400)
    // Nothing overflows at either end.
    _ = LocalTime(Timestamp(seconds: .max), offset: .max)
    _ = LocalTime(Timestamp(seconds: .min), offset: .min)
  }
}
