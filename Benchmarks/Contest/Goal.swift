/// What a workload is to reach. A ratio is rsync's number divided by HotSync's.
struct Goal: Sendable {
  enum Measure: Sendable {
    case time(atLeast: Double, against: Opponent)
    case wire(atLeast: Double, against: Opponent)
    /// Of every process of HotSync.
    case peakMemory(below: Int)
    /// HotSync's own bytes, whatever rsync's are.
    case wireBytes(below: Int)
  }

  let measure: Measure
  /// HotSync's transport that it is for.
  var transport = "ssh"

  static func time(_ ratio: Double, _ opponent: Opponent = .best, transport: String = "ssh") -> Goal {
    Goal(measure: .time(atLeast: ratio, against: opponent), transport: transport)
  }

  static func wire(_ ratio: Double, _ opponent: Opponent = .best) -> Goal {
    Goal(measure: .wire(atLeast: ratio, against: opponent))
  }

  static func memory(megabytes: Int) -> Goal { Goal(measure: .peakMemory(below: megabytes * 1_000_000)) }

  var opponent: Opponent? {
    switch measure {
    case .time(_, let opponent), .wire(_, let opponent): opponent
    case .peakMemory, .wireBytes: nil
    }
  }

  /// How a result stands to it; nil where nothing was measured that says so.
  func verdict(on result: ContestResult) -> Verdict? {
    guard let own = result.own[transport] else { return nil }
    let over = transport == "ssh" ? "" : " over \(transport)"
    switch measure {
    case .time(let least, let opponent):
      guard let other = result.fastest(opponent)?.series, let ratio = other.seconds.ratio(to: own.seconds) else {
        return nil
      }
      return Verdict(
        text: "time ≥ \(shortest(least)) × against \(opponent.rawValue)\(over)", found: significant(ratio),
        isMet: ratio >= least)
    case .wire(let least, let opponent):
      guard let other = result.fastest(opponent)?.series, let ratio = other.wire.ratio(to: own.wire) else { return nil }
      return Verdict(
        text: "wire ≥ \(shortest(least)) × against \(opponent.rawValue)\(over)", found: significant(ratio),
        isMet: ratio >= least)
    case .peakMemory(let limit):
      let peak = result.own.values.flatMap(\.measurements).flatMap(\.peaks.values).max()
      guard let peak else { return nil }
      return Verdict(text: "each process < \(megabytes(limit)) MB", found: "\(megabytes(peak)) MB", isMet: peak < limit)
    case .wireBytes(let limit):
      guard let wire = own.wire.median else { return nil }
      return Verdict(
        text: "wire < \(megabytes(limit)) MB", found: "\(significant(wire / 1e6)) MB", isMet: wire < Double(limit))
    }
  }
}

/// One goal, and what was found.
struct Verdict: Sendable {
  let text: String
  let found: String
  let isMet: Bool
}
