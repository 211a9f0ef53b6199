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
    _ = try arena.run(.hotsync(.ssh))
    let delay = Relay.Plan.delay(roundTrip / 2)
    let relay = try Relay(to: arena.port, delay, then: delay)
    var (near, far) = (Series(), Series())
    for _ in 0..<ground.runs {
      for port in [arena.port, relay.port] {
        try files.edit(count: count)
        try arena.pair.set(ofConnection: "port", "\(port)")
        ground.tell(port == relay.port ? "over the long line" : "over loopback")
        let measurement = try arena.run(.hotsync(.ssh))
        if port == relay.port { far.measurements.append(measurement) } else { near.measurements.append(measurement) }
        let found = try Verification.differences(arena.source, arena.mirror, .tree)
        guard found.isEmpty else { throw SupportError("the copy differs: \(found.prefix(10))") }
      }
    }
    guard let loopback = near.seconds.median, let delayed = far.seconds.median else { return [] }
    return [LongLine.verdict(loopback, delayed, "\(count) changed files at \(roundTrip) of round trip")]
  }

  static func verdict(_ loopback: Double, _ delayed: Double, _ subject: String) -> Verdict {
    let limit = 1.5 * loopback + 1
    return Verdict(
      text: "\(subject): at most \(fixed(limit, 2)) s (1.5 × \(fixed(loopback, 2)) s over loopback + 1 s)",
      found: "\(fixed(delayed, 2)) s", isMet: delayed <= limit)
  }
}
