import HotsyncSystem
import TestSupport
import Testing

/// Killed anywhere, a promotion can be continued to the same end, and be taken back to what was there before.
@Suite struct InterruptionTests {
  /// - Returns: false where the promotion came to its end before it was to be killed.
  private func kill(_ stage: Stage, _ words: [String], atPass pass: Int) throws -> Bool {
    let result = try stage.promote(words, environment: ["HOTSYNC_KILL_AT": "promote:\(pass)"])
    if result.ending == .killed(signal: ChildProcess.killNow) { return true }
    #expect(result.exitCode == 3, "\(result)")
    return false
  }

  @Test("killed at every boundary, a promotion goes on to the same end", arguments: ["copy", "exchange"])
  func goesOn(_ way: String) throws {
    let words = Stage.unasked + ["--files", way]
    let pair = try Stage.pair()
    let undisturbed = try Stage(copyOf: pair)
    #expect(try undisturbed.promote(words).exitCode == 3)
    let end = try undisturbed.snapshot()
    var pass = 1
    while true {
      let stage = try Stage(copyOf: pair)
      guard try kill(stage, words, atPass: pass) else { break }
      let result = try stage.promote(words)
      // At the last one it had come to its end, and cannot be promoted again.
      let isAtEnd = result.exitCode == 77 && result.errorText.contains("promoted already")
      #expect(result.exitCode == 3 || isAtEnd, "pass \(pass): \(result)")
      let differences = end.differences(to: try stage.snapshot(), Stage.aspects)
      #expect(differences == [], "pass \(pass)")
      pass += 1
    }
    #expect(pass > 30)
  }

  @Test("killed at every boundary and taken back, all is as before but for the epoch", arguments: ["copy", "exchange"])
  func goesBack(_ way: String) throws {
    let words = Stage.unasked + ["--files", way]
    let pair = try Stage.pair()
    let before = try Stage(copyOf: pair).snapshot()
    var pass = 1
    var isAtEnd = false
    while !isAtEnd {
      let stage = try Stage(copyOf: pair)
      isAtEnd = try !kill(stage, words, atPass: pass)
      let result = try stage.promote(["--rollback", "--yes"])
      // Before the journal was begun there is nothing to be taken back.
      let hasBegun = try stage.slave.holds("var/lib/hotsync-state/standby/promotion/1/journal")
      #expect(result.exitCode == (hasBegun ? 0 : 77), "pass \(pass): \(result)")
      let differences = before.differences(to: try stage.snapshot(), Stage.aspects)
      #expect(differences == [], "pass \(pass): \(result)")
      pass += 1
    }
    #expect(pass > 30)
  }

  @Test("killed at any moment, a promotion goes on to the same end")
  func anyMoment() throws {
    let seed = SeededGenerator.testSeed()
    var random = SeededGenerator(seed: seed)
    let words = Stage.unasked + ["--files", "exchange"]
    let pair = try Stage.pair()
    let undisturbed = try Stage(copyOf: pair)
    let result = try undisturbed.promote(words)
    #expect(result.exitCode == 3)
    let length = max(2_000, Int(result.elapsed / .microseconds(1)))
    let end = try undisturbed.snapshot()
    for round in 0..<50 {
      let stage = try Stage(copyOf: pair)
      let program = try stage.start(words)
      Worker.pause(.microseconds(Int.random(in: 0..<length, using: &random)))
      program.kill()
      _ = try program.wait()
      let result = try stage.promote(words)
      // Where it had come to its end, it cannot be promoted again.
      #expect([3, 77].contains(result.exitCode), "seed \(seed), round \(round): \(result)")
      let differences = end.differences(to: try stage.snapshot(), Stage.aspects)
      #expect(differences == [], "seed \(seed), round \(round)")
    }
  }
}
