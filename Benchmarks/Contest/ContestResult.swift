/// What is known of one workload once it was run.
struct ContestResult: Sendable {
  let workload: Workload
  /// What was copied, in words.
  var subject = ""
  /// One run of each of rsync's ways, to find the fastest.
  var screened: [RsyncWay: Series] = [:]
  /// The runs that alternated with HotSync's.
  var paired: [RsyncWay: Series] = [:]
  /// HotSync's, by its transport.
  var own: [String: Series] = [:]
  /// What a copy lacked or had wrong.
  var differences: [String] = []
  var isVerified: Bool { differences.isEmpty }

  /// Those of rsync's ways that an opponent stands for: the one whose median time is the lowest. A way that ran in pairs
  /// counts by those runs alone, and before all that did not.
  func fastest(_ opponent: Opponent) -> (way: RsyncWay, series: Series)? {
    for series in [paired, screened] {
      let admitted = series.filter { opponent.admits($0.key) && $0.value.seconds.median != nil }
      if let best = admitted.min(by: { ($0.value.seconds.median ?? 0) < ($1.value.seconds.median ?? 0) }) {
        return (best.key, best.value)
      }
    }
    return nil
  }

  var verdicts: [Verdict] { workload.goals.compactMap { $0.verdict(on: self) } }
}

/// All that one run of the benchmark found.
struct Outcome: Sendable {
  let seed: UInt64
  let runs: Int
  let scale: String
  var results: [ContestResult] = []
  /// Of growth and of a long line.
  var figures: [Verdict] = []
}
