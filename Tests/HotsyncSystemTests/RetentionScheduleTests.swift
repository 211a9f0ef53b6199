import HotsyncSystem
import Testing

@Suite("The notation of durations and retention schedules") struct RetentionScheduleTests {
  @Test("durations have one number and one unit")
  func durations() {
    #expect(Duration(written: "90s") == .seconds(90))
    #expect(Duration(written: "15m") == .seconds(900))
    #expect(Duration(written: "1h") == .seconds(3_600))
    #expect(Duration(written: "7d") == .seconds(604_800))
    #expect(Duration(written: "36525d") == .seconds(36_525 * 86_400))
    for text in [
      "", "s", "1", "1w", "-1s", "+1s", "1.5h", "1h30m", " 1s", "1 s", "999999999999999999d", "36526d", "９s",
      "9999999999999999999s",
    ] {
      #expect(Duration(written: text) == nil, "\(text)")
    }
    #expect(Duration.seconds(120).written == "2m")
    #expect(Duration.seconds(90).written == "90s")
    #expect(Duration.zero.written == "0s")
  }

  @Test("the first interval begins now, every other at its own length, and each has a slot for one of its own")
  func slots() throws {
    #expect(try RetentionSchedule("1h,1d/7d").intervals.map(\.slots) == [24, 6])
    let fine = try RetentionSchedule("5m,15m,1h,2h,4h,8h,1d/7d")
    #expect(fine.intervals.map(\.slots) == [3, 3, 1, 1, 1, 2, 6])
    #expect(fine.intervals.map(\.name) == ["5m", "15m", "1h", "2h", "4h", "8h", "1d"])
    #expect(fine.total == 604_800)
    #expect(try RetentionSchedule("60m,1d/168h").description == "60m,1d/7d")
    #expect(try RetentionSchedule("60m/1d").intervals.map(\.name) == ["60m"])
    #expect(try RetentionSchedule("1d/1d").intervals.map(\.slots) == [1])
    #expect(try RetentionSchedule("15m,1h/2h").intervals.map(\.slots) == [4, 1])
  }

  @Test(
    "what is no schedule says what was expected",
    arguments: [
      ("", "its intervals, a slash and the total"), ("1h", "its intervals, a slash and the total"),
      ("1h/7d/8d", "its intervals, a slash and the total"), ("1h/", "a total like 7d after the slash"),
      ("1h/0d", "a total like 7d after the slash"), ("/7d", "each interval a duration like 90s, 15m, 1h or 7d"),
      ("0s/7d", "each interval a duration like 90s, 15m, 1h or 7d"),
      ("1h,,1d/7d", "each interval a duration like 90s, 15m, 1h or 7d"),
      ("1h, 1d/7d", "each interval a duration like 90s, 15m, 1h or 7d"),
      ("1h,90m/7d", "each interval a multiple of the one before, which 90m is not of 1h"),
      ("1h,1h/7d", "each interval a multiple of the one before, which 1h is not of 1h"),
      ("1d,1h/7d", "each interval a multiple of the one before, which 1h is not of 1d"),
      ("1d/1h", "a total that is a multiple of 1d, the longest interval, and 1d at least"),
      ("1h,1d/1d", "a total that is a multiple of 1d, the longest interval, and 2d at least"),
      ("1h,1d/60h", "a total that is a multiple of 1d, the longest interval, and 2d at least"),
    ])
  func malformed(_ text: String, _ expected: String) {
    #expect(throws: RetentionSchedule.Malformed.self) { try RetentionSchedule(text) }
    do throws(RetentionSchedule.Malformed) { _ = try RetentionSchedule(text) } catch {
      #expect(error.expected == "a retention schedule like \"15m,1h,1d/7d\": " + expected)
    }
  }
}
