import HotsyncCommand
import HotsyncPromote
import HotsyncReport
import HotsyncSystem

/// The person at the terminal: told on standard error, asked at standard input.
struct TerminalOperator: Operator {
  let isQuiet: Bool

  private static let answerLimit = 1_000

  var canBeAsked: Bool { Question.canBeAsked }

  func tell(_ text: String) {
    guard !isQuiet else { return }
    // A terminal that went away is no reason to stop half-way.
    try? StandardStream.errors.write(Array((harmlessLines(text) + "\n").utf8))
  }

  func ask(_ question: String, atMost limit: Duration?) throws(PromoteError) -> String {
    do throws(SystemError) {
      try StandardStream.errors.write(Array((harmlessLines(question) + " ").utf8))
      let line: [UInt8]?
      if let limit {
        line = try Terminal.readLine(atMost: TerminalOperator.answerLimit, within: limit)
      } else {
        line = try Terminal.readLine(atMost: TerminalOperator.answerLimit)
      }
      let words = String(decoding: line ?? [], as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == "\r" }
      return words.joined(separator: " ")
    } catch {
      // A terminal that was closed gives no answer.
      return ""
    }
  }
}
