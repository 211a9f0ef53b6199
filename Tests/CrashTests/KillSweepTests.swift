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

/// A pair under rounds of changes, cycles that come to a bad end, and what must hold after each.
final class Ordeal {
  let pair: Pair
  let seed: UInt64
  private var changes: MixedChanges
  private var before: TreeSnapshot

  init(seed: UInt64) throws {
    self.seed = seed
    pair = try Pair()
    changes = try MixedChanges(root: pair.data, seed: seed)
    try pair.syncWell("committed", "the first")
    before = try pair.mirrorTree()
  }

  enum Side { case old, new, either }

  /// One round: changes, the cycle that comes to a bad end, and then: the store holds the old or the new generation
  /// whole, the next cycle goes well without a word from anybody, and there is nothing left to be done.
  ///
  /// - Returns: whether it came to a bad end at all.
  func round(_ note: String, expecting side: Side, _ cycle: (Pair) throws -> Bool) throws -> Bool {
    try changes.apply()
    let after = try pair.masterTree()
    let wasHit = try cycle(pair)
    let comment = Comment(rawValue: "\(note), seed \(seed)")
    let found = try pair.reopenedCopy().tree
    let toOld = try #require(found).differences(to: before)
    let toNew = try #require(found).differences(to: after)
    switch wasHit ? side : .new {
    case .old: #expect(toOld == [], comment)
    case .new: #expect(toNew == [], comment)
    case .either: #expect(toOld == [] || toNew == [], comment)
    }
    let next = try pair.sync()
    #expect(next.exitCode == 0 && ["committed", "unchanged"].contains(next.result), "\(note): \(next.run)")
    #expect(try pair.differences() == [], comment)
    let last = try pair.sync()
    #expect(last.exitCode == 0 && last.result == "unchanged", "\(note): \(last.run)")
    before = after
    return wasHit
  }
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
    for pass in KillSweepTests.passes() {
      let note = "killed at \(point.name), pass \(pass)"
      let wasHit = try ordeal.round(note, expecting: point.isCommitted ? .new : .old) { pair in
        let cycle = try pair.sync(point.variables(pass))
        guard point.isAgents else { return cycle.wasKilled }
        #expect(honestCodes.contains(cycle.exitCode ?? -1), "\(note): \(cycle.run)")
        return cycle.exitCode != 0
      }
      kills += wasHit ? 1 : 0
      if !wasHit { break }
    }
    // Points that a cycle passes once are worth more than one change set.
    while kills < 3, kills > 0 {
      let wasHit = try ordeal.round("killed at \(point.name)", expecting: point.isCommitted ? .new : .old) { pair in
        try pair.sync(point.variables(1)).exitCode != 0
      }
      #expect(wasHit)
      kills += 1
    }
    print("kills at \(point.name) (\(point.phase.rawValue)): \(kills)")
    #expect(kills >= 3, "seed \(ordeal.seed)")
  }
}
