import HotsyncSystem
import TestSupport
import Testing

@Suite struct AddressTests {
  private static let hasIPv6: Bool =
    (try? Descriptor.open("/proc/sys/net/ipv6/conf/lo/disable_ipv6").readAll(limit: 8))
    .map { $0?.first == UInt8(ascii: "0") } ?? false

  @Test("a slave that moves to another address, name or port keeps its trust", arguments: TestedTransport.overSSH)
  func moves(_ transport: TestedTransport) throws {
    let pair = try Pair.committed(over: transport)
    let server =
      try AddressTests.hasIPv6
      ? SSHServer(root: pair.slave.path, "ListenAddress ::1") : SSHServer(root: pair.slave.path)
    try withExtendedLifetime(server) {
      try pair.set(ofConnection: "port", "\(server.port)")
      for host in ["localhost", "127.0.0.1"] + (AddressTests.hasIPv6 ? ["::1", "ip6-localhost"] : []) {
        guard host != "ip6-localhost" || AddressTests.knows(host) else { continue }
        try pair.set(ofConnection: "slave_host", host)
        try pair.data.write(host, to: "moved")
        #expect(try pair.expectInStep().result == "committed", "\(host)")
      }
      #expect(server.log.contains("Accepted publickey"))
    }
  }

  private static func knows(_ host: String) -> Bool {
    (try? SocketAddress.all(of: host, port: 22, atMost: .seconds(5))) != nil
  }
}
