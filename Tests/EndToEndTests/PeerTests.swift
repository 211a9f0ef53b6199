import HotsyncSystem
import TestSupport
import Testing

/// What answers is no slave, another version, or none that goes on: the documented code in three parts, and soon.
@Suite struct PeerTests {
  struct Answer: CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let lines: String
    let code: Int32
    let words: [String]

    init(_ name: String, _ bytes: [UInt8], _ lines: String = "cat > /dev/null", _ code: Int32, _ words: String...) {
      testDescription = name
      self.bytes = bytes
      self.lines = lines
      self.code = code
      self.words = words
    }
  }

  private static let greeting = SlaveWords.preamble + SlaveWords.welcome()

  static let answers = [
    Answer("noise before the banner", Array("Welcome to Debian!\n".utf8), 76, "Welcome to Debian!", "print nothing"),
    Answer("noise with escapes", [0x1B, 0x5B, 0x32, 0x4A] + Array("hello".utf8), 76, "how hotsync begins"),
    Answer("another version of the stream", Array("HOTSYNC2".utf8), 76, "HOTSYNC2"),
    Answer("a welcome in a version that was not offered", SlaveWords.preamble + SlaveWords.welcome(version: 9), 76, "version"),
    Answer(
      "the refusal of a slave of another version",
      SlaveWords.preamble
        + SlaveWords.refusal("incompatible", ["cannot talk to", "hotsync 0.1.0", "it speaks 5 to 7", "install"]), 76,
      "it speaks 5 to 7"),
    Answer(
      "a refusal with escapes in it",
      SlaveWords.preamble + SlaveWords.refusal("refused", ["cannot serve", "you", "no\u{1B}[2J\nfake: line", "go"]), 77,
      "cause: no"),
    Answer(
      "a refusal of an unknown kind",
      SlaveWords.preamble + SlaveWords.refusal("terrible", ["cannot", "a", "b", "c"]), 76, "kind"),
    Answer("a frame beyond the limit", SlaveWords.preamble + [0xFF, 0xFF, 0xFF, 0x7F, 65], 76, "2147483647 bytes"),
    Answer("a frame of no length", SlaveWords.preamble + [0, 0, 0, 0], 76, "0 bytes"),
    Answer("an unknown message", SlaveWords.preamble + SlaveWords.frame(99, []), 76, "99"),
    Answer("a message out of order", SlaveWords.preamble + SlaveWords.frame(77, []), 76, "no greeting"),
    Answer("a welcome with a byte too many", SlaveWords.preamble + SlaveWords.frame(65, [1, 2, 3]), 76, "message 65"),
    Answer("a welcome cut in the middle", Array(greeting.dropLast(40)), "exit 0", 69, "inside a message"),
    Answer("half a preamble", Array("HOTS".utf8), "exit 0", 69, "inside a message"),
    Answer("a higher epoch: the slave was promoted", SlaveWords.preamble + SlaveWords.welcome(epoch: 2), 77, "was promoted"),
    Answer("nothing, and its end", [], "exit 0", 69, "closed the line"),
    Answer("its end with a word on standard error", [], "echo no libfoo.so here >&2; exit 127", 69, "no libfoo.so here"),
    Answer("its end by a signal", [], "kill -KILL $$", 69, "signal 9"),
    Answer("a welcome and its end", greeting, "exit 0", 69, "lost the connection"),
    Answer("a welcome and a signal", greeting, "kill -KILL $$", 69, "lost the connection"),
    Answer("a welcome and noise", greeting + Array("noise".utf8), 65, "bytes"),
    Answer("a welcome and a commit out of the blue", greeting + SlaveWords.frame(75, [1, 0, 0]), 65, "message 75"),
    Answer("a welcome twice", greeting + SlaveWords.welcome(), 65, "message 65"),
  ]

  @Test("an answer that is none ends the cycle with its code", arguments: answers)
  func answers(_ answer: Answer) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try scripted.answer(answer.bytes, then: answer.lines)
    let result = try pair.hotsync("sync")
    expectThreeParts(result, code: answer.code, answer.words)
    #expect(!result.errorText.unicodeScalars.contains("\u{1B}"), "an escape of the peer's reaches the terminal")
    #expect(result.elapsed < .seconds(30))
    let dry = try pair.hotsync("sync", "--dry-run")
    #expect(dry.exitCode == answer.code || answer.code == 65 || answer.code == 69, "\(dry)")
  }

  @Test("silence is given up after timeouts.silence, before the greeting and after it", arguments: [false, true])
  func silence(_ greets: Bool) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try pair.set(ofConnection: "timeouts.silence", "5s")
    try scripted.answer(greets ? PeerTests.greeting : [], then: "exec sleep 300")
    let result = try pair.hotsync("sync")
    expectThreeParts(result, code: 69, ["silent for 5 s"])
    #expect(result.elapsed > .seconds(4) && result.elapsed < .seconds(20), "\(result.elapsed)")
  }

  @Test("no agent to start is an error in three parts")
  func noAgent() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try scripted.answer([])
    try Place(path: scripted.programs).setPermissions(0o644, of: "hotsync-slave")
    let result = try pair.hotsync("sync")
    expectThreeParts(result, code: 1, ["cannot start the slave's agent", "hotsync-slave"])
  }

  @Test("after every bad answer the true slave takes the next cycle")
  func recovers() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try Pair.shell("cp \"$0/hotsync-slave\" \"$0/true-slave\"", scripted.programs)
    for answer in PeerTests.answers.suffix(5) {
      try scripted.answer(answer.bytes, then: answer.lines)
      #expect(try pair.hotsync("sync").exitCode == answer.code)
    }
    try Pair.shell("mv \"$0/true-slave\" \"$0/hotsync-slave\"", scripted.programs)
    #expect(try pair.sync().result == "committed")
    #expect(try pair.differences() == [])
  }
}
