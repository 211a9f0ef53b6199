import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// Where a process is killed.
struct KillPoint: Sendable, CustomTestStringConvertible {
  enum Phase: String, Sendable, CaseIterable { case scan, push, stage, journal, carryingOut }

  let name: String
  let isAgents: Bool
  let phase: Phase
  /// Whether the slave must hold the new generation after a kill there, and not the old one.
  let isCommitted: Bool

  var testDescription: String { name }

  func variables(_ pass: Int) -> [String: String] {
    [isAgents ? "HOTSYNC_AGENT_KILL_AT" : "HOTSYNC_KILL_AT": "\(name):\(pass)"]
  }

  static let all: [KillPoint] = [
    KillPoint(name: "scan", isAgents: false, phase: .scan, isCommitted: false),
    KillPoint(name: "push", isAgents: false, phase: .push, isCommitted: false),
    KillPoint(name: "push-large", isAgents: false, phase: .push, isCommitted: false),
    KillPoint(name: "stage", isAgents: true, phase: .stage, isCommitted: false),
    KillPoint(name: "seal", isAgents: true, phase: .journal, isCommitted: false),
    KillPoint(name: "flush", isAgents: true, phase: .journal, isCommitted: false),
    KillPoint(name: "before-commit", isAgents: false, phase: .journal, isCommitted: false),
    KillPoint(name: "commit", isAgents: true, phase: .journal, isCommitted: false),
    KillPoint(name: "journal", isAgents: true, phase: .journal, isCommitted: false),
    KillPoint(name: "committed", isAgents: true, phase: .carryingOut, isCommitted: true),
    KillPoint(name: "carry-out", isAgents: true, phase: .carryingOut, isCommitted: true),
    KillPoint(name: "list", isAgents: true, phase: .carryingOut, isCommitted: true),
    KillPoint(name: "listed", isAgents: true, phase: .carryingOut, isCommitted: true),
    KillPoint(name: "tidy", isAgents: true, phase: .carryingOut, isCommitted: true),
    KillPoint(name: "after-commit", isAgents: false, phase: .carryingOut, isCommitted: true),
  ]
}

@Suite struct KillSweepTests {
  /// All passes of every point with `HOTSYNC_SWEEP=all`.
  static let isFull = Environment.value("HOTSYNC_SWEEP") == "all"

  /// Which passes: all, or some that lie further and further apart.
  private static func passes() -> some Sequence<Int> {
    sequence(first: 1) { isFull ? $0 + 1 : $0 + max(1, $0 / 2) }
  }

  @Test(
    "killed at any named point, a cycle leaves the old generation or the new one, and the next one goes well",
    arguments: KillPoint.all)
  func killed(at point: KillPoint) throws {
    let ordeal = try Ordeal(seed: SeededGenerator.testSeed())
    var kills = 0
    var passes = Array(KillSweepTests.passes().prefix { $0 < 10_000 }).makeIterator()
    while let next = passes.next(), try kill(ordeal, at: point, pass: next) { kills += 1 }
    // A point that a cycle passes once or twice is worth more than one change set.
    while kills < 3, try kill(ordeal, at: point, pass: 1) { kills += 1 }
    print("kills at \(point.name) (\(point.phase.rawValue)): \(kills)")
    #expect(kills >= 3, "seed \(ordeal.seed)")
  }

  /// Gives whether the cycle came as far.
  private func kill(_ ordeal: Ordeal, at point: KillPoint, pass: Int) throws -> Bool {
    let note = "killed at \(point.name), pass \(pass)"
    var wasHit = false
    try ordeal.round(note) { pair in
      let cycle = try pair.sync(point.variables(pass))
      wasHit = cycle.exitCode != 0
      if wasHit, point.isAgents, !honestCodes.contains(cycle.exitCode ?? -1) {
        throw ordeal.failure(note, "\(cycle.run)")
      }
      return !wasHit || point.isCommitted ? .new : .old
    }
    return wasHit
  }

  @Test("killed at any moment, master or agent, a cycle leaves the old generation or the new one")
  func killedAtAnyMoment() throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let ordeal = try Ordeal(seed: random.seed)
    // A cycle with changes takes some times what one without does; the last that went through tells how long they take now.
    var whole = try RunningProgram.run("hotsync", ordeal.pair.arguments()).elapsed * 2.2
    var kills = [0, 0]
    let wanted = KillSweepTests.isFull ? 200 : 20
    var number = 0
    while kills[0] + kills[1] < wanted, number < 4 * wanted {
      let isAgents = kills[1] < kills[0]
      number += 1
      let pause = whole * Double(random.number(0...100)) / 100
      let note = "\(isAgents ? "the agent" : "hotsync") killed after \(pause)"
      try ordeal.round(note) { pair in
        let program = try pair.start()
        usleep(UInt32(pause / .microseconds(1)))
        if isAgents { pair.killAgent() } else { program.kill() }
        let cycle = Cycle(try program.wait())
        if cycle.exitCode == 0 { whole = cycle.run.elapsed } else { kills[isAgents ? 1 : 0] += 1 }
        guard cycle.wasKilled || honestCodes.contains(cycle.exitCode ?? -1) else {
          throw ordeal.failure(note, "\(cycle.run)")
        }
        return cycle.exitCode == 0 ? .new : .either
      }
    }
    #expect(kills[0] + kills[1] == wanted, "seed \(random.seed)")
    print("kills at any moment: \(kills[0]) of hotsync, \(kills[1]) of the agent")
  }
}
