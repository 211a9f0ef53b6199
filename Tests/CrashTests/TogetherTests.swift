import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// Two at once: the second waits for nobody and disturbs nobody.
@Suite struct TogetherTests {
  @Test("a second hotsync ends at once with 75, and the first goes on")
  func twoMasters() throws {
    let pair = try Pair()
    for number in 0..<20 { try pair.scratch.write([UInt8(number)], to: "master/srv/data/file-\(number)") }
    let first = try pair.start(["HOTSYNC_STOP_AT": "push:3"])
    #expect(try first.wait { isStopped(first.processID) })
    let second = try pair.sync()
    #expect(second.exitCode == 75 && hasThreeParts(second.run.errorText), "\(second.run)")
    #expect(second.run.elapsed < .seconds(5))
    kill(first.processID, SIGCONT)
    #expect(Cycle(try first.wait()).exitCode == 0)
    #expect(try pair.differences() == [])
  }

  @Test("a second agent is told that a cycle is under way, and the first goes on")
  func twoAgents() throws {
    let pair = try Pair()
    for number in 0..<20 { try pair.scratch.write([UInt8(number)], to: "master/srv/data/file-\(number)") }
    let first = try pair.start(["HOTSYNC_AGENT_STOP_AT": "stage:3"])
    var agent: Int32 = 0
    #expect(
      try first.wait {
        agent = pair.agent() ?? 0
        return isStopped(agent)
      })
    do {
      try Pair.open(root: pair.slave)
      Issue.record("the second agent took a cycle")
    } catch let error as any HotsyncError { #expect(error.kind == .busy, "\(error)") }
    kill(agent, SIGCONT)
    #expect(Cycle(try first.wait()).exitCode == 0)
    #expect(try pair.differences() == [])
  }

  @Test("what a restore reads stays while commits go on, and is the generation that it began with")
  func readsDuringCommits() throws {
    let seed = SeededGenerator.testSeed()
    let pair = try Pair()
    var changes = try MixedChanges(root: pair.data, seed: seed)
    try pair.syncWell("committed")
    for round in 0..<(KillSweepTests.isFull ? 40 : 6) {
      let before = try pair.masterTree()
      try changes.apply()
      let after = try pair.masterTree()
      let target = pair.scratch.path("restored-\(round)")
      let restore = try RunningProgram("hotsync-slave", ["restore", "--root", pair.slave, "--to", target, "--json"])
      usleep(UInt32(round) * 15_000)
      let cycle = try pair.sync()
      let result = try restore.wait()
      #expect(cycle.exitCode == 0, "\(cycle.run)")
      #expect(result.exitCode == 0, "\(result)")
      let restored = try TreeSnapshot(of: "\(target)/srv/data")
      let (toOld, toNew) = (before.differences(to: restored), after.differences(to: restored))
      #expect(toOld == [] || toNew == [], "round \(round), seed \(seed)")
      #expect(try pair.differences() == [])
    }
  }
}
