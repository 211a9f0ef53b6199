import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import Testing

/// On a clock of the test's own: nothing waits.
@Suite struct DeadlineTests {
  private let clock = HandClock()
  private static let ping = frame(of: SlaveMessage.ping)
  private static let sealed = frame(of: SlaveMessage.sealed(generation: 1))
  /// All at once: the first message.
  private static let greeting = Event(.zero, Preamble.bytes + sealed)

  private func master(_ events: [Event], then again: Event? = nil) -> MasterChannel {
    MasterChannel(
      Played(clock, events, then: again), deadlines: Deadlines(connect: .seconds(30), silence: .seconds(120)),
      clocks: clock.clocks)
  }

  /// The same after the handshake.
  private func greeted(_ events: [Event], then again: Event? = nil) throws -> MasterChannel {
    let channel = master([DeadlineTests.greeting] + events, then: again)
    #expect(try channel.receive() == .sealed(generation: 1))
    channel.handshakeDone()
    return channel
  }

  /// Receives to the end: how many messages came, how long that took, and why it ended.
  private func run(_ channel: MasterChannel) -> (messages: Int, took: Duration, error: TransportError?) {
    let start = clock.elapsed
    var messages = 0
    do {
      while try channel.receive() != nil { messages += 1 }
      return (messages, clock.elapsed - start, nil)
    } catch { return (messages, clock.elapsed - start, error as? TransportError) }
  }

  @Test(
    "who says nothing, or a byte now and then, must have greeted within the connect timeout", arguments: [3, 7, 29])
  func greeting(_ pause: Int) {
    let drip = Event.drip(Preamble.bytes + DeadlineTests.sealed, every: .seconds(pause))
    let slow = run(master(drip))
    #expect(slow.error?.kind == .unreachable && slow.messages == 0)
    #expect(slow.error?.cause == "it did not greet within 30 s")
    #expect(slow.took == .seconds(30))
    let silent = run(master([], then: Event(.seconds(3_600), [1])))
    #expect(silent.error?.cause == "it did not greet within 30 s" && silent.took == .seconds(30))
    let quick = run(master(Event.drip(Preamble.bytes + DeadlineTests.sealed, every: .seconds(1))))
    #expect(quick.messages == 1 && quick.error == nil)
  }

  @Test("signs of life extend the wait for the greeting, the beginning of one does not")
  func pingsBeforeGreeting() {
    let pings = [Event](repeating: Event(.seconds(10), DeadlineTests.ping), count: 360)
    let begun = Event.drip(
      frame(of: SlaveMessage.signature(id: 1, ArraySlice([UInt8](repeating: 1, count: 99)))), every: .seconds(4))
    let result = run(master([Event(.zero, Preamble.bytes)] + pings + begun))
    #expect(result.messages == 360)
    #expect(result.error?.cause == "a message did not come whole within 30 s")
    #expect(result.took == .seconds(3_600 + 4 + 30))
    let patient = run(master([Event(.zero, Preamble.bytes)] + pings + [Event(.seconds(119), DeadlineTests.sealed)]))
    #expect(patient.messages == 361 && patient.error == nil)
  }

  @Test("a frame that has begun must be whole within four times the limit of silence", arguments: [1, 10, 100])
  func dripping(_ pause: Int) throws {
    let long = frame(of: SlaveMessage.signature(id: 1, ArraySlice([UInt8](repeating: 1, count: 999))))
    let result = run(try greeted(Event.drip(long, every: .seconds(pause))))
    #expect(result.messages == 0 && result.error?.kind == .unreachable)
    #expect(result.error?.cause == "a message did not come whole within 480 s")
    // From its first byte on.
    #expect(result.took == .seconds(480 + pause))
  }

  @Test("a slow line whose frames are short is no stalled one, and time that we are busy does not count")
  func slow() throws {
    let bytes = (0..<300).flatMap { _ in DeadlineTests.sealed }
    let channel = try greeted(Event.drip(bytes, every: .seconds(60)))
    for _ in 0..<300 {
      #expect(try channel.receive() == .sealed(generation: 1))
      clock.advance(by: .seconds(3_000))
    }
    #expect(try channel.receive() == nil)
    // Busy in the middle of a frame.
    let half = Event(.zero, DeadlineTests.sealed + DeadlineTests.sealed.prefix(3))
    let busy = try greeted([half, Event(.seconds(1), Array(DeadlineTests.sealed.dropFirst(3)))])
    #expect(try busy.receive() == .sealed(generation: 1))
    clock.advance(by: .seconds(3_000))
    #expect(try busy.receive() == .sealed(generation: 1))
  }

  @Test("a conversation with nothing but signs of life ends after six hours, counted from the last word of either side")
  func idle() throws {
    #expect(Limits.idleConversation == .seconds(21_600))
    let channel = try greeted([], then: Event(.seconds(10), DeadlineTests.ping))
    for _ in 0..<1_800 { #expect(try channel.receive() == .ping) }
    try channel.send(.commit)
    try channel.flush()
    for _ in 0..<1_800 {
      #expect(try channel.receive() == .ping)
      // This is no word.
      try channel.send(.ping)
      try channel.flush()
    }
    let result = run(channel)
    #expect(result.error?.kind == .unreachable)
    #expect(result.error?.cause == "nothing but signs of life was exchanged for 21600 s")
    #expect(result.messages == 360 && result.took == .seconds(3_600))
    let heard =
      [Event](repeating: Event(.seconds(10), DeadlineTests.ping), count: 2_000) + [
        Event(.seconds(10), DeadlineTests.sealed)
      ]
    let other = run(try greeted(heard, then: Event(.seconds(10), DeadlineTests.ping)))
    #expect(other.messages == 2_001 + 2_160)
  }
}
