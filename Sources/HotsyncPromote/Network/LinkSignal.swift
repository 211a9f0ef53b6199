import HotsyncConfig
import HotsyncFacts
public import HotsyncSystem

/// Asks the wire whether anybody has the master's addresses: the last word on whether it is off, as the master cannot but
/// answer while it has them.
public struct LinkSignal: MasterProbe {
  public init() {}

  public var name: String { "arp" }

  private static let limit = Duration.seconds(3)

  public func ask(_ world: PromotionWorld) throws(PromoteError) -> Signal {
    guard world.isMachine else { return Signal(name, .impossible, "no wire belongs to a folder") }
    let master: Facts.Network?
    do throws(PromoteError) { master = try facts(world) } catch { return Signal(name, .impossible, error.cause) }
    let addresses = LinkSignal.addresses(of: master, host: world.connection.masterHost)
    guard !addresses.isEmpty else { return Signal(name, .impossible, "no IPv4 address of the master's is known") }
    let ours: [Facts.Network.Interface]
    do throws(FactsError) {
      ours = try Facts.Network.gathered(below: world.root.folder, isMachine: true).interfaces
    } catch { return Signal(name, .impossible, error.cause) }
    var found: [InternetAddress: HardwareAddress] = [:]
    var asked: [String] = []
    for interface in ours {
      guard let answers = try? LinkProbe(interface.name).whoHas(addresses, atMost: LinkSignal.limit) else { continue }
      asked.append(interface.name)
      found.merge(answers) { first, _ in first }
    }
    return LinkSignal.signal(found, of: master, addresses: addresses, asked: asked, ours: ours)
  }

  private func facts(_ world: PromotionWorld) throws(PromoteError) -> Facts.Network? {
    guard let bytes = try world.facts(Facts.Network.name) else { return nil }
    do throws(FactsError) { return try Facts.Network(decoding: bytes) } catch { throw PromoteError(error) }
  }

  /// Its own ones that a promotion would take, and the one that is configured here.
  static func addresses(of master: Facts.Network?, host: String?) -> [InternetAddress] {
    let known = (master?.interfaces ?? []).flatMap(\.addresses).filter { !$0.isLease }.map(\.address)
    var result: [InternetAddress] = []
    for text in known + [host].compactMap({ $0 }) {
      guard let address = InternetAddress(text: text), address.isVersion4, !result.contains(address) else { continue }
      result.append(address)
    }
    return result
  }

  /// What the answers mean: a pure comparison with the cards that the master had.
  static func signal(
    _ found: [InternetAddress: HardwareAddress], of master: Facts.Network?, addresses: [InternetAddress],
    asked: [String], ours: [Facts.Network.Interface]
  ) -> Signal {
    func cards(_ interfaces: [Facts.Network.Interface]) -> Set<HardwareAddress> {
      Set(interfaces.compactMap(\.hardwareAddress).compactMap { HardwareAddress(text: $0) })
    }
    guard !asked.isEmpty else { return Signal("arp", .impossible, "no interface of this machine can ask the wire") }
    let own = cards(ours)
    let theirs = cards(master?.interfaces ?? [])
    let answers = found.filter { !own.contains($0.value) }.sorted { $0.key.description < $1.key.description }
    if let alive = answers.first(where: { theirs.contains($0.value) }) {
      return Signal("arp", .alive, "the master's own card \(alive.value) answers at \(alive.key)")
    }
    if let other = answers.first {
      let words = "\(other.value) answers at \(other.key)"
      // Without facts nobody's card is known: then it must be taken for the master's.
      return theirs.isEmpty
        ? Signal("arp", .alive, words) : Signal("arp", .addressTaken, "\(words), which is no card of the master's")
    }
    let shown = addresses.map(\.description).joined(separator: ", ")
    return Signal("arp", .silent, "nobody answers at \(shown) on \(asked.joined(separator: ", "))")
  }
}
