import HotsyncSystem
import Testing

@testable import TestSupport

/// A server that sends back what it gets, over a relay with a plan.
@Suite struct RelayTests {
  private final class Echo {
    let listener: LoopbackSocket
    var sockets: [LoopbackSocket] = []

    init() throws { listener = try LoopbackSocket.listening() }

    /// Sends back what has come.
    func turn() throws {
      while let socket = try listener.accepted() { sockets.append(socket) }
      for socket in sockets {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while let count = try? socket.descriptor.readIfReady(into: &buffer), count > 0 {
          _ = try? Descriptor.writeSome(buffer[..<count], to: socket.number)
        }
      }
    }
  }

  /// Sends bytes and gives what came back within the time, and whether the connection had an end.
  private func send(
    _ bytes: [UInt8], to relay: Relay, _ echo: Echo, within limit: Duration, until count: Int = .max
  ) throws -> (bytes: [UInt8], hasEnded: Bool) {
    let client = try LoopbackSocket.connected(to: relay.port)
    var rest = bytes[...]
    var got: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let start = Clocks.system.elapsed()
    while Clocks.system.elapsed() - start < limit, got.count < count {
      do {
        if !rest.isEmpty { rest = rest.dropFirst(try Descriptor.writeSome(rest, to: client.number)) }
        try echo.turn()
        switch try client.descriptor.readIfReady(into: &buffer) {
        case 0?: return (got, true)
        case let count?: got += buffer[..<count]
        case nil: Worker.pause(.milliseconds(1))
        }
      } catch is SystemError { return (got, true) }
    }
    return (got, false)
  }

  private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  @Test("what passes is what was sent, and is counted")
  func passes() throws {
    let echo = try Echo()
    let relay = try Relay(to: try echo.listener.port)
    let got = try send(bytes, to: relay, echo, within: .seconds(10), until: bytes.count)
    #expect(got.bytes == bytes)
    #expect(relay.counts == Relay.Counts(connections: 1, up: bytes.count, down: bytes.count))
  }

  @Test("a cut lets exactly so many bytes pass", arguments: [true, false])
  func cuts(_ byReset: Bool) throws {
    let echo = try Echo()
    let relay = try Relay(to: try echo.listener.port, .cut(after: 1_000, of: .down, byReset: byReset))
    let got = try send(bytes, to: relay, echo, within: .seconds(10))
    #expect(got.hasEnded && relay.counts.down == 1_000)
    #expect(byReset || got.bytes == Array(bytes.prefix(1_000)))
    #expect(try send(bytes, to: relay, echo, within: .seconds(10), until: bytes.count).bytes == bytes, "the later plan")
  }

  @Test("a stalled and a swallowed connection stay open, and nothing comes any more")
  func stalls() throws {
    let echo = try Echo()
    for plan in [Relay.Plan.stall(after: 500, of: .both), .swallow(after: 500, of: .both)] {
      let relay = try Relay(to: try echo.listener.port, plan)
      let got = try send(bytes, to: relay, echo, within: .milliseconds(300))
      #expect(!got.hasEnded && got.bytes.count <= 500 && relay.counts.bytes == 500)
    }
  }

  @Test("a delay, a limit and noise are what they say")
  func shapes() throws {
    let echo = try Echo()
    let relay = try Relay(to: try echo.listener.port, .delay(.milliseconds(25)))
    let clock = ContinuousClock()
    #expect(try clock.measure { _ = try send([1], to: relay, echo, within: .seconds(5), until: 1) } > .milliseconds(49))
    relay.plan(.limit(bytesPerSecond: 100_000))
    let time = try clock.measure { _ = try send(bytes, to: relay, echo, within: .seconds(9), until: 50_000) }
    #expect(time > .milliseconds(450) && time < .seconds(3), "\(time)")
    relay.plan(.noise([9, 8, 7]))
    #expect(try send([1], to: relay, echo, within: .seconds(5), until: 4).bytes == [9, 8, 7, 1])
  }

  @Test("connections that are dropped end, and others begin")
  func drops() throws {
    let echo = try Echo()
    let relay = try Relay(to: try echo.listener.port)
    let client = try LoopbackSocket.connected(to: relay.port)
    while relay.counts.connections == 0 { Worker.pause(.milliseconds(1)) }
    relay.drop()
    var buffer: [UInt8] = [0]
    // The end takes a moment to come through.
    #expect(throws: SystemError.self) {
      for _ in 0..<5_000 where try client.descriptor.readIfReady(into: &buffer) == nil {
        Worker.pause(.milliseconds(1))
      }
    }
    #expect(try send([1], to: relay, echo, within: .seconds(5), until: 1).bytes == [1])
  }
}
