import HotsyncSystem

/// Says what will happen; the operator was asked before the journal was begun, as nothing may be written before he has agreed.
struct AnnounceStep: PromotionStep {
  var name: StepName { .announce }
  var summary: String { "say what will happen, and ask for the master's host name" }

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan { StepPlan() }
}
