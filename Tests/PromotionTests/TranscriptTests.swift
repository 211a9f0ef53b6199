import HotsyncSystem
import TestSupport
import Testing

/// What a person at the terminal sees and types, kept as files that the manual quotes. `HOTSYNC_WRITE_TRANSCRIPTS=1` writes them
/// anew.
@Suite struct TranscriptTests {
  private static let prompt = "Type the master's host name to go on:"
  private static let words = ["--accept", "maintenance", "--allow-stale"]

  private func terminal(_ stage: Stage, _ words: [String], environment: [String: String] = [:]) throws -> PseudoTerminal
  {
    try PseudoTerminal("hotsync-promote", words + ["--root", stage.slave.path], environment: environment)
  }

  /// The transcript without what differs from run to run.
  private func settled(_ terminal: PseudoTerminal, _ stage: Stage) -> String {
    var text = terminal.transcript.split(separator: stage.slave.path, omittingEmptySubsequences: false)
      .joined(separator: "ROOT")
    text = text.replacing(#/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#, with: "TIME")
    text = text.replacing(#/\[\d+ s\]/#, with: "[N s]")
    text = text.replacing(#/TIME, \d+ s/#, with: "TIME, N s")
    text = text.replacing(#/copy is \d+ (s|min) old/#, with: "copy is N s old")
    text = text.replacing(#/this machine is \S+, the/#, with: "this machine is HOST, the")
    return text
  }

  private func expectTranscript(
    _ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let path = "Tests/PromotionTests/Transcripts/\(name).txt"
    if Environment.value("HOTSYNC_WRITE_TRANSCRIPTS") == "1" {
      let file = try Descriptor.open(repositoryPath(path), [.writing, .creating, .truncating], permissions: 0o644)
      return try file.write(Array(text.utf8))
    }
    let golden = try Descriptor.open(repositoryPath(path)).readAll(limit: 1 << 20) ?? []
    #expect(text == String(decoding: golden, as: UTF8.self), sourceLocation: sourceLocation)
  }

  private func repositoryPath(_ path: String) -> String {
    let own = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(own)/\(path)"
  }

  @Test("the happy way at a terminal asks for the host name once, and tells what it does")
  func happyWay() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    let terminal = try terminal(stage, TranscriptTests.words)
    try terminal.expect(TranscriptTests.prompt)
    try terminal.type(Stage.master)
    #expect(try terminal.end() == .exited(3), "\(terminal.transcript)")
    try expectTranscript("happy-way", settled(terminal, stage))
  }

  @Test("a wrong host name, and an empty one, change nothing", arguments: ["wrong", ""])
  func wrongName(_ name: String) throws {
    let stage = try Stage(copyOf: try Stage.pair())
    let before = try stage.slave.snapshot()
    let terminal = try terminal(stage, TranscriptTests.words)
    try terminal.expect(TranscriptTests.prompt)
    try terminal.type(name)
    #expect(try terminal.end() == .exited(77), "\(terminal.transcript)")
    #expect(before.differences(to: try stage.slave.snapshot()) == [])
    try expectTranscript(name.isEmpty ? "no-name" : "wrong-name", settled(terminal, stage))
  }

  @Test(
    "an interrupted promotion says where it stands, and goes on or goes back as it is told",
    arguments: ["continue", "back"])
  func interrupted(_ answer: String) throws {
    let stage = try Stage(copyOf: try Stage.pair())
    _ = try stage.promote(Stage.unasked, environment: ["HOTSYNC_KILL_AT": "promote:30"])
    let terminal = try terminal(stage, TranscriptTests.words)
    try terminal.expect("Type continue to go on, or back to take it back:")
    try terminal.type(answer)
    #expect(try terminal.end() == .exited(answer == "back" ? 0 : 3), "\(terminal.transcript)")
    try expectTranscript("interrupted-\(answer)", settled(terminal, stage))
  }

  @Test("a guard that fails is told with its next step before anything is asked")
  func guardFails() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    let terminal = try terminal(stage, ["--allow-stale"])
    #expect(try terminal.end() == .exited(77), "\(terminal.transcript)")
    try expectTranscript("guard-fails", settled(terminal, stage))
  }

  @Test("a terminal that is closed while it asks leaves all as it was")
  func closed() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    let before = try stage.slave.snapshot()
    let terminal = try terminal(stage, TranscriptTests.words)
    try terminal.expect(TranscriptTests.prompt)
    terminal.hangUp()
    #expect(try terminal.end() == .killed(signal: 1))
    #expect(before.differences(to: try stage.slave.snapshot()) == [])
  }

  @Test("rollback and commit ask once, and do nothing for any other word than yes")
  func asksOnce() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    #expect(try stage.promote(Stage.unasked).exitCode == 3)
    for words in [["--rollback"], ["--commit"]] {
      let terminal = try terminal(stage, words)
      try terminal.expect("Type yes to go on:")
      try terminal.type("y")
      #expect(try terminal.end() == .exited(77), "\(terminal.transcript)")
    }
    let terminal = try terminal(stage, ["--rollback"])
    try terminal.expect("Type yes to go on:")
    try terminal.type("yes")
    #expect(try terminal.end() == .exited(0), "\(terminal.transcript)")
    try expectTranscript("rollback", settled(terminal, stage))
  }
}
