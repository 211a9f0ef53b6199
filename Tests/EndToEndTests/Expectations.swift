import HotsyncSystem
import TestSupport
import Testing

extension Pair {
  /// Runs `hotsync sync` and expects it to be refused: with that code, in three parts with these words, and the store
  /// as it was.
  func expectRefusal(
    _ code: Int32, _ words: String..., arguments: [String] = [], environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let refused = try refusal(code, words, arguments: arguments, environment: environment)
    #expect(refused.flaws == [], "\(refused.result)", sourceLocation: sourceLocation)
  }
}

/// An error on the terminal: what could not be done to what; why; what to type next.
func expectThreeParts(
  _ result: RunningProgram.Result, code: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  let flaws = result.flaws(code: code, words)
  #expect(flaws == [], "\(result)", sourceLocation: sourceLocation)
}
