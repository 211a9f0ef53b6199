import HotsyncSystem

/// Puts the loaded databases in the place of the servers' own.
struct DatabasesStep: PromotionStep {
  var name: StepName { .databases }
  var summary: String { "exchange the databases' data folders with the loaded ones" }

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan { StepPlan() }
}
