/// Which interface of this machine stands in for which of the master's: a pure comparison, shown before anything is done.
public struct InterfaceMatch: Equatable, Sendable {
  public struct Pair: Equatable, Sendable {
    public let theirs: String
    public let ours: String
    /// Why these two.
    public let reason: String
  }

  /// Those that were matched, in the master's order.
  public private(set) var pairs: [Pair] = []
  /// What keeps the match from being clear, each a sentence without its end; none where it is clear.
  public private(set) var doubts: [String] = []
  /// What the operator should know although it is clear.
  public private(set) var remarks: [String] = []

  public var isClear: Bool { doubts.isEmpty }
  /// From the master's names to ours, where they differ.
  public var renamed: [String: String] {
    Dictionary(pairs.filter { $0.theirs != $0.ours }.map { ($0.theirs, $0.ours) }) { first, _ in first }
  }

  /// - Parameters:
  ///   - wanted: the names that the master's files configure; others of its interfaces need no counterpart.
  public init(
    theirs: [Facts.Network.Interface], ours: [Facts.Network.Interface], wanted: [String]
  ) {
    let needed = theirs.filter { wanted.contains($0.name) && InterfaceMatch.isHardware($0.name) }
    let known = Set(theirs.map(\.name))
    for name in wanted where !known.contains(name) && InterfaceMatch.isHardware(name) {
      doubts.append("the master's files configure \(name), which the master itself did not have")
    }
    let here = ours.filter { InterfaceMatch.isHardware($0.name) }
    guard !needed.isEmpty else {
      doubts.append("the master's facts name no interface that its files configure")
      return
    }
    guard needed.count <= here.count else {
      doubts.append("the master used \(needed.count) interfaces, and this machine has \(here.count)")
      return
    }
    if needed.allSatisfy({ theirs in here.contains { $0.name == theirs.name } }) {
      matchByName(needed, here)
    } else {
      matchByPosition(needed, here)
    }
  }

  /// The same names here and there are meant to be the same.
  private mutating func matchByName(_ needed: [Facts.Network.Interface], _ here: [Facts.Network.Interface]) {
    for theirs in needed {
      guard let ours = here.first(where: { $0.name == theirs.name }) else { continue }
      pairs.append(Pair(theirs: theirs.name, ours: ours.name, reason: "of the same name"))
      guard let known = theirs.driver, let own = ours.driver, known != own else { continue }
      remarks.append("\(ours.name) is driven by \(own) here, and was by \(known) there")
    }
  }

  /// Names differ: within each driver they stand for one another in their order, if there are as many here as there.
  private mutating func matchByPosition(_ needed: [Facts.Network.Interface], _ here: [Facts.Network.Interface]) {
    if needed.count == 1, here.count == 1 {
      pairs.append(Pair(theirs: needed[0].name, ours: here[0].name, reason: "the only one on either side"))
      return
    }
    for driver in Set(needed.map { $0.driver ?? "" }).sorted() {
      let there = needed.filter { ($0.driver ?? "") == driver }.sorted { InterfaceMatch.precedes($0.name, $1.name) }
      let same = here.filter { ($0.driver ?? "") == driver }.sorted { InterfaceMatch.precedes($0.name, $1.name) }
      let words = driver.isEmpty ? "without a known driver" : "driven by \(driver)"
      guard there.count == same.count else {
        doubts.append("the master used \(there.count) interfaces \(words), and this machine has \(same.count)")
        continue
      }
      for (theirs, ours) in zip(there, same) {
        pairs.append(Pair(theirs: theirs.name, ours: ours.name, reason: "\(words), in their order"))
      }
    }
    if needed.count > 1, !pairs.isEmpty, doubts.isEmpty {
      doubts.append("several interfaces have other names here: compare which cable goes where")
    }
  }

  /// What stands on others (VLANs, labels) or on nothing (bridges, bonds, tunnels) goes where those go.
  private static func isHardware(_ name: String) -> Bool {
    let soft = ["br", "bond", "dummy", "tun", "tap", "wg", "veth", "docker", "virbr", "vlan", "team", "lo"]
    if name.contains(".") || name.contains(":") { return false }
    return !soft.contains { name == $0 || (name.hasPrefix($0) && name.dropFirst($0.count).allSatisfy(\.isNumber)) }
  }

  /// `eth2` before `eth10`.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.count != right.utf8.count ? left.utf8.count < right.utf8.count : left < right
  }

  /// For a person, a line a pair.
  public var lines: [String] {
    pairs.map { "\($0.theirs) there is \($0.ours) here: \($0.reason)" } + remarks + doubts
  }
}
