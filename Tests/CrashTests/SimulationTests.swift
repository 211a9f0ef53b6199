import HotsyncSystem
import TestSupport
import Testing

/// Random edits, cycles, prunes, snapshots, readers and disasters, all from one seed, against copies of what the master had
/// at each generation. `HOTSYNC_SEEDS=N` runs that many seeds of more steps, `HOTSYNC_SEED` says which is the first.
///
/// The processes take the machine's clock, so a seed makes the same steps again, but a kill after some milliseconds may
/// find another moment. `LongTimeSimulationTests` has weeks in no time, and makes the same again to the byte.
@Suite struct SimulationTests {
  static let seeds = SimulationSize.seeds()
  static let steps = SimulationSize.steps(short: 40, long: 100)

  @Test(
    "whatever happens to the tree and to the processes, each kept generation is what the master had", arguments: seeds)
  func simulates(_ seed: UInt64) throws {
    print("simulation: HOTSYNC_SEED=\(seed)")
    let simulation = try Simulation(seed: seed)
    for number in 1...SimulationTests.steps { try simulation.step(number) }
    try simulation.end()
    print("simulation, seed \(seed): \(simulation.summary)")
  }
}
