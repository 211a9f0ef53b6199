import HotsyncSystem
import TestSupport
import Testing

/// Everything that a promotion refuses: with its code, in three parts, and nothing changed.
@Suite struct RefusalTests {
  private func expectRefusal(
    _ stage: Stage, _ words: [String], code: Int32 = 77, says: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try stage.slave.snapshot()
    let result = try stage.promote(words)
    #expect(result.flaws(code: code, says) == [], "\(result)", sourceLocation: sourceLocation)
    let changed = before.differences(to: try stage.slave.snapshot())
    #expect(changed == [], "\(words)", sourceLocation: sourceLocation)
  }

  @Test("without the master's very host name nothing begins")
  func wrongName() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    try expectRefusal(
      stage, ["--non-interactive", "--confirm-master-off", "other", "--accept", "maintenance", "--allow-stale"],
      says: ["master-off", "old-master"])
    try expectRefusal(stage, ["--accept", "maintenance", "--allow-stale"], says: ["console"])
  }

  @Test("a slave without maintenance is not promoted unless that is accepted")
  func noMaintenance() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    try expectRefusal(
      stage, ["--non-interactive", "--confirm-master-off", Stage.master, "--allow-stale"], says: ["maintenance"])
  }

  @Test("an old copy is not promoted unless that is allowed")
  func stale() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    try stage.slave.write("2 1000000000\n", to: "var/lib/hotsync/standby/contact")
    let settings = try RunningProgram.run(
      "hotsync-slave", ["config", "set", "promote.max_age", "1m", "--root", stage.slave.path])
    #expect(settings.exitCode == 0, "\(settings)")
    let check = try stage.promote(["--check", "--json"])
    #expect(check.outputText.contains("\"fresh\""), "\(check)")
  }

  @Test("a machine that is the master is not promoted")
  func master() throws {
    let pair = try Stage.pair()
    let result = try RunningProgram.run("hotsync-promote", Stage.unasked + ["--root", pair.master.path])
    #expect(result.flaws(code: 77, ["role"]) == [], "\(result)")
  }

  @Test("a store without a generation is not promoted")
  func noGeneration() throws {
    let pair = try Pair(transport: .local)
    let result = try RunningProgram.run("hotsync-promote", Stage.unasked + ["--root", pair.slave.path])
    #expect(result.flaws(code: 77, ["generation"]) == [], "\(result)")
  }

  @Test("a generation that is not there, and a damaged one, are not promoted")
  func badGeneration() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    try expectRefusal(stage, Stage.unasked + ["--generation", "17"], says: ["generation"])
    let path = "var/lib/hotsync/standby/mirror/files/srv/data/number.txt"
    try stage.slave.write("damaged here\n", to: path)
    let verify = try RunningProgram.run("hotsync-slave", ["verify", "--full", "--root", stage.slave.path])
    #expect(verify.exitCode == 65, "\(verify)")
    try expectRefusal(stage, Stage.unasked, says: ["damaged"])
  }

  @Test("guards that cannot be accepted, and words that are none, are wrong usage")
  func usage() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    for words in [
      ["--accept", "role"], ["--accept", "master-off"], ["--accept", "epoch"], ["--accept", "nothing"],
      ["--check", "--rollback"], ["--non-interactive"], ["--planned"], ["--network", "none"],
    ] {
      #expect(try stage.promote(words).exitCode == 64, "\(words)")
    }
  }

  @Test("a second promotion at once is told to wait, and a second one after the first is refused")
  func twice() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    let first = try stage.start(Stage.unasked, environment: ["HOTSYNC_STOP_AT": "promote:20"])
    #expect(try first.wait(until: { try Pair.isStopped(first.processID) }))
    let second = try stage.promote(Stage.unasked)
    #expect(second.flaws(code: 75, ["another"]) == [], "\(second)")
    first.kill(18)
    #expect(try first.wait().exitCode == 3)
    let third = try stage.promote(Stage.unasked)
    #expect(third.flaws(code: 77, ["role"]) == [], "\(third)")
  }

  @Test("a journal with a flipped byte is damaged, and nothing is done by it")
  func flipped() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    _ = try stage.promote(Stage.unasked, environment: ["HOTSYNC_KILL_AT": "promote:25"])
    let path = "var/lib/hotsync-state/standby/promotion/1/journal"
    var bytes = Array(try stage.slave.read(path).utf8)
    bytes[bytes.count / 2] ^= 1
    try stage.slave.write(bytes, to: path, permissions: 0o600)
    try expectRefusal(stage, Stage.unasked, code: 65, says: ["journal"])
    try expectRefusal(stage, ["--rollback", "--yes"], code: 65, says: ["journal"])
  }

  @Test("a rolled back promotion can be begun again")
  func again() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    #expect(try stage.promote(Stage.unasked).exitCode == 3)
    #expect(try stage.promote(["--rollback", "--yes"]).exitCode == 0)
    let result = try stage.promote(Stage.unasked)
    #expect(result.exitCode == 3, "\(result)")
    #expect(try stage.slave.read("var/lib/hotsync-state/epoch").hasPrefix("3 "))
  }
}
