import FoundationEssentials
public import HotsyncSystem

extension Facts.Network {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Network {
    try Facts.Network(gathering: try Source(root, isMachine: isMachine))
  }

  private static let fileFolders = [
    "etc/hostname", "etc/hosts", "etc/network/interfaces", "etc/network/interfaces.d", "etc/netplan",
    "etc/systemd/network", "etc/NetworkManager/system-connections", "etc/resolv.conf",
  ]

  init(gathering source: Source) throws(FactsError) {
    let files = try source.files(at: Facts.Network.fileFolders)
    let interfaces = source.isMachine ? KernelNetwork.interfaces(named: Facts.Network.words(files)) : []
    self.init(manager: try Facts.Network.manager(source, files), interfaces: interfaces, files: files)
  }

  /// What the managers' files talk of: an interface without hardware counts only where somebody configured it.
  private static func words(_ files: [FactFile]) -> Set<String> {
    let separators: Set<Character> = [" ", "\t", "\n", "=", "\"", "'", ",", ";", "[", "]", "{", "}"]
    var words: Set<String> = []
    for file in files
    where file.path.hasPrefix("/etc/network") || file.path.hasPrefix("/etc/netplan")
      || file.path.hasPrefix("/etc/systemd") || file.path.hasPrefix("/etc/NetworkManager")
    {
      // A key of YAML ends with a colon, a name of an alias has one in it.
      for word in (file.text ?? "").split(whereSeparator: separators.contains) {
        words.insert(String(word))
        if word.hasSuffix(":") { words.insert(String(word.dropLast())) }
      }
    }
    return words
  }

  private static func manager(_ source: Source, _ files: [FactFile]) throws(FactsError) -> Manager {
    func has(_ folder: String, _ suffix: String = "") -> Bool {
      files.contains { $0.path.hasPrefix("/\(folder)") && $0.path.hasSuffix(suffix) }
    }
    var wanted: Set<String> = []
    for target in ["multi-user", "network-online", "sysinit"] {
      wanted.formUnion(try source.names(in: "etc/systemd/system/\(target).target.wants"))
    }
    let known: [(Manager, hasFiles: Bool, unit: String)] = [
      (.networkManager, has("etc/NetworkManager/"), "NetworkManager.service"),
      (.networkd, has("etc/systemd/network/", ".network"), "systemd-networkd.service"),
      (.ifupdown, has("etc/network/interfaces"), "networking.service"),
    ]
    if has("etc/netplan/", ".yaml") { return .netplan }
    if let running = known.first(where: { $0.hasFiles && wanted.contains($0.unit) }) { return running.0 }
    return known.last { $0.hasFiles }?.0 ?? .unknown
  }
}

/// The interfaces as the kernel has them, asked by ip(8).
enum KernelNetwork {
  private static let ip = Tool("ip", in: ["/usr/sbin", "/sbin", "/usr/bin", "/bin"], limit: .seconds(10))
  private static let answerLimit = 4 << 20

  private struct Link: Decodable {
    let name: String
    let address: String?
    let type: String?
    let addresses: [Address]?

    private enum CodingKeys: String, CodingKey {
      case name = "ifname"
      case address
      case type = "link_type"
      case addresses = "addr_info"
    }
  }

  private struct Address: Decodable {
    let local: String?
    let prefixlen: Int?
    let scope: String?
    let dynamic: Bool?
    let temporary: Bool?
  }

  private struct Route: Decodable {
    let gateway: String?
    let dev: String?
  }

  private static func ask<Answer: Decodable>(_ arguments: [String]) -> [Answer] {
    guard let result = try? ip.run(["-j"] + arguments, outputLimit: answerLimit), result.succeeded,
      let answer = try? JSONDecoder().decode([Answer].self, from: Data(result.output))
    else { return [] }
    return answer
  }

  /// Those with hardware, and those that a configuration names; where a machine has neither (a container), those with an address.
  ///
  /// - Parameter words: all that configurations talk of.
  static func interfaces(named words: Set<String>) -> [Facts.Network.Interface] {
    let links: [Link] = ask(["address", "show"])
    let routes: [Route] = ask(["-4", "route", "show", "default"]) + ask(["-6", "route", "show", "default"])
    let all = links.filter { $0.type != "loopback" && Words.isInterface(String(plainName($0.name))) }.map {
      link in
      (interface: interface(link, routes), hasHardware: device(String(plainName(link.name))) != nil)
    }
    let chosen = all.filter { $0.hasHardware || words.contains($0.interface.name) }
    let listed = chosen.isEmpty ? all.filter { !$0.interface.addresses.isEmpty } : chosen
    return listed.map(\.interface).sorted { $0.name < $1.name }
  }

  /// Without the name of the interface below it: `eth0.5@eth0`.
  private static func plainName(_ name: String) -> Substring { name.prefix { $0 != "@" } }

  private static func interface(_ link: Link, _ routes: [Route]) -> Facts.Network.Interface {
    let name = String(plainName(link.name))
    var addresses: [Facts.Network.Address] = []
    for address in link.addresses ?? [] where address.scope == "global" && address.temporary != true {
      guard let local = address.local, Words.isAddress(local), let prefix = address.prefixlen,
        (0...128).contains(prefix)
      else { continue }
      addresses.append(Facts.Network.Address(address: local, prefix: prefix, isLease: address.dynamic ?? false))
    }
    let gateways = routes.filter { $0.dev == name }.compactMap(\.gateway).filter(Words.isAddress)
    return Facts.Network.Interface(
      name: name, hardwareAddress: link.address.flatMap { Words.isHardwareAddress($0) ? $0 : nil },
      driver: device(name).flatMap { $0.isEmpty ? nil : $0 }, addresses: addresses, gateways: gateways)
  }

  /// The driver of the interface's hardware; empty where it is not known, nil where there is no hardware.
  private static func device(_ name: String) -> String? {
    guard let folder = try? Folder.open("/sys/class/net/\(name)/device"), let link = FileName("driver") else {
      return nil
    }
    guard let target = try? folder.readLink(link), let last = target.split(separator: UInt8(ascii: "/")).last else {
      return ""
    }
    return shown(last.prefix(64))
  }
}
