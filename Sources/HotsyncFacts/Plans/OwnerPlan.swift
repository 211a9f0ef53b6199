/// What a machine's accounts lack of a master's: accounts are the same where their names are. Pure; a promotion carries it out,
/// maintenance only tells it.
public struct OwnerPlan: Equatable, Sendable {
  /// An account that is here under another number.
  public struct Mapping: Equatable, Sendable {
    public let name: String
    public let isGroup: Bool
    public let masterID: UInt32
    public let ownID: UInt32

    public init(name: String, isGroup: Bool, masterID: UInt32, ownID: UInt32) {
      self.name = name
      self.isGroup = isGroup
      self.masterID = masterID
      self.ownID = ownID
    }
  }

  /// A user of the master's who is in a group there and not here.
  public struct Membership: Equatable, Sendable {
    public let user: String
    public let group: String

    public init(user: String, group: String) {
      self.user = user
      self.group = group
    }
  }

  /// To be made first, each with the number that it gets here: the master's where that is free.
  public let groups: [Facts.Accounts.Group]
  /// To be made then, each with the numbers that it and its first group get here.
  public let users: [Facts.Accounts.User]
  public let memberships: [Membership]
  public let mapped: [Mapping]

  public var isEmpty: Bool { groups.isEmpty && users.isEmpty && memberships.isEmpty }

  /// - Parameters:
  ///   - master: its facts.
  ///   - own: those of the machine that is to have the master's accounts.
  public init(master: Facts.Accounts, own: Facts.Accounts) {
    var mapped: [Mapping] = []
    var groupIDs = NumberTable(own.groups.map { ($0.name, $0.id) }, reserved: master.groups.map(\.id))
    var groups: [Facts.Accounts.Group] = []
    for group in master.groups {
      if let here = groupIDs.number(of: group.name) {
        if here != group.id { mapped.append(.init(name: group.name, isGroup: true, masterID: group.id, ownID: here)) }
      } else if let id = groupIDs.give(group.name, wanted: group.id) {
        groups.append(.init(name: group.name, id: id, members: []))
      }
    }
    let groupNames = Dictionary(master.groups.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    var userIDs = NumberTable(own.users.map { ($0.name, $0.id) }, reserved: master.users.map(\.id))
    var users: [Facts.Accounts.User] = []
    for user in master.users {
      if let here = userIDs.number(of: user.name) {
        if here != user.id { mapped.append(.init(name: user.name, isGroup: false, masterID: user.id, ownID: here)) }
      } else if let id = userIDs.give(user.name, wanted: user.id) {
        // A first group without a name has no counterpart here.
        let group = groupNames[user.group].flatMap { groupIDs.number(of: $0) }
        users.append(user.with(id: id, group: group ?? OwnerPlan.nobodysGroup))
      }
    }
    self.groups = groups
    self.users = users
    self.mapped = mapped
    memberships = OwnerPlan.memberships(master, own, known: Set((own.users + users).map(\.name)))
  }

  /// `nogroup`.
  private static let nobodysGroup: UInt32 = 65_534

  private static func memberships(
    _ master: Facts.Accounts, _ own: Facts.Accounts, known: Set<String>
  ) -> [Membership] {
    let here = Dictionary(own.groups.map { ($0.name, Set($0.members)) }, uniquingKeysWith: { first, _ in first })
    return master.groups.flatMap { group in
      group.members.filter { known.contains($0) && here[group.name]?.contains($0) != true }.map {
        Membership(user: $0, group: group.name)
      }
    }
  }
}

extension OwnerPlan {
  /// The commands that carry it out, in their order, as argument vectors. No password is among them: until one is set, nobody
  /// logs in to a new account with one.
  public var commands: [[String]] {
    groups.map { ["groupadd", "--gid", "\($0.id)", "--", $0.name] }
      + users.map { user in
        [
          "useradd", "--uid", "\(user.id)", "--gid", "\(user.group)", "--no-create-home", "--home-dir", user.home,
          "--shell", user.shell, "--comment", user.comment, "--", user.name,
        ]
      } + memberships.map { ["gpasswd", "--add", $0.user, "--", $0.group] }
  }
}

extension Facts.Accounts.User {
  fileprivate func with(id: UInt32, group: UInt32) -> Facts.Accounts.User {
    Facts.Accounts.User(
      name: name, id: id, group: group, comment: comment, home: home, shell: shell, password: password, ageing: ageing,
      subordinateUsers: subordinateUsers, subordinateGroups: subordinateGroups)
  }
}

/// The names and numbers that are taken.
private struct NumberTable {
  private var numbers: [String: UInt32] = [:]
  private var taken: Set<UInt32>
  /// What other accounts of the master's have there: given to nobody else, lest two of them get each other's.
  private let reserved: Set<UInt32>

  /// Where a machine's own services end and people begin (UID_MIN of login.defs(5)).
  private static let firstPerson: UInt32 = 1_000
  private static let firstService: UInt32 = 100
  /// Beyond it stand `nobody` and what containers use.
  private static let last: UInt32 = 60_000

  init(_ accounts: [(String, UInt32)], reserved: [UInt32]) {
    for (name, number) in accounts where numbers[name] == nil { numbers[name] = number }
    taken = Set(accounts.map(\.1))
    self.reserved = Set(reserved)
  }

  func number(of name: String) -> UInt32? { numbers[name] }

  /// The wanted number where nobody has it, else the first free one of its kind; nil where none is free.
  mutating func give(_ name: String, wanted: UInt32) -> UInt32? {
    let isService = wanted < NumberTable.firstPerson
    let range =
      isService ? NumberTable.firstService..<NumberTable.firstPerson : NumberTable.firstPerson..<NumberTable.last
    let free = taken.contains(wanted) ? range.first { !taken.contains($0) && !reserved.contains($0) } : wanted
    guard let free else { return nil }
    taken.insert(free)
    numbers[name] = free
    return free
  }
}
