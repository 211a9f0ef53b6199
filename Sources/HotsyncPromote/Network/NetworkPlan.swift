import HotsyncFacts
import HotsyncSystem

/// What taking over the master's network would mean on this machine: a pure comparison of both machines' facts.
struct NetworkPlan: Equatable, Sendable {
  struct File: Equatable, Sendable {
    /// Absolute.
    let path: String
    let permissions: UInt16
    let text: String
  }

  struct Place: Hashable, Sendable {
    let interface: String
    let address: InternetAddress
  }

  private(set) var match: InterfaceMatch
  /// The master's files, with this machine's names and its own addresses in them.
  private(set) var files: [File] = []
  /// Files of this machine's that the master has not.
  private(set) var removed: [String] = []
  /// This machine's interfaces that are configured before or after.
  private(set) var interfaces: [String] = []
  /// Those that are configured now.
  private(set) var before: [String] = []
  /// The addresses that are taken over.
  private(set) var addresses: [Place] = []
  /// What the operator should see before.
  private(set) var notes: [String] = []
  /// Why it cannot be done at all; nil where it can.
  private(set) var obstacle: String?

  private static let main = "/etc/network/interfaces"
  private static let folder = "/etc/network/interfaces.d/"

  init(theirs: Facts.Network, ours: Facts.Network) {
    let their = NetworkPlan.interfacesFiles(theirs)
    let own = NetworkPlan.interfacesFiles(ours)
    var wanted: [String] = []
    for name in their.flatMap(\.file.interfaces) where !wanted.contains(name) { wanted.append(name) }
    match = InterfaceMatch(theirs: theirs.interfaces, ours: ours.interfaces, wanted: wanted)
    guard theirs.manager == .ifupdown, !their.isEmpty else {
      obstacle =
        "the master's network is brought up by \(theirs.manager.rawValue), and only ifupdown's files are known here"
      return
    }
    guard ours.manager == .ifupdown || ours.manager == .unknown else {
      obstacle = "this machine's network is brought up by \(ours.manager.rawValue), and the master's by ifupdown"
      return
    }
    take(their, ours)
    removed = own.map(\.fact.path).filter { path in !files.contains { $0.path == path } }.sorted()
    before = NetworkPlan.unique(own.flatMap(\.file.interfaces))
    interfaces = NetworkPlan.unique(
      before + files.flatMap { InterfacesFile($0.text).interfaces })
  }

  private static func unique(_ names: [String]) -> [String] {
    var result: [String] = []
    for name in names where !result.contains(name) { result.append(name) }
    return result
  }

  private static func interfacesFiles(_ facts: Facts.Network) -> [(fact: FactFile, file: InterfacesFile)] {
    facts.files.filter { $0.path == main || $0.path.hasPrefix(folder) }.compactMap { fact in
      fact.text.map { (fact, InterfacesFile($0)) }
    }
  }

  private mutating func take(_ their: [(fact: FactFile, file: InterfacesFile)], _ ours: Facts.Network) {
    var renamed = their.map { (fact: $0.fact, file: $0.file.renamed(match.renamed)) }
    let all = renamed.flatMap(\.file.addresses)
    addresses = all.map { Place(interface: $0.interface, address: $0.address) }
    keepOwn(ours, among: Set(all.map(\.address)), in: &renamed)
    files = renamed.map { File(path: $0.fact.path, permissions: $0.fact.permissions & 0o644, text: $0.file.text) }
    for (fact, file) in renamed {
      notes += file.commands.map { "\(fact.path) runs as root: \($0)" }
      notes += file.boundToCards.map { "\(fact.path) names a card of the master's: \($0)" }
      notes += file.leased.map { "\($0) asks a server for its address: that may be another than the master had" }
    }
  }

  /// This machine stays reachable where it was, and answers the old master there.
  private mutating func keepOwn(
    _ ours: Facts.Network, among taken: Set<InternetAddress>, in files: inout [(fact: FactFile, file: InterfacesFile)]
  ) {
    guard let place = files.firstIndex(where: { $0.fact.path == NetworkPlan.main }) ?? files.indices.first else {
      return
    }
    for interface in ours.interfaces {
      for known in interface.addresses {
        guard let address = InternetAddress(text: known.address), !taken.contains(address) else { continue }
        guard !known.isLease else {
          notes.append("\(interface.name)'s address \(address) was given by a server: it is not kept")
          continue
        }
        files[place].file = files[place].file.adding(
          address, prefix: known.prefix, to: interface.name, because: "This machine's own address, kept by HotSync.")
        notes.append("this machine keeps \(address)/\(known.prefix) on \(interface.name) as a second address")
      }
    }
  }
}
