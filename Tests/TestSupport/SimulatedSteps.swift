import HotsyncSystem

/// A kind of step that a simulation may take.
public protocol WeightedStep: CaseIterable {
  /// How often it comes, against the weights of the others.
  var weight: Int { get }
}

extension SeededGenerator {
  public mutating func step<Step: WeightedStep>(of _: Step.Type) -> Step? {
    var draw = below(Step.allCases.reduce(0) { $0 + $1.weight })
    return Step.allCases.first { candidate in
      draw -= candidate.weight
      return draw < 0
    }
  }
}

/// How much a simulation does: `HOTSYNC_SEEDS=N` runs that many seeds of more steps, `HOTSYNC_SEED` says which is the first.
public enum SimulationSize {
  private static let wanted = Environment.value("HOTSYNC_SEEDS")

  /// - Parameter part: one seed for so many that were asked for, where one takes as long as so many of another simulation.
  public static func seeds(oneIn part: UInt64 = 1) -> [UInt64] {
    let first = SeededGenerator.testSeed()
    let count = wanted.flatMap { UInt64($0) }.map { max(1, $0 / part) } ?? 2
    return (0..<count).map { first &+ $0 }
  }

  public static func steps(short: Int, long: Int) -> Int { wanted == nil ? short : long }
}
