/// The results as somebody reads them.
enum ResultText {
  static let headings = [
    "", "rsync's best", "s", "HotSync s", "ratio", "wire MB", "HotSync", "ratio", "its delta s", "wire MB",
    "memory MB rsync", "hotsync", "hotsync-slave", "CPU s rsync", "HotSync", "verified", "goals",
  ]

  static func text(_ outcome: Outcome) -> String {
    "seed \(outcome.seed), \(outcome.runs) pairs, scale \(outcome.scale)"
      + (outcome.scale == "full" ? "" : " (goals are for full)")
      + (outcome.results.isEmpty ? "" : "\n\n" + text(outcome.results))
      + outcome.figures.map { "\n" + line($0, "") }.joined()
  }

  static func text(_ results: [ContestResult]) -> String {
    var table = Table(headings)
    for result in results {
      for transport in result.workload.transports {
        if let own = result.own[transport] { table.add(cells(result, transport, own)) }
      }
    }
    return table.text + "\n\n" + goals(results)
  }

  private static func cells(_ result: ContestResult, _ transport: String, _ own: Series) -> [String] {
    let best = result.fastest(.best)
    // Only where there was a choice.
    let delta = result.workload.ways.contains(where: \.isWhole) ? result.fastest(.delta)?.series : nil
    let verdicts = result.workload.goals.filter { $0.transport == transport }.compactMap { $0.verdict(on: result) }
    return [
      result.workload.rawValue + (transport == "ssh" ? "" : " \(transport)"), best?.way.description ?? "-",
      number(best?.series.seconds.median), number(own.seconds.median),
      number(best?.series.seconds.ratio(to: own.seconds)),
      number(best?.series.wire.median, 1e6), number(own.wire.median, 1e6),
      number(best?.series.wire.ratio(to: own.wire)),
      number(delta?.seconds.median), number(delta?.wire.median, 1e6), memory(best?.series, "rsync"),
      memory(own, "hotsync"), memory(own, "hotsync-slave"), number(best?.series.processorSeconds.median),
      number(own.processorSeconds.median), result.isVerified ? "yes" : "DIFFERS",
      verdicts.allSatisfy(\.isMet) ? "PASS" : "MISS",
    ]
  }

  private static func number(_ value: Double?, _ unit: Double = 1) -> String {
    guard let value else { return "-" }
    let number = value / unit
    return number < 0.1 ? fixed(number, 4) : significant(number)
  }

  private static func memory(_ series: Series?, _ name: String) -> String {
    series?.peaks[name].map { fixed(Double($0) / 1e6, 0) } ?? "-"
  }

  private static func goals(_ results: [ContestResult]) -> String {
    results.flatMap { result in
      let name = result.workload.rawValue
      return result.verdicts.map { line($0, name + String(repeating: " ", count: 8 - name.count)) }
        + result.differences.map { "DIFFERS  \(name)  \($0)" }
    }.joined(separator: "\n")
  }

  private static func line(_ verdict: Verdict, _ name: String) -> String {
    "\(verdict.isMet ? "PASS" : "MISS")  \(name)\(verdict.text): \(verdict.found)"
  }
}
