public import HotsyncSystem

/// The steps of a promotion, in their order.
public enum StepName: String, Codable, Sendable, CaseIterable, Comparable {
  case announce, fence, files, packages, databases, network, services, events, checklist

  public static func < (left: StepName, right: StepName) -> Bool { left.place < right.place }

  /// From 0.
  public var place: Int { StepName.allCases.firstIndex(of: self) ?? 0 }
}

/// One step: it says what is to be done as values, and never does it while it plans. The driver writes each action down,
/// carries it out, and writes down that it is done; a rollback walks the actions backwards.
public protocol PromotionStep: Sendable {
  var name: StepName { get }
  /// What it does, in one sentence without its end: "exchange the data folders with the mirror's".
  var summary: String { get }

  /// Asks the operator what only he can decide, before the plan is made. The answers are kept in the journal, and not asked
  /// for again after an interruption. Never called by `--check`.
  func decide(_ world: PromotionWorld, _ person: any Operator) throws(PromoteError) -> [String: String]

  /// The very actions, in order, for the machine as it is now. Looks, and changes nothing. The plan is kept in the journal:
  /// after an interruption the same plan goes on.
  ///
  /// - Parameter decisions: of `decide`; empty for `--check`.
  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan

  /// Carries out work of its own. It may have been done before, in part or whole.
  ///
  /// - Returns: what is to be told of it; empty for nothing.
  func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String

  /// Takes its own work back. It may have been done in part, or been taken back already.
  func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError)
}

extension PromotionStep {
  public func decide(_ world: PromotionWorld, _ person: any Operator) throws(PromoteError) -> [String: String] { [:] }

  public func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    throw .unknownWork(work, name)
  }

  public func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    throw .unknownWork(work, name)
  }
}

/// What a step is about to do.
public struct StepPlan: Codable, Hashable, Sendable {
  public var actions: [Action]
  public var estimatedSeconds: Int
  /// What the operator should know before it is done.
  public var notes: [String]

  public init(actions: [Action] = [], estimatedSeconds: Int = 0, notes: [String] = []) {
    self.actions = actions
    self.estimatedSeconds = estimatedSeconds
    self.notes = notes
  }
}

extension PromoteError {
  static func unknownWork(_ work: OwnWork, _ step: StepName) -> PromoteError {
    PromoteError(
      .bug, "cannot carry out", "\"\(work.name)\" of the step \(step.rawValue)", cause: "the step does not know it",
      next: "report this with the journal of the promotion")
  }
}
