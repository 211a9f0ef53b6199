import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// Rounds of random edits, cycles and disasters, all from one seed; after each the store is held against copies of what
/// the master had. `HOTSYNC_SEEDS=N` runs that many seeds of more rounds, `HOTSYNC_SEED` one of them.
@Suite struct SimulationTests {
  static let seeds: [UInt64] = {
    let first = SeededGenerator.testSeed()
    let count = Environment.value("HOTSYNC_SEEDS").flatMap { UInt64($0) } ?? 2
    return (0..<count).map { first &+ $0 }
  }()
  static let rounds = Environment.value("HOTSYNC_SEEDS") == nil ? 12 : 60

  private struct Tree {
    var script: EditScript
    var random: SeededGenerator
  }

  @Test("whatever happens to the tree and to the processes, the slave follows", arguments: seeds)
  func simulates(_ seed: UInt64) throws {
    print("simulation, seed \(seed)")
    let ordeal = try Ordeal(
      seed: seed,
      tree: { (path) throws -> Tree in
        try TreeMaker.make(in: path, seed: seed, files: 80, features: .possible, largestSize: 3 << 20)
        return Tree(script: EditScript(seed: seed), random: SeededGenerator(seed: seed ^ 0xED17))
      },
      change: { tree, path in try tree.script.apply(tree.random.number(1...40), to: path) })
    var random = SeededGenerator(seed: seed ^ 0xD15A)
    for round in 0..<SimulationTests.rounds {
      let disaster = SimulationTests.disaster(&random)
      try ordeal.round("round \(round), \(disaster)") { pair in
        let cycle = try pair.sync(disaster)
        guard cycle.wasKilled || honestCodes.contains(cycle.exitCode ?? -1) else {
          throw ordeal.failure("round \(round), \(disaster)", "\(cycle.run)")
        }
        return cycle.exitCode == 0 ? .new : cycle.exitCode == 3 ? .partial : .either
      }
    }
  }

  /// The variables that bring it about.
  private static func disaster(_ random: inout SeededGenerator) -> [String: String] {
    let pass = 1 + random.logarithmicSize(maximum: 80)
    switch random.number(0...9) {
    case 0...2: return [:]
    case 3...6:
      guard let point = KillPoint.all.randomElement(using: &random) else { return [:] }
      return point.variables(pass)
    default:
      let variable = random.chance(700) ? "HOTSYNC_AGENT_FAULT" : "HOTSYNC_FAULT"
      let error = [EIO, ENOSPC, EINTR][random.number(0...2)]
      return [variable: "*:\(1 + random.logarithmicSize(maximum: 2_000)):\(error)"]
    }
  }
}
