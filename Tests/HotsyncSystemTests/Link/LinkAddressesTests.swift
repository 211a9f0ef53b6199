import HotsyncSystem
import Testing

@Suite("Addresses of cards and machines")
struct LinkAddressesTests {
  @Test(
    "what is no address of a card is none",
    arguments: [
      "", "02:00:00:aa:bb", "02:00:00:aa:bb:cc:dd", "02:00:00:aa:bb:c", "02:00:00:aa:bb:+c", "02-00-00-aa-bb-cc",
    ])
  func noCard(text: String) { #expect(HardwareAddress(text: text) == nil) }

  @Test("an address of a card is told in small letters")
  func card() { #expect(HardwareAddress(text: "02:00:00:AA:bb:0c")?.description == "02:00:00:aa:bb:0c") }

  @Test(
    "what is no address of a machine is none",
    arguments: [
      "", "192.0.2", "192.0.2.256", "192.0.2.10.1", "192.0.2.+1", "192.0.2.10/24", "2001:db8", "2001:db8:::1", "::1::",
      "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "g::1", "12345::1", ":1:2:3:4:5:6:7", "host",
    ])
  func noAddress(text: String) { #expect(InternetAddress(text: text) == nil) }

  @Test(
    "addresses are told as people write them",
    arguments: [
      ("192.0.2.10", "192.0.2.10"), ("2001:DB8:0:0:0:0:0:10", "2001:db8::10"), ("::", "::"), ("::1", "::1"),
      ("fe80::1", "fe80::1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.10", "::ffff:c000:20a"),
      ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("2001:db8::", "2001:db8::"),
    ])
  func told(text: String, expected: String) { #expect(InternetAddress(text: text)?.description == expected) }

  @Test("loopback and link-local addresses are known as such")
  func kinds() throws {
    let kinds = try ["127.0.0.1", "::1", "169.254.3.4", "fe80::1", "192.0.2.1", "2001:db8::1"].map {
      let address = try #require(InternetAddress(text: $0))
      return (address.isLoopback, address.isLinkLocal)
    }
    #expect(kinds.map(\.0) == [true, true, false, false, false, false])
    #expect(kinds.map(\.1) == [false, false, true, true, false, false])
  }
}
