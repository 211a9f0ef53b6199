import HotsyncSystem
import TestSupport
import Testing

/// What the master remembers, and what happens where it remembers nothing or something else.
@Suite struct StateTests {
  private func pairWithContent() throws -> Pair {
    let pair = try Pair()
    var random = SeededGenerator(seed: 5)
    for number in 0..<4 { try pair.data.write(random.bytes(1 << 20), to: "large\(number)") }
    let cycle = try pair.sync()
    guard cycle.code == 0 else { throw SupportError("\(cycle)") }
    return pair
  }

  @Test("a master that lost its state is refused with 77; --adopt goes on, and no content is sent again")
  func adopt() throws {
    let pair = try pairWithContent()
    try pair.master.remove("var/lib/hotsync-state")
    try pair.expectRefusal(77, "remembers no cycle", "generation 1", "hotsync sync --adopt")
    let cycle = try pair.sync("--adopt")
    #expect(cycle.code == 0 && cycle.bytes("literal") == 0 && cycle.wire < 20_000, "\(cycle)")
    #expect(try pair.differences() == [])
    let next = try pair.sync()
    #expect(next.result == "unchanged" && next.wire < 1_024, "\(next)")
  }

  @Test("a master whose record was altered remembers nothing rather than something wrong")
  func alteredRecord() throws {
    let pair = try pairWithContent()
    let record = try pair.master.open("var/lib/hotsync-state/standby/record")
    try record.write([0xFF, 0xFF], at: 300)
    try pair.expectRefusal(77, "hotsync sync --adopt")
    #expect(try pair.sync("--adopt").code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a master that lost its copy of the catalog has the slave send it, and no content is sent again")
  func lostCatalog() throws {
    let pair = try pairWithContent()
    try Pair.shell("rm \"$0\"/*", pair.master.below("var/lib/hotsync-state/standby/catalog").path)
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.bytes("literal") == 0 && cycle.wire < 20_000, "\(cycle)")
    #expect(try pair.sync().wire < 1_024)
  }

  @Test("a new store in the place of the old one is refused until the operator means it, and then gets everything")
  func newStore() throws {
    let pair = try pairWithContent()
    try pair.slave.remove("var/lib/hotsync")
    #expect(try pair.hotsyncSlave("apply").exitCode == 0)
    let refused = try pair.sync()
    #expect(refused.code == 77 && refused.wire < 1_024, "\(refused)")
    let cycle = try pair.sync("--adopt")
    #expect(cycle.code == 0 && cycle.generation == 1 && cycle.wire > 4 << 20, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a store with another master's generations in it is not overwritten by surprise")
  func otherMastersStore() throws {
    let pair = try pairWithContent()
    let other = try pairWithContent()
    try pair.turn(to: other)
    let before = try other.storeSnapshot()
    expectThreeParts(try pair.hotsync("sync"), code: 77, ["another store", "--adopt"])
    #expect(before.differences(to: try other.storeSnapshot()) == [])
  }

  @Test("an edit that keeps size and time is found by its time of change, without --full")
  func keptTime() throws {
    let pair = try pairWithContent()
    let file = try pair.data.open("large1")
    let modified = try file.status().modified
    try file.write(Array("altered".utf8), at: 500_000)
    try file.setModified(modified)
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.files("changed") == 1, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("--full reads everything again and changes nothing where nothing changed")
  func full() throws {
    let pair = try pairWithContent()
    let before = try pair.storeSnapshot()
    let cycle = try pair.sync("--full")
    #expect(cycle.code == 0 && cycle.result == "unchanged" && cycle.bytes("literal") == 0, "\(cycle)")
    #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
  }

  @Test("a cycle that was killed while it pushed goes on from what is staged")
  func resumes() throws {
    let pair = try Pair()
    var random = SeededGenerator(seed: 6)
    try pair.data.write(random.bytes(12 << 20), to: "large")
    let point = "push-large:\(wholeChunks(in: 8 << 20))"
    let killed = try pair.start("sync", environment: ["HOTSYNC_KILL_AT": point]).wait()
    #expect(killed.ending == .killed(signal: 9), "\(killed)")
    let cycle = try pair.sync()
    // A client within the process takes with it what it had not sent yet.
    #expect(cycle.code == 0 && cycle.wire < (pair.transport == .ssh ? 11 : 8) << 20, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test(
    "a cycle killed around the commit leaves the old or the new generation, and the next one succeeds",
    arguments: ["before-commit:1", "after-commit:1", "scan:2"])
  func killed(_ point: String) throws {
    let pair = try pairWithContent()
    try pair.data.write("changed", to: "first.txt")
    let killed = try pair.start("sync", environment: ["HOTSYNC_KILL_AT": point]).wait()
    #expect(killed.ending == .killed(signal: 9), "\(killed)")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.generation == 2, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test(
    "a slave killed at any moment of a cycle leaves the old or the new generation, and the next one succeeds",
    arguments: [
      "stage:2", "seal:1", "flush:1", "commit:1", "journal:1", "carry-out:1", "carry-out:3", "committed:1", "list:1",
      "listed:1", "tidy:1",
    ])
  func killedSlave(_ point: String) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    for number in 0..<6 { try pair.data.write("content \(number)", to: "file\(number)") }
    #expect(try pair.sync().code == 0)
    let old = try pair.data.snapshot()
    for number in 0..<3 { try pair.data.write("changed \(number)", to: "file\(number)") }
    try pair.data.remove("file4")
    try pair.data.rename("file5", to: "renamed")
    try scripted.killSlave(at: point)
    let killed = try pair.sync("--no-retry")
    #expect(killed.code == 69 && killed.result == "failed", "\(killed)")
    // What a reader gets now is one of the two, whole.
    let target = pair.scratch.path("target")
    let restored = try pair.hotsyncSlave("restore", "--to", target)
    #expect(restored.exitCode == 0, "\(restored)")
    let got = try TreeSnapshot(of: "\(target)/srv/data")
    let differences = (old.differences(to: got), try pair.data.snapshot().differences(to: got))
    #expect(differences.0 == [] || differences.1 == [], "\(differences)")
    let next = try pair.sync()
    #expect(next.code == 0 && next.generation == 2, "\(next)")
    #expect(try pair.differences() == [])
  }
}
