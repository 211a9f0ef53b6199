import HotsyncSystem
import Testing

@testable import HotsyncPlan

@Suite("A store with max_size") struct MaxSizeTests {
  /// One an hour, 10 bytes each, the newest at the end of a day.
  private static func past(_ count: Int, _ change: (Int, inout [String]) -> Void = { _, _ in }) -> [RetainedGeneration]
  {
    (0..<count).map { place in
      var snapshots: [String] = []
      change(place, &snapshots)
      return RetainedGeneration(
        number: UInt64(place + 1), time: Timestamp(seconds: midnight + Int64(place) * hour), snapshots: snapshots,
        size: 10)
    }
  }

  @Test("the oldest go first, and no more than must")
  func oldestFirst() {
    #expect(plan("1h/1d", maxSize: 100).numbers(Self.past(12)) == Array(3...12))
    #expect(plan("1h/1d", maxSize: 99).numbers(Self.past(12)) == Array(4...12))
    #expect(plan("1h/1d", maxSize: 120).numbers(Self.past(12)) == Array(1...12))
    let decisions = plan("1h/1d", maxSize: 100).decide(Self.past(12))
    #expect(decisions[0].dropped == "over max_size, and the oldest go first")
    #expect(decisions[2].keptBy == ["1h"])
  }

  @Test("what a snapshot pins stays, and others go in its place")
  func snapshots() {
    let past = Self.past(12) { place, names in if place == 0 { names = ["audit"] } }
    #expect(plan("1h/1d", maxSize: 30).numbers(past) == [1, 11, 12])
    #expect(plan("1h/1d", maxSize: 0).numbers(past) == [1, 12])
  }

  @Test("what is younger than keep_within stays, to the nanosecond, and says what saved it")
  func floor() {
    // Generation 12 is the newest: 7 is exactly 5 hours older, 8 is younger than that.
    let decisions = plan("1h/1d", keepWithin: .seconds(5 * hour), maxSize: 0).decide(Self.past(12))
    #expect(decisions.filter(\.isKept).map(\.number) == Array(8...12))
    #expect(decisions[7].keptBy == ["1h", "keep_within"])
    #expect(decisions[11].keptBy == ["1h", "newest"])
    let wider = plan("1h/1d", keepWithin: .seconds(5 * hour) + .nanoseconds(1), maxSize: 0)
    #expect(wider.numbers(Self.past(12)) == Array(7...12))
  }

  @Test("keep_within is no floor under the schedule")
  func scheduleGoesOn() {
    let past = generations([midnight, midnight + 1, midnight + 2])
    #expect(plan("1h/1d", keepWithin: .seconds(30 * day)).numbers(past) == [1, 3])
  }

  @Test("sizes beyond all numbers count as too large, and nothing traps")
  func overflow() {
    let past = (1...3).map {
      RetainedGeneration(number: $0, time: Timestamp(seconds: midnight + Int64($0) * hour), size: .max)
    }
    #expect(plan("1h/1d", maxSize: .max - 1).numbers(past) == [3])
  }
}
