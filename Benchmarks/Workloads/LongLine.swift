import HotsyncSystem
import TestSupport

/// Many small changes over a line with a long round trip, against the same over loopback.
struct LongLine {
  private let ground: Ground
  private let roundTrip: Duration

  init(_ ground: Ground, roundTrip: Duration) { (self.ground, self.roundTrip) = (ground, roundTrip) }

  func run() throws -> [Verdict] {
    let count = ground.sizes.files / 10
    let arena = try Arena(ground)
    var files = ManyFiles(arena.source, .served, ground.generator("line"))
    ground.tell("making \(count) files")
    try files.make(count: count)
    let rsync = Contestant.rsync(RsyncWay(cipher: .aes))
    for contestant in [rsync, .hotsync(.ssh)] { _ = try arena.run(contestant) }
    let delay = Relay.Plan.delay(roundTrip / 2)
    let relay = try Relay(to: arena.port, delay, then: delay)
    var (near, far) = (Times(), Times())
    for _ in 0..<ground.runs {
      for port in [arena.port, relay.port] {
        let isFar = port == relay.port
        try files.edit(count: count)
        try arena.pair.set(ofConnection: "port", "\(port)")
        ground.tell(isFar ? "over the long line" : "over loopback")
        let times = Times(
          own: [try arena.run(.hotsync(.ssh)).seconds], rsync: [try arena.run(rsync, delayedBy: port).seconds])
        if isFar { far.add(times) } else { near.add(times) }
        let found = try Verification.differences(arena.source, arena.mirror, .tree)
        guard found.isEmpty else { throw SupportError("the copy differs: \(found.prefix(10))") }
      }
    }
    guard let loopback = near.own.median, let delayed = far.own.median else { return [] }
    let milliseconds = fixed(roundTrip / .milliseconds(1), 0)
    return [
      LongLine.verdict(
        loopback, delayed, "\(count) changed files at \(milliseconds) ms of round trip",
        beside: "rsync \(fixed(near.rsync.median ?? 0, 2)) s and \(fixed(far.rsync.median ?? 0, 2)) s")
    ]
  }

  private struct Times {
    var own: [Double] = []
    var rsync: [Double] = []

    mutating func add(_ other: Times) {
      own += other.own
      rsync += other.rsync
    }
  }

  static func verdict(_ loopback: Double, _ delayed: Double, _ subject: String, beside: String = "") -> Verdict {
    let limit = 1.5 * loopback + 1
    return Verdict(
      text: "\(subject): at most \(fixed(limit, 2)) s (1.5 × \(fixed(loopback, 2)) s over loopback + 1 s)",
      found: "\(fixed(delayed, 2)) s" + (beside.isEmpty ? "" : " (\(beside))"), isMet: delayed <= limit)
  }
}
