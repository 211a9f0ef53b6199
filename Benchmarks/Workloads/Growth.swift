import TestSupport

/// How HotSync's cost grows with what it works on: two sizes of one workload, in turn.
struct Growth {
  private let ground: Ground
  private let preparation: Preparation

  init(_ ground: Ground) {
    self.ground = ground
    preparation = Preparation(ground, hasRsync: false)
  }

  func run() throws -> [Verdict] {
    let (bytes, files) = (ground.sizes.patchedBytes, ground.sizes.manyFiles)
    // The large files first: they go quickly.
    let patched = try compare(
      [bytes / 4, bytes].map { try preparation.patched(bytes: $0) }, atMost: 4.4, named: "W4")
    let unchanged = try compare(
      [files / 10, files].map { try preparation.unchanged(files: $0) }, atMost: 11, named: "nothing changed")
    return unchanged + patched
  }

  private func compare(_ exercises: [Update], atMost limit: Double, named name: String) throws -> [Verdict] {
    var series = exercises.map { _ in Series() }
    for round in 0..<ground.runs {
      for index in round % 2 == 0 ? [0, 1] : [1, 0] {
        ground.tell("\(name): \(exercises[index].subject)")
        series[index].measurements.append(try measured(exercises[index]))
      }
    }
    return Growth.verdicts(series[0], series[1], atMost: limit, "\(exercises[0].subject) → \(exercises[1].subject)")
  }

  private func measured(_ exercise: Update) throws -> Measurement {
    try exercise.beginRound()
    let measurement = try exercise.arena.run(.hotsync(.ssh))
    let found = try Verification.differences(exercise.arena.source, exercise.arena.mirror, exercise.depth)
    guard found.isEmpty else { throw SupportError("the copy differs: \(found.prefix(10))") }
    return measurement
  }

  /// Time and memory of the larger against the smaller.
  static func verdicts(_ small: Series, _ large: Series, atMost limit: Double, _ subject: String) -> [Verdict] {
    guard let ratio = large.seconds.ratio(to: small.seconds),
      let (from, to) = both(small, large, { $0.seconds.median }),
      let (least, most) = both(small, large, { $0.peaks.values.max().map(Double.init) })
    else { return [] }
    return [
      Verdict(
        text: "\(subject): time at most × \(shortest(limit))",
        found: "× \(significant(ratio)) (\(fixed(from, 2)) s → \(fixed(to, 2)) s)", isMet: ratio <= limit),
      Verdict(
        text: "\(subject): memory at most × 1.25",
        found: "× \(significant(most / least)) (\(fixed(least / 1e6, 0)) MB → \(fixed(most / 1e6, 0)) MB)",
        isMet: most <= 1.25 * least),
    ]
  }

  private static func both(_ one: Series, _ other: Series, _ value: (Series) -> Double?) -> (Double, Double)? {
    guard let first = value(one), let second = value(other) else { return nil }
    return (first, second)
  }
}
