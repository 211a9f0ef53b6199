public import HotsyncSystem

/// Which generations stay: pure arithmetic over their times, measured from the newest one, so that a master that is gone
/// prunes nothing. Nothing is remembered of earlier runs: a generation stays because of where it falls now, and another
/// schedule begins with what there is.
public struct RetentionPlan: Sendable {
  private let schedule: RetentionSchedule
  private let keepWithin: Duration
  private let maxSize: UInt64?
  private let isDisabled: Bool

  /// - Parameter keepWithin: what is younger, counted back from the newest generation, does not go for the sake of `maxSize`.
  /// - Parameter maxSize: above so many bytes the oldest go; nil for no limit.
  /// - Parameter isDisabled: nothing goes.
  public init(schedule: RetentionSchedule, keepWithin: Duration, maxSize: UInt64?, isDisabled: Bool) {
    self.schedule = schedule
    self.keepWithin = keepWithin
    self.maxSize = maxSize
    self.isDisabled = isDisabled
  }

  /// - Parameter generations: oldest first.
  /// - Returns: one decision for each, in the same order. To decide again about those that stay changes nothing.
  public func decide(_ generations: [RetainedGeneration]) -> [RetentionDecision] {
    let pins = generations.enumerated().map { place, generation in
      RetentionPlan.pins(of: generation, isNewest: place == generations.count - 1)
    }
    if isDisabled {
      return generations.indices.map { .kept(generations[$0], pins[$0] + ["disabled"]) }
    }
    let slots = SlotTable(schedule, generations)
    var decisions = generations.indices.map { place in
      let reasons = slots.intervals(of: place) + pins[place]
      return reasons.isEmpty
        ? RetentionDecision.dropped(generations[place], slots.objection(to: place))
        : RetentionDecision.kept(generations[place], reasons)
    }
    if let maxSize {
      drop(over: maxSize, from: &decisions, of: generations, pins.map { !$0.isEmpty }, slots.times)
    }
    return decisions
  }

  /// What keeps a generation whatever the schedule says.
  private static func pins(of generation: RetainedGeneration, isNewest: Bool) -> [String] {
    generation.snapshots.map { "snapshot:\($0)" } + (isNewest ? ["newest"] : [])
      + (generation.isVerified ? ["verified"] : []) + (generation.isRead ? ["read"] : [])
  }

  /// Lets the oldest go until what stays fits. What is dropped by the schedule counts as gone, though some of it may be
  /// folded into what stays: the next run sees what that came to.
  private func drop(
    over maxSize: UInt64, from decisions: inout [RetentionDecision], of generations: [RetainedGeneration],
    _ isPinned: [Bool], _ times: [Timestamp]
  ) {
    // Twice as wide as a size, so that no number of them is too large.
    var size = UInt128(0)
    for place in generations.indices where decisions[place].isKept { size += UInt128(generations[place].size) }
    for place in generations.indices where decisions[place].isKept && !isPinned[place] {
      guard size > maxSize, let newest = times.last else { return }
      if newest.since(times[place]) < keepWithin {
        decisions[place] = .kept(generations[place], decisions[place].keptBy + ["keep_within"])
      } else {
        size -= UInt128(generations[place].size)
        decisions[place] = .dropped(generations[place], "over max_size, and the oldest go first")
      }
    }
  }
}

extension RetentionDecision {
  fileprivate static func kept(_ generation: RetainedGeneration, _ reasons: [String]) -> RetentionDecision {
    RetentionDecision(number: generation.number, keptBy: reasons, dropped: nil)
  }

  fileprivate static func dropped(_ generation: RetainedGeneration, _ why: String) -> RetentionDecision {
    RetentionDecision(number: generation.number, keptBy: [], dropped: why)
  }
}
