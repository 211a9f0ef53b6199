public import HotsyncReport
public import HotsyncSystem

/// A question to the operator at the terminal.
public struct Question {
  private let console: Console
  private static let answerLimit = 1_000

  public init(_ console: Console) { self.console = console }

  /// Whether anybody is there to be asked.
  public static var canBeAsked: Bool { Terminal.isThere(0) }

  /// Asks on standard error, where it is seen whatever becomes of the result.
  ///
  /// - Returns: the answer's line, without blanks around it; empty where the terminal was closed.
  public func ask(_ text: String) throws(SystemError) -> String {
    try StandardStream.errors.write(Array((harmlessLines(text) + " ").utf8))
    let answer = try Terminal.readLine(atMost: Question.answerLimit)
    let words = String(decoding: answer, as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == "\r" }
    return words.joined(separator: " ")
  }
}
