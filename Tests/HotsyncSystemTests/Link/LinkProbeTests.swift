import Glibc
import HotsyncSystem
import Synchronization
import TestSupport
import Testing

/// unshare(2) of the thread that calls it.
@_silgen_name("unshare") private func unshareNamespaces(_ flags: Int32) -> Int32

@Suite("Asking a wire who has an address")
struct LinkProbeTests {
  private struct Unable: Error {}

  /// Runs in a network of its own with a cable `here`–`there`, `there` being 192.0.2.10, on a thread of its own.
  private func onWire<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
    let result = Mutex<Swift.Result<Result, any Error>>(.failure(Unable()))
    Worker {
      // CLONE_NEWNET
      let isAlone = unshareNamespaces(0x4000_0000) == 0
      let outcome = Swift.Result {
        guard isAlone else { throw Unable() }
        let made = try RunningProgram.run(
          "/bin/sh",
          [
            "-ec",
            """
            ip link add here address 02:00:00:00:00:01 type veth peer name there address 02:00:00:00:00:02
            ip link set lo up; ip link set here up; ip link set there up; ip address add 192.0.2.10/24 dev there
            """,
          ])
        guard made.exitCode == 0 else { throw SupportError(made.errorText) }
        return try body()
      }
      result.withLock { $0 = outcome }
    }.join()
    return try result.withLock { try $0.get() }
  }

  @Test(
    "an address that somebody has is told with the card, one that nobody has is not", .enabled(if: Environment.isRoot))
  func whoHas() throws {
    let taken = try #require(InternetAddress(text: "192.0.2.10"))
    let free = try #require(InternetAddress(text: "192.0.2.11"))
    let (found, elapsed) = try onWire {
      let start = Clocks.system.elapsed()
      let found = try LinkProbe("here").whoHas([taken, free], atMost: .milliseconds(900))
      return (found, Clocks.system.elapsed() - start)
    }
    #expect(found == [taken: HardwareAddress(text: "02:00:00:00:00:02")!])
    #expect(elapsed > .milliseconds(800) && elapsed < .seconds(5))
  }

  @Test("a probe that is answered ends at once, and asking for nothing takes no time", .enabled(if: Environment.isRoot))
  func early() throws {
    let taken = try #require(InternetAddress(text: "192.0.2.10"))
    let elapsed = try onWire {
      let start = Clocks.system.elapsed()
      let probe = try LinkProbe("here")
      #expect(try probe.whoHas([taken], atMost: .seconds(9)).count == 1)
      #expect(try probe.whoHas([], atMost: .seconds(9)).isEmpty)
      return Clocks.system.elapsed() - start
    }
    #expect(elapsed < .seconds(3))
  }

  @Test("what is announced changes what neighbours know", .enabled(if: Environment.isRoot))
  func announce() throws {
    let moved = try #require(InternetAddress(text: "192.0.2.20"))
    let known = try onWire {
      let before = try RunningProgram.run(
        "/bin/sh", ["-ec", "ip neigh replace 192.0.2.20 lladdr 02:00:00:00:00:09 dev there nud reachable"])
      guard before.exitCode == 0 else { throw SupportError(before.errorText) }
      let probe = try LinkProbe("here")
      for _ in 0..<20 {
        try probe.announce([moved])
        Worker.pause(.milliseconds(200))
        let known = try RunningProgram.run("ip", ["neigh", "show", "192.0.2.20"]).outputText
        if known.contains("02:00:00:00:00:01") { return known }
      }
      return try RunningProgram.run("ip", ["neigh", "show"]).outputText
    }
    #expect(known.contains("02:00:00:00:00:01"), "\(known)")
  }

  @Test("an interface that is not there, or is no Ethernet, is told by name")
  func missing() {
    #expect(throws: SystemError.self) { _ = try LinkProbe("nosuch0") }
    #expect(throws: SystemError.self) { _ = try LinkProbe("a-name-that-is-far-too-long") }
    #expect(throws: SystemError.self) { _ = try LinkProbe("lo") }
  }
}
