/// What must hold before a promotion begins, in the order in which they are shown.
public enum GuardName: String, Sendable, CaseIterable {
  case role, console, maintenance, generation, fresh
  case masterOff = "master-off"
  case epoch, space, databases, network, history, packages, clock

  /// These no word of the operator's gets past.
  public var canBeAccepted: Bool { self != .role && self != .masterOff && self != .epoch }
}

/// What a guard says.
public struct GuardResult: Sendable, Equatable {
  public enum State: String, Sendable {
    case pass, warn, fail
  }

  public let name: GuardName
  public internal(set) var state: State
  /// One sentence.
  public internal(set) var message: String
  /// What to type or do; nil where it passes.
  public let nextStep: String?

  init(_ name: GuardName, _ state: State, _ message: String, next: String? = nil) {
    self.name = name
    self.state = state
    self.message = message
    nextStep = next
  }

  static func pass(_ name: GuardName, _ message: String) -> GuardResult { GuardResult(name, .pass, message) }
  static func warn(_ name: GuardName, _ message: String, next: String) -> GuardResult {
    GuardResult(name, .warn, message, next: next)
  }
  static func fail(_ name: GuardName, _ message: String, next: String) -> GuardResult {
    GuardResult(name, .fail, message, next: next)
  }
}
