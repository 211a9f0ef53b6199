import HotsyncSystem
import TestSupport
import Testing

/// Weeks of a store in no time, under processes that die: `HOTSYNC_SEEDS=N` runs a tenth as many seeds of more steps, and
/// `HOTSYNC_SEED` says which is the first. A seed makes the same again.
@Suite struct LongTimeSimulationTests {
  static let seeds = SimulationSize.seeds(oneIn: 10)
  static let steps = SimulationSize.steps(short: 100, long: 250)

  @Test("through weeks of cycles, prunes and deaths each kept generation is what the master had", arguments: seeds)
  func simulates(_ seed: UInt64) throws {
    print("simulation of weeks: HOTSYNC_SEED=\(seed)")
    let time = try LongTime(seed: seed)
    for number in 1...LongTimeSimulationTests.steps { try time.step(number) }
    try time.end()
    print("simulation of weeks, seed \(seed): \(time.summary)")
  }
}
