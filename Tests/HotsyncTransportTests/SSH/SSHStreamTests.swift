import HotsyncSystem
import Synchronization
import TestSupport
import Testing

@testable import HotsyncTransport

@Suite struct SSHStreamTests {
  private func noise(_ count: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: 4)
    return generator.bytes(count)
  }

  /// Sends from a thread of its own.
  private func send(_ bytes: [UInt8], _ piece: Int, to stream: any ByteStream) -> Monitor<(any Error)??> {
    let result = Monitor<(any Error)??>(nil)
    _ = Worker {
      do {
        for start in stride(from: 0, to: bytes.count, by: piece) {
          try stream.send(Array(bytes[start..<min(bytes.count, start + piece)]))
        }
        stream.closeSending()
        result.withLock { $0 = .some(nil) }
      } catch { result.withLock { $0 = .some(error) } }
    }
    return result
  }

  @Test("what is sent comes back whole while both directions are full", arguments: BoundKey.Client.allCases)
  func echo(_ client: BoundKey.Client) throws {
    let key = try BoundKey(to: "cat")
    let bytes = noise(24 << 20)
    let stream = try key.connect(client)
    let sent = send(bytes, 300_007, to: stream)
    #expect(try receiveAll(stream) == bytes)
    #expect(sent.wait(atMost: .seconds(1), until: { $0 }).map { $0 == nil } == true)
  }

  @Test("a change of keys in the middle of both directions loses nothing", arguments: BoundKey.Client.allCases)
  func rekeying(_ client: BoundKey.Client) throws {
    let key = try BoundKey(to: "cat", "RekeyLimit 1M")
    let bytes = noise(12 << 20)
    let stream = try key.connect(client)
    _ = send(bytes, 100_000, to: stream)
    #expect(try receiveAll(stream) == bytes)
  }

  @Test("a reader that is slow gets all, and holds up the sender", arguments: BoundKey.Client.allCases)
  func slowReader(_ client: BoundKey.Client) throws {
    let key = try BoundKey(to: "head -c 9000000 /dev/zero")
    let stream = try key.connect(client)
    Worker.pause(.milliseconds(700))
    #expect(try receiveAll(stream).count == 9_000_000)
  }

  @Test("all that was sent has gone out before the other side sees the end", arguments: BoundKey.Client.allCases)
  func closing(_ client: BoundKey.Client) throws {
    let key = try BoundKey(to: "sleep 0.3; wc -c")
    let stream = try key.connect(client)
    try stream.send(noise(5_000_001))
    stream.closeSending()
    #expect(String(decoding: try receiveAll(stream), as: UTF8.self).contains("5000001"))
  }

  @Test("an end sends what is still to go, and waits for the other side to end", arguments: BoundKey.Client.allCases)
  func ending(_ client: BoundKey.Client) throws {
    let key = try BoundKey(to: "cat > \"$HOTSYNC_OUT\"", "SetEnv HOTSYNC_OUT=/dev/null")
    let stream = try key.connect(client)
    try stream.send(noise(300_000))
    stream.end()
    #expect(stream.ending() == nil)
    var buffer = [UInt8](repeating: 0, count: 10)
    #expect(try stream.receive(into: &buffer) == 0)
    #expect(throws: TransportError.self) { try stream.send([1]) }
  }

  @Test("a side that says nothing, or takes nothing, for longer than the limit is given up")
  func silence() throws {
    let key = try BoundKey(to: "sleep 30", silence: .seconds(1))
    let stream = try SSHTransport(key.target)
    var buffer = [UInt8](repeating: 0, count: 10)
    let said = #expect(throws: TransportError.self) { try stream.receive(into: &buffer) }
    #expect(said?.kind == .unreachable && said?.cause == "it was silent for 1 s")
    let taken = #expect(throws: TransportError.self) {
      for _ in 0..<40 { try stream.send(noise(1 << 20)) }
    }
    #expect(taken?.kind == .unreachable)
  }

  @Test("an end from another thread wakes who sends and who receives")
  func wakes() throws {
    let key = try BoundKey(to: "sleep 30")
    let stream = try SSHTransport(key.target)
    let sent = send(noise(40 << 20), 1 << 20, to: stream)
    let received = Monitor<Int?>(nil)
    _ = Worker {
      var buffer = [UInt8](repeating: 0, count: 10)
      let count = (try? stream.receive(into: &buffer)) ?? -1
      received.withLock { $0 = count }
    }
    Worker.pause(.milliseconds(300))
    let start = Clocks.system.elapsed()
    stream.end()
    #expect(received.wait(atMost: .seconds(1), until: { $0 }) == 0)
    #expect(sent.wait(atMost: .seconds(1), until: { $0 }) != nil)
    #expect(Clocks.system.elapsed() - start < .seconds(8))
  }

  /// How a command ended that said nothing on its standard output.
  private func ended(_ command: String, _ client: BoundKey.Client) throws -> (words: String?, failure: TransportError?)
  {
    let key = try BoundKey(to: command)
    return try withExtendedLifetime(key) {
      let stream = try key.connect(client)
      #expect(try receiveAll(stream).isEmpty)
      return (stream.ending(), stream.failure())
    }
  }

  @Test("what the command said and how it ended is told", arguments: BoundKey.Client.allCases)
  func words(_ client: BoundKey.Client) throws {
    let said = try ended("printf 'cannot \\033[31m begin' >&2; exit 3", client)
    #expect(said.words == "cannot \\x1b[31m begin")
    #expect(said.failure == nil)
    #expect(try ended("exit 9", client).words?.contains("code 9") == true)
  }

  @Test("a key that is bound to nothing, or to a program that is missing, is told", arguments: BoundKey.Client.allCases)
  func unbound(_ client: BoundKey.Client) throws {
    let missing = try ended("/no/such/program serve", client).failure
    #expect(missing?.kind == .incompatible && missing?.cause.contains("/no/such/program") == true)
    #expect(try ended(SSHTarget.requestedCommand, client).failure?.kind == .refused)
  }
}
