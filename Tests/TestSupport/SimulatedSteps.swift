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

  public static func seeds() -> [UInt64] {
    let first = SeededGenerator.testSeed()
    return (0..<(wanted.flatMap { UInt64($0) } ?? 2)).map { first &+ $0 }
  }

  public static func steps(short: Int, long: Int) -> Int { wanted == nil ? short : long }
}
