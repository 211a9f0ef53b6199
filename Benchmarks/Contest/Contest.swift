import TestSupport

/// Runs a workload: every way of rsync's once, then the fastest and HotSync in turn, and looks at every copy.
struct Contest {
  private let workload: Workload
  private let exercise: any Exercise
  private let ground: Ground
  private var result: ContestResult

  init(_ workload: Workload, _ exercise: any Exercise, _ ground: Ground) {
    (self.workload, self.exercise, self.ground) = (workload, exercise, ground)
    result = ContestResult(workload: workload, subject: exercise.subject)
  }

  static func run(_ workload: Workload, _ exercise: any Exercise, _ ground: Ground) throws -> ContestResult {
    var contest = Contest(workload, exercise, ground)
    ground.tell("\(workload.rawValue): \(exercise.subject)")
    try contest.screen()
    try contest.race()
    return contest.result
  }

  private mutating func screen() throws {
    for way in workload.ways {
      try exercise.beginRound()
      try run(.rsync(way))
    }
    guard exercise is Update, !workload.ways.isEmpty else { return }
    // HotSync catches up with all those rounds, and both begin the pairs from the same state.
    ground.tell("HotSync catches up")
    _ = try exercise.arena.run(.hotsync(.ssh))
  }

  private mutating func race() throws {
    let chosen = Set(workload.opponents.compactMap { result.fastest($0)?.way })
    let contestants =
      chosen.map(Contestant.rsync)
      + workload.transports.compactMap { TestedTransport(rawValue: $0).map(Contestant.hotsync) }
    for round in 0..<ground.runs {
      try exercise.beginRound()
      // Who comes second finds the source in memory; so each is that in turn.
      for contestant in round % 2 == 0 ? contestants : contestants.reversed() { try run(contestant, inPair: true) }
    }
    if !exercise.isVerifiedEachTime { for contestant in contestants { try verify(contestant) } }
  }

  private mutating func run(_ contestant: Contestant, inPair: Bool = false) throws {
    try exercise.prepare(contestant)
    let measurement = try exercise.arena.run(contestant)
    switch contestant {
    case .rsync(let way) where inPair: result.paired[way, default: Series()].measurements.append(measurement)
    case .rsync(let way): result.screened[way, default: Series()].measurements.append(measurement)
    case .hotsync(let transport):
      result.own[transport.rawValue, default: Series()].measurements.append(measurement)
    }
    if exercise.isVerifiedEachTime { try verify(contestant) }
  }

  private mutating func verify(_ contestant: Contestant) throws {
    let arena = exercise.arena
    let copy: Place
    switch contestant {
    case .rsync: copy = arena.target
    case .hotsync: copy = arena.mirror
    }
    let found = try Verification.differences(arena.source, copy, exercise.depth)
    guard !found.isEmpty else { return }
    ground.tell("\(contestant): the copy differs\n\(found.prefix(10).joined(separator: "\n"))")
    result.differences += found.prefix(10).map { "\(contestant): \($0)" }
  }
}
