import HotsyncSystem
import Testing

@Suite struct TimestampTests {
  @Test(
    "known dates, before 1970 and far away",
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (951_868_800, "2000-03-01T00:00:00Z"), (1_795_266_000, "2026-11-21T13:00:00Z"),
      (-2_203_891_200, "1900-03-01T00:00:00Z"), (-2_203_977_600, "1900-02-28T00:00:00Z"),
      (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
      (-86_400, "1969-12-31T00:00:00Z"), (-86_401, "1969-12-30T23:59:59Z"),
      (-62_135_596_800, "0001-01-01T00:00:00Z"), (-62_167_219_200, "0000-01-01T00:00:00Z"),
      (253_402_300_800, "10000-01-01T00:00:00Z"),
    ])
  func dates(_ seconds: Int64, _ text: String) {
    #expect(Timestamp(seconds: seconds).rfc3339 == text)
  }

  @Test("the ends of what a peer may send have a text, and no trap")
  func extremes() {
    for seconds in [Int64.min, .min + 1, .min + 86_400, .max, .max - 1] {
      #expect(Timestamp(seconds: seconds).rfc3339.hasSuffix("Z"))
    }
    #expect(Timestamp(seconds: .max).rfc3339.hasPrefix("292277026596-12-04T15:30:07Z"))
    let (first, last) = (Timestamp(seconds: .min), Timestamp(seconds: .max))
    #expect(last.since(first) > .seconds(1))
    #expect(first.since(last) < .seconds(-1))
  }

  @Test("nanoseconds are less than a second, and count in the order and the distance")
  func nanoseconds() throws {
    #expect(Timestamp(seconds: 0, nanoseconds: 1_000_000_000) == nil)
    let (early, late) = (
      try #require(Timestamp(seconds: -1, nanoseconds: 999_999_999)),
      try #require(Timestamp(seconds: 0, nanoseconds: 1))
    )
    #expect(early < late)
    #expect(late.since(early) == .nanoseconds(2))
    #expect(early.since(late) == .nanoseconds(-2))
  }
}
