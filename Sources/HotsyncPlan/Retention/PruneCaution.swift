public import HotsyncSystem

/// What a prune leaves for the next one to compare with. To be written before the first generation goes: a prune that was
/// interrupted then finds its own plan.
public struct PruneMemory: Sendable, Equatable {
  /// How many generations it left.
  public var left: Int
  /// The newest generation that a prune went by. The times up to it were plausible, or the operator accepted them; of what
  /// came later nothing has been dropped yet.
  public var accepted: UInt64

  public init(left: Int, accepted: UInt64) {
    self.left = left
    self.accepted = accepted
  }

  /// After decisions that nothing speaks against, or that the operator accepted.
  public init(after decisions: [RetentionDecision], since before: PruneMemory?) {
    let isPruned = decisions.contains { !$0.isKept }
    left = decisions.count(where: \.isKept)
    accepted = (isPruned ? decisions.last?.number : nil) ?? before?.accepted ?? 0
  }
}

/// Whether a prune looks like an accident: a clock that jumped takes the whole past with it.
public enum PruneCaution {
  /// - Parameter decisions: one for each of the generations, which are oldest first.
  /// - Parameter now: of this machine's clock.
  /// - Parameter memory: what the last prune left; nil where there was none.
  /// - Returns: what speaks against the prune, as a sentence; nil where nothing does. Where nothing goes, nothing does.
  public static func refusal(
    _ decisions: [RetentionDecision], of generations: [RetainedGeneration], now: Timestamp, memory: PruneMemory?,
    schedule: RetentionSchedule
  ) -> String? {
    guard decisions.contains(where: { !$0.isKept }) else { return nil }
    let accepted = memory?.accepted ?? 0
    return future(generations, now, accepted) ?? jump(generations, accepted, schedule)
      ?? shrinking(decisions, memory)
  }

  private static func future(
    _ generations: [RetainedGeneration], _ now: Timestamp, _ accepted: UInt64
  ) -> String? {
    // Within a second: generations that follow each other at once are told apart by nanoseconds, whatever the clock says.
    guard let newest = generations.last, newest.number > accepted, newest.time.seconds > now.seconds else { return nil }
    return "generation \(newest.number) is from the future (\(inWords(newest.time)), and here it is \(inWords(now))): "
      + "a clock has jumped"
  }

  /// Not only the newest one counts: a cycle comes every few minutes, and the jump must not be forgotten with the next.
  private static func jump(
    _ generations: [RetainedGeneration], _ accepted: UInt64, _ schedule: RetentionSchedule
  ) -> String? {
    let own = generations.filter { !$0.isSeed }
    for (before, after) in zip(own, own.dropFirst()) where after.number > accepted {
      guard after.time.since(before.time) > .seconds(schedule.total) else { continue }
      return "generation \(after.number) (\(inWords(after.time))) came more than "
        + "\(Duration.seconds(schedule.total).written), the schedule's total, after generation \(before.number) "
        + "(\(inWords(before.time))): a clock has jumped, or the master was away for long"
    }
    return nil
  }

  private static func shrinking(_ decisions: [RetentionDecision], _ memory: PruneMemory?) -> String? {
    let kept = decisions.count(where: \.isKept)
    guard let memory, kept < memory.left, memory.left - kept > kept else { return nil }
    return "it would leave \(kept) of \(decisions.count) generations, less than half of the \(memory.left) that the "
      + "last prune left"
  }
}
