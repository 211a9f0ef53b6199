import HotsyncSystem
import TestSupport
import Testing

/// Weeks of a store in no time, under processes that die: `HOTSYNC_SEEDS=N` runs that many seeds of more steps, and
/// `HOTSYNC_SEED` says which is the first. A seed makes the same again.
@Suite struct LongTimeSimulationTests {
  static let seeds: [UInt64] = {
    let first = SeededGenerator.testSeed()
    let count = Environment.value("HOTSYNC_SEEDS").flatMap { UInt64($0) } ?? 2
    return (0..<count).map { first &+ $0 }
  }()
  static let steps = Environment.value("HOTSYNC_SEEDS") == nil ? 100 : 250

  @Test("through weeks of cycles, prunes and deaths each kept generation is what the master had", arguments: seeds)
  func simulates(_ seed: UInt64) throws {
    print("simulation of weeks: HOTSYNC_SEED=\(seed)")
    let time = try LongTime(seed: seed)
    for number in 1...LongTimeSimulationTests.steps { try time.step(number) }
    try time.end()
    print("simulation of weeks, seed \(seed): \(time.summary)")
  }
}
