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
    let before = try storeSnapshot()
    let result = try start("hotsync", ["sync"] + arguments, root: master, environment: environment).wait()
    expectThreeParts(result, code: code, words, sourceLocation: sourceLocation)
    let changed = before.differences(to: try storeSnapshot(), .all.subtracting(.root))
    #expect(changed == [], sourceLocation: sourceLocation)
  }
}

/// An error on the terminal: what could not be done to what; why; what to type next.
func expectThreeParts(
  _ result: RunningProgram.Result, code: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  let flaws = result.flaws(code: code, words)
  #expect(flaws == [], "\(result)", sourceLocation: sourceLocation)
}
