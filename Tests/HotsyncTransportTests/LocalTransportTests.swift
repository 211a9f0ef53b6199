import HotsyncSystem
import HotsyncTransport
import Testing

@Suite struct LocalTransportTests {
  /// A program in the agent's place: a shell whose script comes by the environment, as the arguments are fixed.
  private func start(_ script: String) throws -> LocalTransport {
    Signals.ignoreBrokenPipes()
    let scripts = try Folder.open(Environment.value("TMPDIR") ?? "/tmp")
    let name = try #require(FileName("hotsync-agent-" + hexadecimal(Environment.randomBytes(8))))
    try scripts.replace(name, with: Array(("#!/bin/sh\n" + script + "\n").utf8), permissions: 0o700)
    defer { try? scripts.unlink(name) }
    let transport = try LocalTransport(
      program: (Environment.value("TMPDIR") ?? "/tmp") + "/" + name.description, connection: "standby", root: "/r",
      silence: .seconds(20))
    // The script must be read before it goes: it says so first.
    var buffer = [UInt8](repeating: 0, count: 1)
    #expect(try transport.receive(into: &buffer) == 1)
    return transport
  }

  private func read(_ transport: LocalTransport, _ count: Int) throws -> String {
    var got: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 100)
    while got.count < count {
      let count = try transport.receive(into: &buffer)
      if count == 0 { break }
      got += buffer[..<count]
    }
    return String(decoding: got, as: UTF8.self)
  }

  @Test("the agent gets its verb, its connection and its root, and what is sent comes to its input")
  func arguments() throws {
    let transport = try start("printf .; printf '%s|' \"$@\"; exec cat")
    #expect(try read(transport, 37) == "serve|--connection|standby|--root|/r|")
    try transport.send(Array("hello".utf8))
    #expect(try read(transport, 5) == "hello")
    transport.end()
    transport.end()
    #expect(transport.ending() == nil)
  }

  @Test("what the agent says to its standard error, and else its code, is the reason that is told")
  func reasons() throws {
    let talker = try start("printf .; printf 'no \\033[2Jstore\\nmounted\\n' >&2; exit 73")
    #expect(try read(talker, 1) == "")
    talker.end()
    #expect(talker.ending() == "no \\x1b[2Jstore; mounted")
    let silent = try start("printf .; exit 73")
    #expect(try read(silent, 1) == "")
    silent.end()
    #expect(silent.ending() == "the agent ended with code 73")
  }

  @Test("an agent that does not end by itself is ended with all that it started")
  func stubborn() throws {
    let start = Clocks.system.elapsed()
    let transport = try self.start("printf .; sleep 300 & exec sleep 300")
    transport.end()
    #expect(transport.ending() == "the agent was ended by signal 15")
    #expect(Clocks.system.elapsed() - start < .seconds(20))
  }

  @Test("a program that is not there is told with its path")
  func missing() throws {
    let error = #expect(throws: TransportError.self) {
      _ = try LocalTransport(program: "/nonexistent/agent", connection: "c", root: "/", silence: .seconds(1))
    }
    #expect(error?.cause == "/nonexistent/agent: No such file or directory")
  }
}
