import HotsyncFacts
import HotsyncSystem
import Testing

@Suite("The file of interfaces(5)")
struct InterfacesFileTests {
  static let server = """
    # The primary interface
    auto lo eth0
    iface lo inet loopback
    source /etc/network/interfaces.d/*

    allow-hotplug eth1
    iface eth0 inet static
        address 192.0.2.10/24
        gateway 192.0.2.1
        hwaddress ether 02:00:00:00:00:01
        up ip route add 198.51.100.0/24 \\
            via 192.0.2.2 dev eth0
        pre-up /usr/local/sbin/firewall eth0

    iface eth0 inet6 static
        address 2001:db8::10
        netmask 64

    iface eth0:1 inet static
        address 192.0.2.11
        netmask 255.255.255.128

    iface eth1 inet dhcp
    """

  private let file = InterfacesFile(server)

  @Test("addresses are read in each of their forms, without loopback's and without leases")
  func addresses() {
    #expect(
      file.addresses.map { "\($0.interface) \($0.address)/\($0.prefix)" } == [
        "eth0 192.0.2.10/24", "eth0 2001:db8::10/64", "eth0 192.0.2.11/25",
      ])
    #expect(file.leased == ["eth1"] && file.interfaces == ["eth0", "eth1"])
    #expect(file.boundToCards == ["eth0 hwaddress ether 02:00:00:00:00:01"])
  }

  @Test("masks that are none give no address")
  func masks() {
    for mask in ["255.0.255.0", "33", "-1", "2001::", "x"] {
      let odd = InterfacesFile("iface eth0 inet static\n address 192.0.2.10\n netmask \(mask)")
      #expect(odd.addresses.isEmpty, "\(mask)")
    }
    #expect(InterfacesFile("iface eth0 inet static\n address 192.0.2.10\n").addresses.first?.prefix == 32)
    #expect(InterfacesFile("iface eth0 inet static\n address 192.0.2.10/0\n").addresses.first?.prefix == 0)
  }

  @Test("every command that would run is told, whole")
  func commands() {
    #expect(
      file.commands.map(\.description) == [
        "eth0 up ip route add 198.51.100.0/24 via 192.0.2.2 dev eth0", "eth0 pre-up /usr/local/sbin/firewall eth0",
      ])
  }

  @Test("what is not changed is written as it was")
  func unchanged() {
    #expect(file.text == InterfacesFileTests.server + "\n")
    #expect(file.renamed([:]) == file)
    #expect(InterfacesFile("").text.isEmpty)
  }

  @Test("other names stand wherever the old ones stood as whole words, and two may change places")
  func renamed() {
    let renamed = InterfacesFile(
      """
      auto eth0 eth1 eth0.5 veth0
      iface eth0 inet manual
      iface eth0.5 inet static
        address 192.0.2.10/24
        vlan-raw-device eth0
      iface br0 inet manual
        bridge_ports eth0 eth1 eth01 my-eth0
        up echo 1 >/proc/sys/net/ipv4/conf/eth0/forwarding # eth0
      # eth0 is the first
      """
    ).renamed(["eth0": "eth1", "eth1": "eth0"])
    #expect(
      renamed.text == """
        auto eth1 eth0 eth1.5 veth0
        iface eth1 inet manual
        iface eth1.5 inet static
          address 192.0.2.10/24
          vlan-raw-device eth1
        iface br0 inet manual
          bridge_ports eth1 eth0 eth01 my-eth0
          up echo 1 >/proc/sys/net/ipv4/conf/eth1/forwarding # eth1
        # eth0 is the first

        """)
  }

  @Test("a machine that must not serve keeps what a server gave it, and nothing else")
  func withoutOwnAddresses() {
    let kept = file.withoutOwnAddresses
    #expect(kept.addresses.isEmpty && kept.leased == ["eth1"] && kept.commands.isEmpty)
    #expect(kept.text.contains("auto lo\n") && kept.text.contains("allow-hotplug eth1\n"))
    #expect(!kept.text.contains("192.0.2.") && !kept.text.contains("2001:db8"))
  }

  @Test("an address more is a paragraph more, once")
  func adding() throws {
    let own = try #require(InternetAddress(text: "192.0.2.20"))
    let more = file.adding(own, prefix: 24, to: "eth0", because: "This machine's own.")
    #expect(more.text == file.text + "\n# This machine's own.\niface eth0 inet static\n    address 192.0.2.20/24\n")
    #expect(more.adding(own, prefix: 24, to: "eth0", because: "") == more)
    let other = file.adding(own, prefix: 24, to: "eth7", because: "x")
    #expect(other.text.hasSuffix("auto eth7\niface eth7 inet static\n    address 192.0.2.20/24\n"))
    #expect(other.addresses.last?.interface == "eth7")
  }
}
