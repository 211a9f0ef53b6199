import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// What answers is no slave, another version, or none that goes on: the documented code in three parts, and soon.
@Suite struct PeerTests {
  /// A part of the answers, so that several are at work.
  private static let parts = [0, 1]
  private static let fence = "var/lib/hotsync-state/fenced"

  @Test("an answer that is none ends the cycle with its code", arguments: TestedTransport.all, parts)
  func endsCycle(_ transport: TestedTransport, _ part: Int) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs, transport: transport)
    let answers = transport == .openssh ? PeerAnswer.some : PeerAnswer.all
    for (number, answer) in answers.enumerated() where number % PeerTests.parts.count == part {
      try scripted.answer(answer.bytes, then: answer.lines)
      let result = try pair.hotsync("sync", "--no-retry")
      let expected = pair.line == nil ? nil : answer.overSSH
      let code = expected?.code ?? answer.code
      let flaws = result.flaws(code: code, expected?.words ?? answer.words)
      #expect(flaws == [], "\(answer.testDescription): \(result)")
      #expect(
        !result.errorText.unicodeScalars.contains("\u{1B}"),
        "\(answer.testDescription): an escape of the peer's reaches the terminal")
      #expect(result.elapsed < .seconds(30), "\(answer.testDescription)")
      // A slave that was promoted fences this master, and only such a one; the next answer is for one that is free again.
      let isFenced = try pair.master.holds(PeerTests.fence)
      #expect(isFenced == answer.words.contains("was promoted"), "\(answer.testDescription)")
      if isFenced { try pair.master.remove(PeerTests.fence) }
      guard number % 10 < 2 else { continue }
      let dry = try pair.hotsync("sync", "--dry-run")
      #expect(dry.exitCode == code || code == 65 || code == 69, "\(answer.testDescription): \(dry)")
    }
  }

  @Test("a greeting that is cut at any byte is a line that broke: 69", arguments: TestedTransport.overSSH)
  func cutGreeting(_ transport: TestedTransport) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs, transport: transport)
    let greeting = SlaveWords.greeting
    // The first bytes hold the lengths and all that is short; what follows is the key's, one like the other.
    let every = transport == .ssh ? Array(0..<64) + Array(stride(from: 64, to: greeting.count, by: 31)) : []
    let cuts = every + (transport == .ssh ? [] : Array(stride(from: 1, to: greeting.count, by: 23)))
    for cut in cuts + [greeting.count - 1] {
      try scripted.answer(Array(greeting.prefix(cut)), then: "head -c 1 >/dev/null; exit 0")
      let result = try pair.hotsync("sync", "--no-retry")
      let flaws = result.flaws(code: 69)
      #expect(flaws == [], "cut at \(cut): \(result)")
    }
  }

  /// A slave that says something every second, or nothing.
  enum Sloth: String, CaseIterable {
    case silentFirst, silentAfterGreeting, drippingGreeting, drippingMessage

    var isDripping: Bool { self == .drippingGreeting || self == .drippingMessage }

    var bytes: [UInt8] {
      switch self {
      case .silentFirst: []
      case .silentAfterGreeting: SlaveWords.greeting
      case .drippingGreeting: SlaveWords.preamble + [0, 0, 1, 0, 65]
      case .drippingMessage: SlaveWords.greeting + [0, 0, 16, 0, 72]
      }
    }

    var lines: String {
      switch self {
      case .silentFirst, .silentAfterGreeting: "exec sleep 300"
      case .drippingGreeting, .drippingMessage: "while printf 0; do sleep 1; done"
      }
    }
  }

  @Test(
    "silence, and a byte a second, are given up in time, before the greeting and after it",
    arguments: TestedTransport.all.flatMap { transport in
      // What a message may take is the protocol's affair, whatever carries it.
      Sloth.allCases.filter { transport == .ssh || !$0.isDripping }.map { (transport, $0) }
    })
  func silence(_ transport: TestedTransport, _ sloth: Sloth) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs, transport: transport)
    try pair.beImpatientMaster()
    try scripted.answer(sloth.bytes, then: sloth.lines)
    let result = try pair.hotsync("sync", "--no-retry")
    let words =
      switch sloth {
      // A client that is another program's does not know when the login was over.
      case .silentFirst: transport == .openssh ? "no answer within 5 s" : "silent for 5 s"
      case .silentAfterGreeting: "silent for 5 s"
      case .drippingGreeting: "within 5 s"
      case .drippingMessage: "within 20 s"
      }
    let flaws = result.flaws(code: 69, [words])
    #expect(flaws == [], "\(result)")
    let limit = Duration.seconds(sloth == .drippingMessage ? 20 : 5)
    #expect(result.elapsed > limit - .seconds(1) && result.elapsed < limit + .seconds(15), "\(result.elapsed)")
  }

  @Test("no agent to start is an error in three parts", arguments: TestedTransport.all)
  func noAgent(_ transport: TestedTransport) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs, transport: transport)
    try scripted.answer([])
    try Place(path: scripted.programs).setPermissions(0o644, of: "hotsync-slave")
    let result = try pair.hotsync("sync")
    let flaws =
      pair.line == nil
      ? result.flaws(code: 1, ["cannot start the slave's agent", "hotsync-slave"])
      : result.flaws(code: 76, ["cannot start the agent", "hotsync-slave"])
    #expect(flaws == [], "\(result)")
  }

  @Test(
    "a signature of MD4 sums, of blocks without a length or of too many is refused, and the true slave goes on",
    arguments: TestedTransport.overSSH)
  func signatures(_ transport: TestedTransport) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs, transport: transport)
    var random = SeededGenerator(seed: 43)
    try pair.data.write(random.bytes(400_000), to: "large")
    try pair.expectInStep()
    let before = try pair.storeSnapshot()
    // The true slave's own greeting, so that the master goes on to its patch.
    let master = try RawMaster(pair, over: transport)
    try master.greet(RawMaster.hello(pair))
    master.say(.bye)
    _ = try master.hearOut()
    let welcome = try #require(master.welcome)
    try pair.data.open("large").write(random.bytes(1_000), at: 200_000)
    try Pair.shell("cp \"$0/hotsync-slave\" \"$0/true-slave\"", scripted.programs)
    func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) } }
    // Magic, block length, length of a strong sum, and blocks of 4 bytes more than that each.
    let signatures = [
      "MD4": big(0x7273_0136) + big(2_048) + big(8) + [UInt8](repeating: 1, count: 120),
      "MD4 with RabinKarp sums": big(0x7273_0146) + big(2_048) + big(8) + [UInt8](repeating: 1, count: 120),
      "blocks of no length": big(0x7273_0147) + big(0) + big(8) + [UInt8](repeating: 1, count: 120),
      "blocks of 2^32-1": big(0x7273_0147) + big(.max) + big(8) + [UInt8](repeating: 1, count: 120),
      "strong sums of 33 bytes": big(0x7273_0147) + big(2_048) + big(33) + [UInt8](repeating: 1, count: 370),
      "half a block": big(0x7273_0147) + big(2_048) + big(8) + [UInt8](repeating: 1, count: 125),
    ]
    for (name, signature) in signatures {
      var bytes = Preamble.bytes
      let messages: [SlaveMessage] = [
        .welcome(welcome), .ready(nextNumber: 1), .signature(id: 0, signature[...]), .signatureEnd(id: 0),
      ]
      for message in messages { Frame.encode(message, to: &bytes) }
      try scripted.answer(bytes)
      let result = try pair.hotsync("sync", "--no-retry")
      let flaws = result.flaws(code: 65, ["signature"])
      #expect(flaws == [], "\(name): \(result)")
    }
    #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
    try Pair.shell("mv \"$0/true-slave\" \"$0/hotsync-slave\"", scripted.programs)
    try pair.expectInStep()
  }

  @Test("after every bad answer the true slave takes the next cycle", arguments: TestedTransport.all)
  func recovers(_ transport: TestedTransport) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs, transport: transport)
    try Pair.shell("cp \"$0/hotsync-slave\" \"$0/true-slave\"", scripted.programs)
    for answer in PeerAnswer.all.suffix(5) {
      try scripted.answer(answer.bytes, then: answer.lines)
      #expect(try pair.hotsync("sync", "--no-retry").exitCode == answer.code)
    }
    try Pair.shell("mv \"$0/true-slave\" \"$0/hotsync-slave\"", scripted.programs)
    #expect(try pair.sync().result == "committed")
    #expect(try pair.differences() == [])
  }
}
