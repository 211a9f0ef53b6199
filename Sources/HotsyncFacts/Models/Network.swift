import HotsyncSystem

extension Facts {
  /// How the machine is reached.
  public struct Network: FactsDocument {
    public static let name = "network"

    /// What brings its interfaces up.
    public enum Manager: String, Codable, Sendable {
      case ifupdown, netplan
      case networkManager = "NetworkManager"
      case networkd = "systemd-networkd"
      case unknown
    }

    public let manager: Manager
    /// In the order of their names; none where the kernel was not asked, as below another root.
    public let interfaces: [Interface]
    /// The manager's files, and those of names: hostname, hosts, resolv.conf.
    public let files: [FactFile]

    public struct Interface: Codable, Equatable, Sendable {
      public let name: String
      /// `52:54:00:12:34:56`; nil where it has none.
      public let hardwareAddress: String?
      /// `virtio_net`; nil where it has none (bridges, containers).
      public let driver: String?
      /// Those that others can reach; in the kernel's order.
      public let addresses: [Address]
      /// Of its default routes: IPv4 and IPv6.
      public let gateways: [String]

      public init(
        name: String, hardwareAddress: String?, driver: String?, addresses: [Address], gateways: [String]
      ) {
        self.name = name
        self.hardwareAddress = hardwareAddress
        self.driver = driver
        self.addresses = addresses
        self.gateways = gateways
      }

      private enum CodingKeys: String, CodingKey {
        case name
        case hardwareAddress = "hardware_address"
        case driver, addresses, gateways
      }
    }

    public struct Address: Codable, Hashable, Sendable {
      /// `192.0.2.10`, `2001:db8::10`.
      public let address: String
      /// How many bits of it name the network.
      public let prefix: Int
      /// It was given by a server (DHCP, router advertisements), for a time.
      public let isLease: Bool

      public init(address: String, prefix: Int, isLease: Bool) {
        self.address = address
        self.prefix = prefix
        self.isLease = isLease
      }

      public var isIPv6: Bool { address.utf8.contains(UInt8(ascii: ":")) }

      private enum CodingKeys: String, CodingKey {
        case address, prefix
        case isLease = "lease"
      }
    }

    public init(manager: Manager, interfaces: [Interface], files: [FactFile]) {
      self.manager = manager
      self.interfaces = interfaces
      self.files = files
    }

    /// Where its files may stand.
    static let places = [
      "etc/network", "etc/netplan", "etc/systemd/network", "etc/NetworkManager/system-connections", "etc/resolv.conf",
      "etc/hosts", "etc/hostname",
    ]

    public var objection: String? {
      HotsyncFacts.objection(interfaces, "interfaces", Network.objection)
        ?? HotsyncFacts.objection(files, "files") { $0.objection(in: Network.places) }
    }

    private static func objection(_ interface: Interface) -> String? {
      guard Words.isInterface(interface.name) else { return "an interface has a name that cannot be one" }
      let isSound =
        interface.hardwareAddress.map(Words.isHardwareAddress) ?? true
        && interface.driver.map { Words.isLine($0, atMost: 64) } ?? true
        && interface.gateways.count <= 64 && interface.gateways.allSatisfy(Words.isAddress)
        && interface.addresses.count <= 4_096
        && interface.addresses.allSatisfy {
          Words.isAddress($0.address) && (0...($0.isIPv6 ? 128 : 32)).contains($0.prefix)
        }
      return isSound ? nil : "the interface \(interface.name) has something that cannot be"
    }
  }
}
