import HotsyncSystem
import TestSupport
import Testing

/// Lines that break, stall, crawl and lie: each cycle ends in time, the mirror is the old or the new state, and the next
/// cycle goes on from what was staged.
@Suite struct BadLineTests {
  /// A relayed pair whose both sides are impatient, with 40 files in step.
  private func pair(_ transport: TestedTransport) throws -> (pair: Pair, relay: Relay) {
    var random = SeededGenerator(seed: 21)
    let pair = try Pair.committed(over: transport, isRelayed: true) { data in
      for number in 0..<40 { try data.write(random.bytes(30_000), to: "files/\(number)") }
    }
    try pair.beImpatient()
    return (pair, try #require(pair.line?.relay))
  }

  /// Half of the files become others.
  private func change(_ pair: Pair, _ random: inout SeededGenerator) throws {
    for number in 0..<20 { try pair.data.write(random.bytes(30_000), to: "files/\(2 * number + random.number(0...1))") }
  }

  /// A cycle that broke, and the one behind it.
  private struct Mended {
    /// With which the broken one ended.
    let code: Int32
    /// Bytes of content that the slave held when it had ended.
    let staged: Int
    /// Bytes of content that the next one sent.
    let again: Int
  }

  /// A cycle over a bad line, and what must hold after it.
  @discardableResult
  private func expectMended(
    _ pair: Pair, _ relay: Relay, codes: [Int32] = [69], within limit: Duration, _ note: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Mended {
    let before = try pair.mirror.below("srv/data").snapshot()
    let broken = try pair.sync(Pair.once)
    let code = broken.code ?? -1
    #expect(codes.contains(code), "\(note): \(broken)", sourceLocation: sourceLocation)
    if code != 0 {
      let flaws = broken.program.flaws(code: code)
      #expect(flaws == [], "\(note): \(broken)", sourceLocation: sourceLocation)
    }
    #expect(broken.program.elapsed < limit, "\(note): \(broken.program.elapsed)", sourceLocation: sourceLocation)
    // Both ends of a line that only we know to be dead give it up by themselves.
    try pair.line?.waitForAgents(atMost: .seconds(30))
    let found = try pair.mirror.below("srv/data").snapshot()
    let (toOld, toNew) = (before.differences(to: found), try pair.data.snapshot().differences(to: found))
    #expect(toOld == [] || toNew == [], "\(note)", sourceLocation: sourceLocation)
    let staged = try stagedBytes(pair)
    relay.plan(.pass)
    let next = try pair.expectInStep(sourceLocation: sourceLocation)
    return Mended(code: code, staged: staged, again: next.bytes("literal") ?? .max)
  }

  /// What a broken cycle left for the next one (docs/store-format.md, `incoming/content/`).
  private func stagedBytes(_ pair: Pair) throws -> Int {
    guard try pair.store.holds("incoming/content") else { return 0 }
    let folder = try Folder.open(pair.store.below("incoming/content").path)
    return try folder.names().reduce(0) { try $0 + Int(folder.status($1).size) }
  }

  /// What a cycle sends over the line, both ways: in all, and up to the answer to its seal.
  private func measure(
    _ pair: Pair, _ relay: Relay, _ random: inout SeededGenerator
  ) throws -> (usual: Int, sealed: Int) {
    try change(pair, &random)
    relay.plan(.pass)
    var sealed = 0
    let cycle = try pair.sync(stoppedAt: "before-commit:1") { sealed = relay.counts.bytes }
    #expect(cycle.code == 0, "\(cycle)")
    return (relay.counts.bytes, sealed)
  }

  @Test(
    "a line that is cut at any byte costs what was under way, and nothing that was staged is sent again",
    arguments: TestedTransport.overSSH)
  func cut(_ transport: TestedTransport) throws {
    var random = SeededGenerator(announcing: "cuts over \(transport)")
    let (pair, relay) = try pair(transport)
    let (usual, sealed) = try measure(pair, relay, &random)
    // What follows the seal is 500 bytes; cycles differ by some pings and window adjustments.
    let surelyBroken = sealed - 2_000
    let count = Environment.value("HOTSYNC_CUTS").flatMap { Int($0) } ?? 24
    var (broken, mostByEnd, mostByReset) = (0, 0, 0)
    for number in 0..<count {
      try change(pair, &random)
      // Every third one in the first bytes, where the login is, or in the last, where the commit is.
      let place =
        switch number % 6 {
        case 0: random.below(7_000)
        case 3: usual - random.below(3_000)
        default: random.below(usual)
        }
      let byReset = random.chance(500)
      relay.plan(.cut(after: place, of: .both, byReset: byReset))
      let note = "cut \(number) after \(place) of \(usual) bytes by \(byReset ? "reset" : "end"), seed \(random.seed)"
      let mended = try expectMended(
        pair, relay, codes: place < surelyBroken ? [69] : [0, 69], within: .seconds(25), note)
      broken += mended.code == 69 ? 1 : 0
      // A file is staged whole or not at all, and is 8 bytes longer as a delta.
      #expect(mended.again <= 30_008 * (20 - mended.staged / 30_000), "\(note): \(mended)")
      // What had passed and was still in sshd's hands goes with the line: up to a window of SSH's, as nobody waits for answers.
      let lost = mended.again - max(0, usual - place)
      if byReset { mostByReset = max(mostByReset, lost) } else { mostByEnd = max(mostByEnd, lost) }
    }
    print(
      "cuts over \(transport): \(broken) of \(count) broke a cycle of \(usual) bytes, sealed at \(sealed);",
      "at most \(mostByEnd) lost by an end, \(mostByReset) by a reset")
    #expect(broken >= count / 2)
  }

  @Test(
    "a line that stalls, or takes everything and answers nothing, is given up in time, wherever that begins",
    arguments: TestedTransport.overSSH)
  func standsStill(_ transport: TestedTransport) throws {
    var random = SeededGenerator(announcing: "stalls over \(transport)")
    let (pair, relay) = try pair(transport)
    for place in [0, 30, 1_500, 4_000, 200_000] {
      for plan in [Relay.Plan.stall(after: place, of: .both), .swallow(after: place, of: .both)] {
        try change(pair, &random)
        relay.plan(plan, then: plan)
        try expectMended(pair, relay, within: .seconds(25), "\(plan), seed \(random.seed)")
        relay.drop()
      }
    }
  }

  @Test("a line of one byte a second is given up in time", arguments: TestedTransport.overSSH)
  func crawls(_ transport: TestedTransport) throws {
    var random = SeededGenerator(seed: 22)
    let (pair, relay) = try pair(transport)
    try change(pair, &random)
    relay.plan(.limit(bytesPerSecond: 1), then: .limit(bytesPerSecond: 1))
    try expectMended(pair, relay, within: .seconds(25), "one byte a second")
  }

  @Test(
    "a long way of 50 ms and a narrow line of 1 MB/s cost time and nothing else", arguments: TestedTransport.overSSH)
  func slow(_ transport: TestedTransport) throws {
    var random = SeededGenerator(seed: 23)
    let (pair, relay) = try pair(transport)
    try change(pair, &random)
    relay.plan(.delay(.milliseconds(25)))
    let far = try pair.expectInStep()
    #expect(far.program.elapsed < .seconds(10), "\(far)")
    try pair.set(ofConnection: "timeouts.silence", "30s")
    try pair.data.write(random.bytes(3_000_000), to: "large")
    relay.plan(.limit(bytesPerSecond: 1_000_000))
    let narrow = try pair.expectInStep()
    #expect(narrow.program.elapsed > .seconds(2.5) && narrow.program.elapsed < .seconds(20), "\(narrow)")
    print("over \(transport): 50 ms \(far.program.elapsed), 1 MB/s \(narrow.program.elapsed)")
  }

  @Test(
    "lines before sshd's banner are overheard, and what is glued to it is no sshd",
    arguments: TestedTransport.overSSH)
  func noise(_ transport: TestedTransport) throws {
    var random = SeededGenerator(seed: 24)
    let (pair, relay) = try pair(transport)
    try change(pair, &random)
    relay.plan(.noise(Array("Welcome!\r\nTake care.\r\n".utf8)))
    try pair.expectInStep()
    try change(pair, &random)
    let noise = Relay.Plan.noise(Array("220 mail.example ESMTP ".utf8))
    relay.plan(noise, then: noise)
    try expectMended(pair, relay, codes: [69, 76], within: .seconds(25), "glued noise")
    try change(pair, &random)
    let web = Relay.Plan.noise(Array("HTTP/1.1 400 Bad Request\r\n\r\nSSH-1.5-old\r\n".utf8))
    relay.plan(web, then: web)
    try expectMended(pair, relay, codes: [76], within: .seconds(25), "an old version")
  }
}
