import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncTransport

@Suite struct LimitedStreamTests {
  @Test("in any stretch of time no more goes than the rate allows, and a tenth of a second's worth", arguments: 1...20)
  func rate(_ round: UInt64) {
    var random = SeededGenerator(seed: round)
    let rate = UInt64(1) << UInt64(16 + random.below(12))
    var limit = RateLimit(bytesPerSecond: rate, chunk: 16 << 10)
    var now = Duration.seconds(5)
    var sent: [(at: Duration, count: Int)] = []
    for _ in 0..<500 {
      let count = 1 + random.below(16 << 10)
      now += limit.pause(before: count, at: now)
      sent.append((now, count))
      // Now and then there is nothing to send.
      if random.below(20) == 0 { now += .milliseconds(random.below(3_000)) }
    }
    let burst = max(Double(rate) / 10, 16_384)
    for first in stride(from: 0, to: sent.count, by: 7) {
      var total = 0
      for piece in sent[first...] {
        total += piece.count
        // What went first may have been paid for before.
        let allowed = Double(rate) * ((piece.at - sent[first].at) / .seconds(1)) + burst + 16_384
        #expect(Double(total) <= allowed + 1, "seed \(round)")
      }
    }
    // And it is used: without the pauses of our own the time would be that of all bytes.
    #expect(sent.reduce(0) { $0 + $1.count } > 3_000_000)
  }

  @Test("what goes without pause takes as long as the rate says")
  func throughput() throws {
    let clock = HandClock()
    let stream = Played(clock)
    let limited = LimitedStream(
      stream, bytesPerSecond: 256 << 10, clocks: clock.clocks, pause: { clock.advance(by: $0) })
    let bytes = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let start = clock.elapsed
    try limited.send(bytes)
    let took = clock.elapsed - start
    #expect(took > .milliseconds(3_850) && took < .milliseconds(4_050), "\(took)")
    #expect(stream.sent.flatMap(\.bytes) == bytes)
    #expect(stream.sent.allSatisfy { $0.bytes.count <= 16 << 10 })
    // Evenly: no second without its share.
    let gaps = zip(stream.sent, stream.sent.dropFirst()).map { $1.at - $0.at }
    #expect(gaps.max() ?? .zero < .milliseconds(70))
  }

  @Test("a pause saves up a tenth of a second at most, and a sign of life waits for nothing")
  func saved() throws {
    let clock = HandClock()
    let stream = Played(clock)
    let limited = LimitedStream(
      stream, bytesPerSecond: 64 << 10, clocks: clock.clocks, pause: { clock.advance(by: $0) })
    clock.advance(by: .seconds(3_600))
    let start = clock.elapsed
    try limited.send([1, 2, 3, 4, 5])
    #expect(clock.elapsed == start)
    clock.advance(by: .seconds(3_600))
    let again = clock.elapsed
    try limited.send([UInt8](repeating: 0, count: 64 << 10))
    #expect(clock.elapsed - again > .milliseconds(740), "\(clock.elapsed - again)")
  }

  @Test("ending it, or closing its sending side, ends a pause soon", arguments: [true, false])
  func ended(_ ends: Bool) throws {
    let pair = try Pair()
    let limited = LimitedStream(pair.near, bytesPerSecond: 1_024)
    let start = Clocks.system.elapsed()
    let sender = Worker {
      let error = #expect(throws: TransportError.self) { try limited.send([UInt8](repeating: 1, count: 60 << 10)) }
      #expect(error?.kind == .unreachable)
    }
    sleepMilliseconds(100)
    if ends { limited.end() } else { limited.closeSending() }
    sender.join()
    #expect(Clocks.system.elapsed() - start < .seconds(5))
  }

  @Test("what comes in is not held back, and its end is told")
  func receiving() throws {
    let pair = try Pair()
    let limited = LimitedStream(pair.near, bytesPerSecond: 1_024)
    try pair.far.send([UInt8](repeating: 1, count: 60_000))
    var buffer = [UInt8](repeating: 0, count: 100_000)
    var got = 0
    while got < 60_000 { got += try limited.receive(into: &buffer) }
    #expect(try limited.receive(into: &buffer, atMost: .milliseconds(50)) == nil)
    pair.far.closeSending()
    #expect(try limited.receive(into: &buffer, atMost: .seconds(5)) == 0)
    #expect(limited.ending() == nil)
  }
}
