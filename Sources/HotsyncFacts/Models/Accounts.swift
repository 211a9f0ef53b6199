import HotsyncSystem

extension Facts {
  /// Who the machine knows. Password fields are among it, as in shadow(5): the document is for root alone.
  public struct Accounts: FactsDocument {
    public static let name = "accounts"

    /// In the order of their ids.
    public let users: [User]
    public let groups: [Group]

    public struct User: Codable, Equatable, Sendable {
      public let name: String
      public let id: UInt32
      /// The id of its first group.
      public let group: UInt32
      /// Its full name and more.
      public let comment: String
      public let home: String
      public let shell: String
      /// As in shadow(5): a hash, `*`, `!…`; nil where it could not be read.
      public let password: String?
      /// The fields of shadow(5) after the password, with their colons.
      public let ageing: String?
      /// Ranges of ids that are its own beside its id (subuid(5), subgid(5)), as `START:COUNT`.
      public let subordinateUsers: [String]
      public let subordinateGroups: [String]

      public init(
        name: String, id: UInt32, group: UInt32, comment: String, home: String, shell: String, password: String?,
        ageing: String?, subordinateUsers: [String] = [], subordinateGroups: [String] = []
      ) {
        self.name = name
        self.id = id
        self.group = group
        self.comment = comment
        self.home = home
        self.shell = shell
        self.password = password
        self.ageing = ageing
        self.subordinateUsers = subordinateUsers
        self.subordinateGroups = subordinateGroups
      }

      private enum CodingKeys: String, CodingKey {
        case name, id, group, comment, home, shell, password, ageing
        case subordinateUsers = "subordinate_users"
        case subordinateGroups = "subordinate_groups"
      }

      var isSound: Bool {
        Words.isAccount(name) && id != .max && group != .max && [comment, home, shell].allSatisfy { Words.isField($0) }
          && (password.map { Words.isField($0) } ?? true)
          && (ageing.map { $0.utf8.count <= 256 && Words.isLine($0) && $0.utf8.allSatisfy(User.isAgeing) } ?? true)
          && (subordinateUsers + subordinateGroups).allSatisfy(User.isRange)
      }

      private static func isAgeing(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      }

      private static func isRange(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { UInt32($0) != nil }
      }
    }

    public struct Group: Codable, Equatable, Sendable {
      public let name: String
      public let id: UInt32
      /// Users who belong to it beside those whose first group it is.
      public let members: [String]

      public init(name: String, id: UInt32, members: [String]) {
        self.name = name
        self.id = id
        self.members = members
      }

      var isSound: Bool { Words.isAccount(name) && id != .max && members.allSatisfy(Words.isAccount) }
    }

    public init(users: [User], groups: [Group]) {
      self.users = users
      self.groups = groups
    }

    public var objection: String? {
      HotsyncFacts.objection(users, "users") {
        $0.isSound ? nil : "the user \(shown($0.name.utf8.prefix(100))) cannot be one"
      }
        ?? HotsyncFacts.objection(groups, "groups") {
          $0.isSound ? nil : "the group \(shown($0.name.utf8.prefix(100))) cannot be one"
        }
    }
  }
}
