/// The network step's room.
public struct NetworkStep: PromotionStep {
  public init() {}
  public var name: StepName { .network }
  public var summary: String { "take over the master's addresses" }
  public func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan { StepPlan() }
}

/// The services step's room.
public struct ServicesStep: PromotionStep {
  public init() {}
  public var name: StepName { .services }
  public var summary: String { "enable and start what the master had enabled" }
  public func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan { StepPlan() }
}
