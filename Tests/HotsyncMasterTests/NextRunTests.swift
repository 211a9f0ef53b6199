import HotsyncSystem
import Testing

@testable import HotsyncMaster

@Suite struct NextRunTests {
  private func moment(hour: Int) throws -> Timestamp {
    try #require(LocalTime(year: 2026, month: 11, day: 23, hour: hour, minute: 30, second: 5)).moment(offset: 0)
  }

  @Test("on a machine with a zone of its own the line in UTC counts")
  func zone() throws {
    let answer = """
      Normalized form: Mon *-*-* 17:30:05
          Next elapse: Mon 2026-11-23 17:30:05 CET
             (in UTC): Mon 2026-11-23 16:30:05 UTC
             From now: 1 day 22h left

      """
    #expect(NextRun.parse(answer) == (try moment(hour: 16)))
  }

  @Test("on a machine that keeps UTC the only line counts")
  func universal() throws {
    let answer = """
      Normalized form: Mon *-*-* 17:30:05
          Next elapse: Mon 2026-11-23 17:30:05 UTC
             From now: 1 day 23h left

      """
    #expect(NextRun.parse(answer) == (try moment(hour: 17)))
  }

  @Test(
    "an answer that is not understood tells no moment",
    arguments: [
      "", "Next elapse: never", "Next elapse: Mon 2026-11-23 17:30:05 CET", "(in UTC): Mon 2026-11-23 17:30:05",
      "(in UTC): Mon 2026-11-23 17:30 UTC", "(in UTC): Mon 2026-13-23 17:30:05 UTC",
      "(in UTC): Mon 2026-11-31 17:30:05 UTC", "(in UTC): Mon 2026-11-23 24:30:05 UTC",
      "(in UTC): Mon 99999-11-23 17:30:05 UTC", "(in UTC): Mon 2026-+1-23 17:30:05 UTC",
      "(in UTC): Mon 2026--11-23 17:30:05 UTC", "(in UTC): Mon 2026-11-23 17:30:05.5 UTC",
    ])
  func malformed(_ answer: String) { #expect(NextRun.parse(answer) == nil) }
}
