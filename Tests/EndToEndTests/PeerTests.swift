import HotsyncSystem
import TestSupport
import Testing

/// What answers is no slave, another version, or none that goes on: the documented code in three parts, and soon.
@Suite struct PeerTests {
  @Test("an answer that is none ends the cycle with its code", arguments: PeerAnswer.all)
  func endsCycle(_ answer: PeerAnswer) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try scripted.answer(answer.bytes, then: answer.lines)
    let result = try pair.hotsync("sync", "--no-retry")
    let expected = pair.line == nil ? nil : answer.overSSH
    let code = expected?.code ?? answer.code
    expectThreeParts(result, code: code, expected?.words ?? answer.words)
    #expect(!result.errorText.unicodeScalars.contains("\u{1B}"), "an escape of the peer's reaches the terminal")
    #expect(result.elapsed < .seconds(30))
    let dry = try pair.hotsync("sync", "--dry-run")
    #expect(dry.exitCode == code || code == 65 || code == 69, "\(dry)")
  }

  @Test("silence is given up after timeouts.silence, before the greeting and after it", arguments: [false, true])
  func silence(_ greets: Bool) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try pair.set(ofConnection: "timeouts.silence", "5s")
    try pair.set(ofConnection: "timeouts.connect", "5s")
    try scripted.answer(greets ? PeerAnswer.greeting : [], then: "exec sleep 300")
    let result = try pair.hotsync("sync", "--no-retry")
    // A client that is another program's does not know when the login was over.
    expectThreeParts(
      result, code: 69, [!greets && pair.transport == .openssh ? "no answer within 5 s" : "silent for 5 s"])
    #expect(result.elapsed > .seconds(4) && result.elapsed < .seconds(20), "\(result.elapsed)")
  }

  @Test("no agent to start is an error in three parts")
  func noAgent() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try scripted.answer([])
    try Place(path: scripted.programs).setPermissions(0o644, of: "hotsync-slave")
    let result = try pair.hotsync("sync")
    if pair.line == nil {
      expectThreeParts(result, code: 1, ["cannot start the slave's agent", "hotsync-slave"])
    } else {
      expectThreeParts(result, code: 76, ["cannot start the agent", "hotsync-slave"])
    }
  }

  @Test("after every bad answer the true slave takes the next cycle")
  func recovers() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try Pair.shell("cp \"$0/hotsync-slave\" \"$0/true-slave\"", scripted.programs)
    for answer in PeerAnswer.all.suffix(5) {
      try scripted.answer(answer.bytes, then: answer.lines)
      #expect(try pair.hotsync("sync", "--no-retry").exitCode == answer.code)
    }
    try Pair.shell("mv \"$0/true-slave\" \"$0/hotsync-slave\"", scripted.programs)
    #expect(try pair.sync().result == "committed")
    #expect(try pair.differences() == [])
  }
}
