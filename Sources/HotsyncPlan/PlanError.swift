public import HotsyncSystem

/// The domain of `PlanError`.
public enum PlanDomain {}

public typealias PlanError = Failure<PlanDomain>
