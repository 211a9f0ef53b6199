public import HotsyncSystem

/// The person at the console.
public protocol Operator: Sendable {
  /// Whether anybody is there to be asked.
  var canBeAsked: Bool { get }

  /// Shows lines.
  func tell(_ text: String)

  /// Asks, and waits for a line.
  ///
  /// - Parameter limit: gives up after so long; nil waits.
  /// - Returns: the line without blanks around it; empty where the terminal was closed or the time is over.
  func ask(_ question: String, atMost limit: Duration?) throws(PromoteError) -> String
}

/// Somebody who hears what is done, and is not to be asked.
struct Unasked: Operator {
  let person: any Operator

  var canBeAsked: Bool { false }
  func tell(_ text: String) { person.tell(text) }
  func ask(_ question: String, atMost limit: Duration?) throws(PromoteError) -> String { "" }
}

/// Nobody: of `--check`, and of a promotion without a terminal.
public struct NobodyThere: Operator {
  public init() {}
  public var canBeAsked: Bool { false }
  public func tell(_ text: String) {}
  public func ask(_ question: String, atMost limit: Duration?) throws(PromoteError) -> String { "" }
}
