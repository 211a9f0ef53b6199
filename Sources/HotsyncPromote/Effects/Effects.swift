import HotsyncSystem

/// The gate that everything passes by which a promotion changes anything: the real one carries actions out, that of a check
/// keeps what it is shown. Steps, plans, order and driver are the same behind both.
protocol Effects: AnyObject {
  /// Whether anything happens behind it.
  var isReal: Bool { get }

  /// Looks at what an action will change, and keeps what it will displace. Nothing of the machine itself is changed yet.
  func prepare(_ action: Action, _ name: String) throws(PromoteError) -> Before

  /// Carries it out, or what is missing of it.
  func carryOut(_ action: Action, _ before: Before, of step: any PromotionStep) throws(PromoteError) -> Outcome

  /// Takes back what was done of it.
  func undo(_ action: Action, _ before: Before, of step: any PromotionStep) throws(PromoteError) -> Outcome
}

/// The gate of `--check`: whatever comes is shown and nothing is done.
final class ShownEffects: Effects {
  private(set) var shown: [(step: StepName, action: Action)] = []

  var isReal: Bool { false }

  func prepare(_ action: Action, _ name: String) throws(PromoteError) -> Before { Before() }

  func carryOut(_ action: Action, _ before: Before, of step: any PromotionStep) throws(PromoteError) -> Outcome {
    shown.append((step.name, action))
    return Outcome(.told)
  }

  func undo(_ action: Action, _ before: Before, of step: any PromotionStep) throws(PromoteError) -> Outcome {
    Outcome(.told)
  }
}
