import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// Masters that log in and say nothing, or too little, and two that come at once.
@Suite struct PatienceTests {
  /// Deadlines of 5 s at the slave.
  private func impatient(_ transport: TestedTransport = .ssh) throws -> Ordeal {
    let ordeal = try Ordeal(over: transport)
    let connection = "connections.\(ordeal.pair.connection)"
    let set = try ordeal.pair.hotsyncSlave(
      "config", "set", "\(connection).timeouts.silence", "5s", "\(connection).timeouts.connect", "5s")
    guard set.exitCode == 0 else { throw SupportError("\(set)") }
    return ordeal
  }

  /// The agent ends with 69 by itself, says so if it can, and no sooner and no later than it should.
  private func expectGivenUp(
    _ ordeal: Ordeal, after limit: Duration, _ words: String, byte: UInt8? = nil, _ say: (RawMaster) throws -> Void
  ) throws {
    let before = try ordeal.pair.storeSnapshot()
    let master = try ordeal.login()
    let start = Clocks.system.elapsed()
    try say(master)
    // Bytes one by one, for longer than the slave may wait.
    let dripping = Worker {
      for _ in 0..<60 where byte != nil && master.isOpen {
        master.say([byte ?? 0])
        Worker.pause(.milliseconds(500))
      }
    }
    let heard = try master.hearOut()
    let elapsed = Clocks.system.elapsed() - start
    dripping.join()
    #expect(heard == [66] && master.refusal?.kind == .unreachable, "\(heard)")
    #expect(master.refusal?.cause.contains(words) == true, "\(master.refusal?.cause ?? "")")
    #expect(master.code() == 69, "\(master.ending())")
    #expect(elapsed > limit - .milliseconds(500) && elapsed < limit + .seconds(8), "\(elapsed)")
    #expect(try ordeal.changes(since: before) == [])
    try ordeal.expectTrueCycle()
  }

  @Test("silence after the login is given up after timeouts.connect", arguments: TestedTransport.overSSH)
  func silence(_ transport: TestedTransport) throws {
    try expectGivenUp(try impatient(transport), after: .seconds(5), "5 s") { _ in }
  }

  @Test("a greeting that comes byte by byte is given up after timeouts.connect")
  func drippingGreeting() throws {
    // The longest frame that may come, so that it does not end before.
    let head = Preamble.bytes + [0, 0, 1, 0, 1]
    try expectGivenUp(try impatient(), after: .seconds(5), "within 5 s", byte: 0) { $0.say(head) }
  }

  @Test("silence after the greeting is given up after timeouts.silence")
  func silenceAfterGreeting() throws {
    let ordeal = try impatient()
    try expectGivenUp(ordeal, after: .seconds(5), "silent for 5 s") {
      try $0.greet(RawMaster.hello(ordeal.pair))
    }
  }

  @Test("silence in the middle of a content is given up after timeouts.silence")
  func silenceInContent() throws {
    let ordeal = try impatient()
    try expectGivenUp(ordeal, after: .seconds(5), "silent for 5 s") { master in
      try master.greet(RawMaster.hello(ordeal.pair))
      try master.begin()
      guard let path = RelativePath("srv/data/n") else { return }
      master.say(.openContent(number: master.claim(), .whole(path: path, size: 100, resumeAt: 0)))
      master.say([50, 0, 0, 0, 6, 0])
    }
  }

  @Test("a message that comes byte by byte is given up after four times timeouts.silence")
  func drippingMessage() throws {
    let ordeal = try impatient()
    try expectGivenUp(ordeal, after: .seconds(20), "within 20 s", byte: 0) { master in
      try master.greet(RawMaster.hello(ordeal.pair))
      master.say([0, 0, 16, 0, 9])
    }
  }

  @Test("of two at once the second is told to come again, and the first goes on", arguments: TestedTransport.overSSH)
  func twoAtOnce(_ transport: TestedTransport) throws {
    let ordeal = try Ordeal(over: transport)
    let first = try ordeal.greeted()
    try first.begin()
    let hello = Preamble.bytes + RawMaster.frame(.hello(RawMaster.hello(ordeal.pair)))
    try ordeal.expectRefused(.first("a second cycle", 75, "another cycle is under way", bytes: hello))
    try ordeal.pair.data.write("new", to: "new")
    let second = try ordeal.pair.hotsync("sync", "--no-retry")
    #expect(second.flaws(code: 75, ["another cycle"]) == [], "\(second)")
    // To look is no cycle.
    let looking = try ordeal.greeted(.look)
    looking.say(.fetchCatalog, .bye)
    #expect(try looking.hearOut() == [67, 68] && looking.code() == 0)
    first.say(.seal(try first.catalog()))
    try first.wait(for: 74)
    first.say(.bye)
    #expect(try first.hearOut() == [] && first.code() == 0)
    try ordeal.expectTrueCycle()
  }
}
