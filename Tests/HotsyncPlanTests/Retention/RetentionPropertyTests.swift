import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPlan

/// The rules once more, slot by slot in the words of the design, with no thought of speed.
private struct NaiveRetention {
  let intervals: [Int64]
  let total: Int64
  let keepWithin: Int64
  let maxSize: UInt64?

  func kept(_ generations: [RetainedGeneration]) -> Set<UInt64> {
    guard let newest = generations.last else { return [] }
    var kept: Set<UInt64> = []
    for (place, length) in intervals.enumerated() {
      let next = place + 1 < intervals.count ? intervals[place + 1] : total
      let count = place == 0 ? next / length : (next - length) / length
      var start = newest.time.seconds - newest.time.seconds % length
      if place > 0 { start -= length }
      for _ in 0..<count {
        let inSlot = generations.filter {
          !$0.isSeed && $0.time.seconds >= start && $0.time.seconds < start + length
        }
        if let oldest = inSlot.first { kept.insert(oldest.number) }
        start -= length
      }
    }
    func isPinned(_ generation: RetainedGeneration) -> Bool {
      generation.number == newest.number || !generation.snapshots.isEmpty || generation.isVerified || generation.isRead
    }
    kept.formUnion(generations.filter(isPinned).map(\.number))
    while let maxSize, generations.filter({ kept.contains($0.number) }).map(\.size).reduce(0, +) > maxSize {
      let next = generations.first {
        kept.contains($0.number) && !isPinned($0) && $0.time.seconds <= newest.time.seconds - keepWithin
      }
      guard let next else { break }
      kept.remove(next.number)
    }
    return kept
  }
}

@Suite("Retention against the naive rules") struct RetentionPropertyTests {
  private static func past(_ random: inout SeededGenerator) -> [RetainedGeneration] {
    let longest = random.logarithmicSize(maximum: 400_000)
    let pins = random.element([0, 0, 30, 300]) ?? 0
    var now = midnight
    return (0..<random.number(0...120)).map { place in
      now += Int64(random.below(longest + 1))
      return RetainedGeneration(
        number: UInt64(place * 3 + 1), time: Timestamp(seconds: now),
        snapshots: random.chance(pins) ? ["s\(place)"] : [], isVerified: random.chance(pins),
        isRead: random.chance(pins), isSeed: place == 0 && random.chance(200),
        size: UInt64(random.below(1_000)))
    }
  }

  private static func schedule(_ random: inout SeededGenerator) -> (text: String, lengths: [Int64], total: Int64) {
    var lengths = [Int64(random.logarithmicSize(maximum: 90_000)) + 1]
    for _ in 0..<random.below(5) { lengths.append((lengths.last ?? 1) * Int64(random.number(2...5))) }
    let longest = lengths.last ?? 1
    let total = longest * Int64(random.number((lengths.count > 1 ? 2 : 1)...9))
    return (lengths.map { "\($0)s" }.joined(separator: ",") + "/\(total)s", lengths, total)
  }

  @Test("the plan keeps what the naive rules keep, and a second run drops nothing")
  func naive() throws {
    var random = SeededGenerator(announcing: "retention")
    for round in 0..<600 {
      let past = Self.past(&random)
      let written = Self.schedule(&random)
      let within = Int64(random.logarithmicSize(maximum: 1_000_000))
      let maxSize = random.chance(500) ? UInt64(random.below(20_000)) : nil
      let plan = RetentionPlan(
        schedule: try RetentionSchedule(written.text), keepWithin: .seconds(within), maxSize: maxSize, isDisabled: false
      )
      let naive = NaiveRetention(
        intervals: written.lengths, total: written.total, keepWithin: within, maxSize: maxSize)
      let decisions = plan.decide(past)
      let kept = plan.keep(past)
      try #require(Set(kept.map(\.number)) == naive.kept(past), "round \(round), \(written.text), \(past)")
      try #require(decisions.map(\.number) == past.map(\.number))
      try #require(decisions.allSatisfy { $0.keptBy.isEmpty == !$0.isKept })
      try #require(plan.keep(kept) == kept, "round \(round), \(written.text), \(past)")
    }
  }

  @Test("ten thousand generations are decided on in a moment")
  func many() {
    let past = generations((0..<10_000).map { midnight + Int64($0) * minute })
    let start = Clocks.system.elapsed()
    #expect(plan("5m,15m,1h,2h,4h,8h,1d/7d").keep(past).count <= 18)
    #expect(Clocks.system.elapsed() - start < .seconds(10))
  }
}
