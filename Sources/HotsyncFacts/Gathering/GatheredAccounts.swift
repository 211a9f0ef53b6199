public import HotsyncSystem

extension Facts.Accounts: Gathered {
  /// Gathers these facts alone, of the machine whose files lie below a root.
  public static func gathered(below root: borrowing Folder, isMachine: Bool) throws(FactsError) -> Facts.Accounts {
    try Facts.Accounts(gathering: try Source(root, isMachine: isMachine))
  }

  static var sources: [String] { ["etc/passwd", "etc/shadow", "etc/group", "etc/subuid", "etc/subgid"] }

  init(gathering source: Source) throws(FactsError) {
    let secrets = try Facts.Accounts.fields(source, "etc/shadow", atLeast: 2)
    let subordinateUsers = try Facts.Accounts.ranges(source, "etc/subuid")
    let subordinateGroups = try Facts.Accounts.ranges(source, "etc/subgid")
    var users: [User] = []
    for fields in try Facts.Accounts.fields(source, "etc/passwd", atLeast: 7) {
      guard let id = UInt32(fields[2]), let group = UInt32(fields[3]) else { continue }
      let secret = secrets.first { $0[0] == fields[0] }
      users.append(
        User(
          name: fields[0], id: id, group: group, comment: fields[4], home: fields[5], shell: fields[6],
          password: secret?[1], ageing: secret.map { $0.dropFirst(2).joined(separator: ":") },
          subordinateUsers: subordinateUsers[fields[0]] ?? [], subordinateGroups: subordinateGroups[fields[0]] ?? []))
    }
    var groups: [Group] = []
    for fields in try Facts.Accounts.fields(source, "etc/group", atLeast: 4) {
      guard let id = UInt32(fields[2]) else { continue }
      groups.append(Group(name: fields[0], id: id, members: fields[3].split(separator: ",").map(String.init)))
    }
    // What could not be taken over is no fact.
    self.init(
      users: users.filter(\.isSound).sorted { ($0.id, $0.name) < ($1.id, $1.name) },
      groups: groups.filter(\.isSound).sorted { ($0.id, $0.name) < ($1.id, $1.name) })
  }

  private static func fields(
    _ source: Source, _ path: String, atLeast count: Int
  ) throws(FactsError) -> [[String]] {
    try source.lines(path).map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
      .filter { $0.count >= count }
  }

  private static func ranges(_ source: Source, _ path: String) throws(FactsError) -> [String: [String]] {
    var ranges: [String: [String]] = [:]
    for fields in try fields(source, path, atLeast: 3) {
      ranges[fields[0], default: []].append("\(fields[1]):\(fields[2])")
    }
    return ranges
  }
}
