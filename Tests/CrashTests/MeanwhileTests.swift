import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// Readers, prunes and cycles at the same time: nobody waits for a reader, and nobody takes away what is read.
@Suite struct MeanwhileTests {
  private let seed = SeededGenerator.testSeed()
  private let pair: Pair
  private var changes: MixedChanges
  private var copies: [UInt64: TreeSnapshot] = [:]

  /// A pair with three generations, and a schedule that keeps none but the newest.
  init() throws {
    pair = try Pair()
    try Descriptor.open("\(pair.slave)/etc/hotsync/hotsync.yaml", [.writing, .truncating]).write(
      """
      role: slave
      history: {schedule: 1s/1s, keep_within: 0s}
      connections:
        standby: {max_delete: 90%}

      """.utf8)
    changes = try MixedChanges(root: pair.data, seed: seed)
    for number in 1...3 as ClosedRange<UInt64> { try commit(number) }
  }

  @discardableResult
  private mutating func commit(_ number: UInt64) throws -> Cycle {
    if number > 1 { try changes.apply() }
    let cycle = try pair.syncWell("committed", "generation \(number), seed \(seed)")
    copies[number] = try pair.masterTree()
    return cycle
  }

  private func prune(_ environment: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram(
      "hotsync-slave", ["prune", "--accept", "--json", "--root", pair.slave], environment: environment)
  }

  private func restore(_ generation: UInt64, _ environment: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram(
      "hotsync-slave",
      [
        "restore", "--generation", "\(generation)", "--to", pair.scratch.path("out-\(generation)"), "--root",
        pair.slave,
      ], environment: environment)
  }

  private func differences(_ generation: UInt64) throws -> [String] {
    try #require(copies[generation]).differences(to: TreeSnapshot(of: pair.scratch.path("out-\(generation)/srv/data")))
  }

  private func listed() throws -> [UInt64] {
    let result = try RunningProgram.run("hotsync-slave", ["generations", "--json", "--root", pair.slave])
    return try Document(result.outputText)["generations"].items.compactMap { $0["generation"].integer.map(UInt64.init) }
      .sorted()
  }

  @Test("a cycle begins only once a reader that rolled the last one forward has removed what that left")
  mutating func tidyingReader() throws {
    try changes.apply()
    _ = try pair.sync(["HOTSYNC_AGENT_KILL_AT": "committed:1"])
    let reader = try RunningProgram(
      "hotsync-slave", ["verify", "--root", pair.slave], environment: ["HOTSYNC_STOP_AT": "tidy:1"])
    #expect(try reader.wait { isStopped(reader.processID) })
    try changes.apply()
    let cycle = try pair.start()
    #expect(try !cycle.wait(until: { !cycle.outputSoFar().isEmpty }, limit: .seconds(2)))
    reader.kill(SIGCONT)
    #expect(try reader.wait().exitCode == 0)
    #expect(try Cycle(cycle.wait()).result == "committed", "seed \(seed)")
    #expect(try pair.differences() == [], "seed \(seed)")
    #expect(try RunningProgram.run("hotsync-slave", ["verify", "--full", "--root", pair.slave]).exitCode == 0)
  }

  @Test("cycles and prunes do not wait for a restore that stands still, and it brings its generation when it goes on")
  mutating func stoppedRestore() throws {
    let reader = try restore(2, ["HOTSYNC_STOP_AT": "read:9"])
    #expect(try reader.wait { isStopped(reader.processID) })
    // What is of another second than the newest goes.
    usleep(1_100_000)
    for number in 4...6 as ClosedRange<UInt64> {
      #expect(try commit(number).run.elapsed < .seconds(20), "seed \(seed)")
      let result = try prune().wait()
      #expect(result.exitCode == 0 && result.elapsed < .seconds(20), "\(result)")
      #expect(try listed().contains(2) && listed().last == number, "seed \(seed)")
      #expect(try !listed().contains(1), "seed \(seed)")
    }
    #expect(isStopped(reader.processID))
    reader.kill(SIGCONT)
    let result = try reader.wait()
    #expect(result.exitCode == 0, "\(result)")
    #expect(try differences(2) == [], "seed \(seed)")
    #expect(try pair.differences() == [])
    // Nobody reads it any more.
    usleep(1_100_000)
    try commit(7)
    #expect(try prune().wait().exitCode == 0)
    #expect(try listed() == [7])
  }

  @Test(
    "a restore that is stopped between two looks finds what a prune has folded meanwhile",
    arguments: [1, 4, 9, 14])
  mutating func foldedMeanwhile(_ pass: Int) throws {
    for number in 4...5 as ClosedRange<UInt64> { try commit(number) }
    let reader = try restore(1, ["HOTSYNC_STOP_AT": "look:\(pass)"])
    #expect(try reader.wait { isStopped(reader.processID) })
    usleep(1_100_000)
    try commit(6)
    #expect(try prune().wait().exitCode == 0)
    #expect(try listed() == [1, 6])
    reader.kill(SIGCONT)
    let result = try reader.wait()
    #expect(result.exitCode == 0, "\(result)")
    #expect(try differences(1) == [], "seed \(seed)")
  }

  @Test("a second prune ends at once with 75, and the first goes on")
  func twoPrunes() throws {
    let first = try prune(["HOTSYNC_STOP_AT": "unlist:1"])
    #expect(try first.wait { isStopped(first.processID) })
    let second = try prune().wait()
    #expect(second.flaws(code: 75) == [], "\(second)")
    #expect(second.elapsed < .seconds(5))
    first.kill(SIGCONT)
    #expect(try first.wait().exitCode == 0)
    #expect(try listed().last == 3)
  }

  @Test("a prune in the middle of a cycle takes nothing that the cycle builds upon", arguments: ["stage:3", "seal:1"])
  mutating func duringCycle(_ point: String) throws {
    try changes.apply()
    let tree = try pair.masterTree()
    let cycle = try pair.start(["HOTSYNC_AGENT_STOP_AT": point])
    var agent: Int32 = 0
    #expect(
      try cycle.wait {
        agent = pair.agent() ?? 0
        return agent != 0 && isStopped(agent)
      })
    let before = try listed()
    let result = try prune().wait()
    #expect(result.exitCode == 0, "\(result)")
    let kept = try listed()
    #expect(kept.count < before.count || kept == [3], "\(before), then \(kept)")
    kill(agent, SIGCONT)
    let outcome = Cycle(try cycle.wait())
    #expect(outcome.exitCode == 0, "\(outcome.run)")
    copies[4] = tree
    #expect(try listed() == kept + [4])
    for generation in try listed() {
      let restored = try restore(generation).wait()
      #expect(restored.exitCode == 0, "\(restored)")
      #expect(try differences(generation) == [], "generation \(generation), seed \(seed)")
    }
    #expect(try pair.differences() == [])
  }
}
