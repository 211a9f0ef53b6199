import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPlan

@Suite("Which generations stay") struct RetentionPlanTests {
  private static let rolling = "5m,15m,1h,2h,4h,8h,1d/7d"

  struct Rhythm: CustomTestStringConvertible {
    let schedule: String
    let count: Int
    /// A generation comes every so many seconds, and a prune every so many.
    let every: Int64
    let pruned: Int64

    var testDescription: String { "\(schedule): a generation every \(every) s, a prune every \(pruned) s" }
  }

  static let rhythms = [
    Rhythm(schedule: "1h,1d/7d", count: 30, every: 15 * minute, pruned: 15 * minute),
    Rhythm(schedule: "1h,1d/7d", count: 30, every: 5 * minute, pruned: hour),
    Rhythm(schedule: "1h,1d/7d", count: 30, every: minute, pruned: 7 * hour),
    Rhythm(schedule: "1h,1d/7d", count: 30, every: hour, pruned: 3 * day),
    Rhythm(schedule: rolling, count: 17, every: 5 * minute, pruned: 5 * minute),
    Rhythm(schedule: rolling, count: 17, every: minute, pruned: 17 * minute),
    Rhythm(schedule: rolling, count: 17, every: 5 * minute, pruned: hour),
    Rhythm(schedule: rolling, count: 17, every: 5 * minute, pruned: 2 * day),
    Rhythm(schedule: "15m,1h,1d/7d", count: 4 + 23 + 6, every: 15 * minute, pruned: hour),
  ]

  @Test("a steady flow leaves one generation a slot, however often it is pruned", arguments: rhythms)
  func steady(_ rhythm: Rhythm) {
    let plan = plan(rhythm.schedule)
    var past = Past()
    var counts: Set<Int> = []
    var byInterval: Set<Int> = []
    // Not in step with any slot.
    var now = midnight + 7
    var pruned = now
    while now < midnight + 17 * day {
      past.commit(at: now)
      if now - pruned >= rhythm.pruned {
        past.prune(plan)
        pruned = now
        if now > midnight + 9 * day {
          counts.insert(past.kept.count)
          byInterval.insert(plan.decide(past.kept).count { $0.keptBy != ["newest"] })
        }
      }
      now += rhythm.every
    }
    #expect(byInterval == [rhythm.count])
    // The newest stays too where it is not the first in its slot.
    #expect(counts.isSubset(of: [rhythm.count, rhythm.count + 1]))
    #expect(schedule(rhythm.schedule).intervals.map(\.slots).reduce(0, +) == rhythm.count)
    #expect(past.all.count > 17 * 23)
  }

  @Test("each of the last six days is left with its first generation")
  func firstOfDay() {
    let plan = plan("1h,1d/7d")
    var past = Past()
    for quarter in 0..<(20 * 96) as Range<Int64> {
      past.commit(at: midnight + 60 + quarter * 15 * minute)
      past.prune(plan)
    }
    let kept = Set(past.kept.map(\.time.seconds))
    // The newest is of the evening of day 19, whose own first stays for its hour.
    for day in 13...19 as ClosedRange<Int64> { #expect(kept.contains(midnight + day * 86_400 + 60), "\(day)") }
    #expect(!kept.contains(midnight + 12 * day + 60))
  }

  @Test("what stays does not depend on when it was pruned, with gaps and outages in the flow too")
  func path() {
    var random = SeededGenerator(announcing: "retention, pruned on the way")
    for _ in 0..<60 {
      let plan = plan(["1h,1d/7d", Self.rolling, "15m,1h,1d/7d", "1d/3d", "7m,21m,42m/84m"][random.below(5)])
      var past = Past()
      var now = midnight + Int64(random.below(100_000))
      let perMille = random.number(1...999)
      for _ in 0..<random.number(1...400) {
        now += Int64(random.logarithmicSize(maximum: random.chance(20) ? 20 * 86_400 : 3_600)) + 1
        past.commit(at: now)
        if random.chance(perMille) { past.prune(plan) }
      }
      past.prune(plan)
      #expect(past.kept == plan.keep(past.all))
    }
  }

  @Test("slots are multiples of UTC, and the first of a slot stays")
  func aligned() {
    // 2026-03-29: the night in which clocks in Europe jump from 2 to 3.
    let night: Int64 = 1_774_738_800
    let times = (0..<24).map { night + $0 * 30 * minute + 60 }
    let kept = plan("1h/12h").keep(generations(times)).map { $0.time.seconds - night }
    #expect(kept == (0..<12).map { $0 * hour + 60 } + [23 * 30 * minute + 60])
  }

  @Test("before 1970 slots go on as they do after it")
  func beforeTheEpoch() {
    #expect(plan("1h/3h").numbers(generations([-7_300, -7_200, -3_601, -3_600, -1, 0, 1])) == [2, 4, 6, 7])
  }

  @Test("of none nothing stays, of one that one, of two the newest at least")
  func few() {
    let plan = plan("1h,1d/7d")
    #expect(plan.decide([]).isEmpty)
    let one = plan.decide(generations([midnight]))
    #expect(one.map(\.keptBy) == [["1h", "newest"]])
    #expect(plan.numbers(generations([midnight, midnight + 1])) == [1, 2])
    #expect(plan.numbers(generations([midnight - 30 * day, midnight])) == [2])
    #expect(plan.numbers(generations([.min, .max])) == [2])
  }

  @Test("a master that is gone prunes nothing: what stays does not depend on the day of the prune")
  func deadMaster() {
    var past = Past()
    for hours in 0..<(30 * 24) as Range<Int64> { past.commit(at: midnight + hours * hour) }
    let plan = plan("1h,1d/7d")
    past.prune(plan)
    #expect(past.kept.count == 30)
    past.prune(plan)
    #expect(past.kept.count == 30)
  }

  @Test("times that went backwards drop nothing that came later in its slot's place")
  func backwards() {
    // A clock set back by a day and two hours between 3 and 4: 1 to 3 count as no younger than 4.
    let past = generations([
      midnight, midnight + hour, midnight + 2 * hour, midnight - day, midnight - day + hour,
    ])
    let decisions = plan("1h,1d/7d").decide(past)
    #expect(decisions.map(\.keptBy) == [["1h"], [], [], [], ["1h", "newest"]])
  }

  @Test("another schedule keeps one of each of its slots that has any")
  func change() {
    var random = SeededGenerator(announcing: "changes of schedule")
    let texts = ["1h,1d/7d", Self.rolling, "15m,1h,1d/7d", "1d/30d", "6h,1d,7d/28d", "10m/1d"]
    for _ in 0..<60 {
      var past = Past()
      var now = midnight
      for _ in 0..<300 {
        now += Int64(random.number(300...20_000))
        past.commit(at: now)
        if random.chance(100) { past.prune(plan(texts[random.below(3)])) }
      }
      let next = schedule(texts[random.below(texts.count)])
      let before = past.kept
      past.prune(RetentionPlan(schedule: next, keepWithin: .zero, maxSize: nil, isDisabled: false))
      for interval in next.intervals {
        func slots(_ generations: [RetainedGeneration]) -> Set<Int64> {
          Set(
            generations.map { now / interval.seconds - $0.time.seconds / interval.seconds }.filter {
              $0 < interval.slots
            })
        }
        #expect(slots(before) == slots(past.kept), "\(next) \(interval.name)")
      }
    }
  }

  @Test("a finer schedule drops nothing of what a coarser one left within its total")
  func finer() {
    var past = Past()
    for hours in 0..<(20 * 24) as Range<Int64> {
      past.commit(at: midnight + hours * hour)
      past.prune(plan("1h,1d/7d"))
    }
    let kept = past.kept
    past.prune(plan("15m,1h,1d/7d"))
    #expect(past.kept == kept)
    past.prune(plan("1h,1d/30d"))
    #expect(past.kept == kept)
  }

  @Test("what is pinned, verified, read or newest stays, and says so")
  func pinned() {
    let old = midnight - 300 * day
    let past = [
      RetainedGeneration(number: 1, time: Timestamp(seconds: old), snapshots: ["before-upgrade", "audit"]),
      RetainedGeneration(number: 2, time: Timestamp(seconds: old + 1)),
      RetainedGeneration(number: 3, time: Timestamp(seconds: old + 2), isRead: true),
      RetainedGeneration(number: 4, time: Timestamp(seconds: midnight + 1), isVerified: true),
      RetainedGeneration(number: 5, time: Timestamp(seconds: midnight + 2)),
    ]
    let decisions = plan("1h,1d/7d").decide(past)
    #expect(
      decisions.map(\.keptBy) == [
        ["snapshot:before-upgrade", "snapshot:audit"], [], ["read"], ["1h", "verified"], ["newest"],
      ])
    #expect(decisions[1].dropped == "older than 2026-11-15 00:00 UTC (7d)")
  }

  @Test("what came from seed goes with the master's first generation, and stands for no slot")
  func seed() {
    func past(_ count: Int) -> [RetainedGeneration] {
      (0..<count).map {
        RetainedGeneration(number: UInt64($0 + 1), time: Timestamp(seconds: midnight + Int64($0)), isSeed: $0 == 0)
      }
    }
    #expect(plan("1h/1d").numbers(past(1)) == [1])
    #expect(plan("1h/1d").numbers(past(2)) == [2])
    #expect(plan("1h/1d").decide(past(3)).map(\.keptBy) == [[], ["1h"], ["newest"]])
    #expect(plan("1h/1d").decide(past(2))[0].dropped == "made by seed, before the master's first")
  }

  @Test("a plan that is switched off keeps everything")
  func disabled() {
    let past = generations([0, 1, 2])
    let decisions = plan("1h/1d", maxSize: 0, isDisabled: true).decide(past)
    #expect(decisions.map(\.keptBy) == [["disabled"], ["disabled"], ["newest", "disabled"]])
  }

  @Test("why a generation goes names the slot and the one that stands for it")
  func reasons() {
    let past = generations([
      midnight - 10 * day, midnight - day, midnight - 5 * hour, midnight, midnight + 5, midnight + 9,
    ])
    let decisions = plan("90s,1h,1d/7d").decide(past)
    #expect(
      decisions.map { $0.dropped ?? $0.keptBy.joined(separator: ",") } == [
        "older than 2026-11-15 00:00 UTC (7d)", "1d", "1h", "90s",
        "generation 4 is first in its 90s slot", "newest",
      ])
    #expect(inWords(Timestamp(seconds: midnight + 90)) == "2026-11-21 00:01:30 UTC")
  }
}
