import HotsyncSystem

@testable import HotsyncPlan

let minute: Int64 = 60
let hour: Int64 = 3_600
let day: Int64 = 86_400

/// 2026-11-21 00:00:00 UTC, a Saturday.
let midnight: Int64 = 1_795_219_200

func schedule(_ text: String) -> RetentionSchedule {
  do throws(RetentionSchedule.Malformed) { return try RetentionSchedule(text) } catch {
    preconditionFailure("expected \(error.expected)")
  }
}

func plan(
  _ text: String, keepWithin: Duration = .zero, maxSize: UInt64? = nil, isDisabled: Bool = false
) -> RetentionPlan {
  RetentionPlan(schedule: schedule(text), keepWithin: keepWithin, maxSize: maxSize, isDisabled: isDisabled)
}

/// Generations at these seconds, numbered from 1.
func generations(_ times: [Int64]) -> [RetainedGeneration] {
  times.enumerated().map { RetainedGeneration(number: UInt64($0 + 1), time: Timestamp(seconds: $1)) }
}

extension RetentionPlan {
  /// What stays of them.
  func keep(_ generations: [RetainedGeneration]) -> [RetainedGeneration] {
    zip(generations, decide(generations)).filter { $1.isKept }.map { $0.0 }
  }

  func numbers(_ generations: [RetainedGeneration]) -> [UInt64] { keep(generations).map(\.number) }
}

/// A past that grows and is pruned on the way.
struct Past {
  private(set) var kept: [RetainedGeneration] = []
  /// All that there ever were.
  private(set) var all: [RetainedGeneration] = []

  mutating func commit(at seconds: Int64) {
    let generation = RetainedGeneration(number: UInt64(all.count + 1), time: Timestamp(seconds: seconds))
    kept.append(generation)
    all.append(generation)
  }

  mutating func prune(_ plan: RetentionPlan) { kept = plan.keep(kept) }
}
