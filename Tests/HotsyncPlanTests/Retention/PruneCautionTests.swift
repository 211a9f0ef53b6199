import HotsyncSystem
import Testing

@testable import HotsyncPlan

@Suite("Caution before a prune") struct PruneCautionTests {
  private func refusal(
    _ past: [RetainedGeneration], now: Int64? = nil, memory: PruneMemory? = nil, _ text: String = "1h,1d/7d"
  ) -> String? {
    PruneCaution.refusal(
      plan(text).decide(past), of: past, now: Timestamp(seconds: now ?? past.last?.time.seconds ?? 0), memory: memory,
      schedule: schedule(text))
  }

  private static func hours(_ count: Int64) -> [Int64] { (0..<count).map { midnight + $0 * hour } }

  @Test("a past without surprises is pruned")
  func usual() {
    #expect(refusal([]) == nil)
    #expect(refusal(generations(Self.hours(24 * 20))) == nil)
    #expect(refusal(generations(Self.hours(24 * 20)), memory: PruneMemory(left: 30, accepted: 7)) == nil)
  }

  @Test("a newest generation from the future waits for the operator, and a second is not the future")
  func future() {
    let past = generations(Self.hours(24 * 20))
    let newest = midnight + (24 * 20 - 1) * hour
    #expect(
      refusal(past, now: newest - 60)
        == "generation 480 is from the future (2026-12-10 23:00 UTC, and here it is 2026-12-10 22:59 UTC): "
        + "a clock has jumped")
    #expect(refusal(past, now: newest) == nil)
    // Once a prune went by it, the same generation is no surprise any more; the next one is.
    #expect(refusal(past, now: newest - 60, memory: PruneMemory(left: 31, accepted: 480)) == nil)
    #expect(refusal(past, now: newest - 60, memory: PruneMemory(left: 31, accepted: 479)) != nil)
  }

  @Test("a gap longer than the total waits for the operator, also when more generations have come since")
  func jump() {
    let after = midnight + 20 * hour + 8 * day
    let past = generations(Self.hours(20) + [after])
    let text =
      "generation 21 (2026-11-29 20:00 UTC) came more than 7d, the schedule's total, after generation 20 "
      + "(2026-11-21 19:00 UTC): a clock has jumped, or the master was away for long"
    #expect(refusal(past) == text)
    #expect(refusal(generations(Self.hours(20) + [after, after + 900, after + 1_800])) == text)
    #expect(refusal(generations(Self.hours(20) + [midnight + 19 * hour + 7 * day])) == nil)
    let accepted = generations(Self.hours(20) + [after, after + 900])
    #expect(refusal(accepted, memory: PruneMemory(left: 20, accepted: 20)) == text)
    #expect(refusal(accepted, memory: PruneMemory(left: 2, accepted: 21)) == nil)
  }

  @Test("a gap that a prune made, below a snapshot, is no jump")
  func pinnedPast() {
    var past = generations(Self.hours(24 * 60))
    past[0] = RetainedGeneration(number: 1, time: past[0].time, snapshots: ["audit"])
    let first = plan("1h,1d/7d").decide(past)
    let memory = PruneMemory(after: first, since: nil)
    #expect(memory == PruneMemory(left: 31, accepted: 24 * 60))
    var kept = plan("1h,1d/7d").keep(past)
    for place in 0..<50 as Range<Int64> {
      let number = UInt64(24 * 60 + place + 1)
      kept.append(RetainedGeneration(number: number, time: Timestamp(seconds: midnight + (24 * 60 + place) * hour)))
    }
    #expect(refusal(kept, memory: memory) == nil)
    #expect(refusal(kept, memory: nil) != nil)
  }

  @Test("the outage after a seed is no jump")
  func seeded() {
    let past = [
      RetainedGeneration(number: 1, time: Timestamp(seconds: midnight), isSeed: true),
      RetainedGeneration(number: 2, time: Timestamp(seconds: midnight + 30 * day)),
    ]
    #expect(refusal(past) == nil)
  }

  @Test("less than half of what the last prune left waits for the operator, half does not")
  func half() {
    let past = generations(Self.hours(24 * 20))
    #expect(refusal(past, memory: PruneMemory(left: 60, accepted: 480)) == nil)
    #expect(
      refusal(past, memory: PruneMemory(left: 61, accepted: 480))
        == "it would leave 30 of 480 generations, less than half of the 61 that the last prune left")
    #expect(refusal(past, memory: PruneMemory(left: .max, accepted: 480)) != nil)
  }

  @Test("where nothing goes there is nothing to fear, and what was not pruned stays to be judged")
  func nothingGoes() {
    let past = [
      RetainedGeneration(number: 1, time: Timestamp(seconds: midnight), isVerified: true),
      RetainedGeneration(number: 2, time: Timestamp(seconds: midnight + 300 * day)),
    ]
    #expect(refusal(past, now: 0, memory: PruneMemory(left: 100, accepted: 0)) == nil)
    #expect(PruneMemory(after: plan("1h/1d").decide(past), since: nil) == PruneMemory(left: 2, accepted: 0))
    // The first is not verified any more: now it would go, and the jump is still there.
    #expect(refusal(generations([midnight, midnight + 300 * day]), memory: PruneMemory(left: 2, accepted: 0)) != nil)
  }
}
