import HotsyncFacts
import HotsyncSystem

/// Users and groups of the master that this machine lacks, merged by name into its own files: with the master's numbers where
/// these are free, and with their passwords. Nothing that is here is changed but for members that a group gets.
enum AccountsPlan {
  private static let limit = 16 << 20

  static func actions(_ world: PromotionWorld) throws(PromoteError) -> [Action] {
    guard let master = try world.document(Facts.Accounts.self),
      let passwd = try content("etc/passwd", world), let group = try content("etc/group", world)
    else { return [] }
    let own: Facts.Accounts
    do throws(FactsError) {
      own = try Facts.Accounts.gathered(below: world.root.folder, isMachine: world.isMachine)
    } catch { throw PromoteError(error) }
    let plan = OwnerPlan(master: master, own: own)
    guard !plan.isEmpty else { return [] }
    var actions: [Action] = []
    func add(_ path: String, _ before: (bytes: [UInt8], owner: FileOwner)?, _ after: [UInt8]) {
      guard let before, before.bytes != after else { return }
      actions.append(.write(LivePath(checked: path), StoredBytes(after), before.owner))
    }
    let groups = plan.groups.map { "\($0.name):x:\($0.id):" }
    add("etc/group", group, withMembers(appending(groups, to: group.bytes), plan.memberships, field: 3))
    if let shadow = try content("etc/gshadow", world) {
      let lines = plan.groups.map { "\($0.name):!::" }
      add("etc/gshadow", shadow, withMembers(appending(lines, to: shadow.bytes), plan.memberships, field: 3))
    }
    // Passwords before the users whom they belong to: nobody is there without one for a moment.
    if let shadow = try content("etc/shadow", world) {
      let lines = plan.users.map { "\($0.name):\($0.password ?? "!"):\($0.ageing ?? "::::::")" }
      add("etc/shadow", shadow, appending(lines, to: shadow.bytes))
    }
    let users = plan.users.map { "\($0.name):x:\($0.id):\($0.group):\($0.comment):\($0.home):\($0.shell)" }
    add("etc/passwd", passwd, appending(users, to: passwd.bytes))
    return actions
  }

  /// Nil where there is none.
  private static func content(
    _ path: String, _ world: PromotionWorld
  ) throws(PromoteError) -> (bytes: [UInt8], owner: FileOwner)? {
    do throws(SystemError) {
      let file = try world.root.folder.openRegular(at: LivePath(checked: path).path)
      let status = try file.status()
      guard let bytes = try file.readAll(limit: limit) else { return nil }
      return (bytes, FileOwner(mode: status.permissions, user: status.owner, group: status.group))
    } catch {
      if error.isMissing { return nil }
      throw PromoteError(error)
    }
  }

  static func appending(_ lines: [String], to bytes: [UInt8]) -> [UInt8] {
    guard !lines.isEmpty else { return bytes }
    let hasEnd = bytes.isEmpty || bytes.last == UInt8(ascii: "\n")
    return bytes + (hasEnd ? [] : [UInt8(ascii: "\n")]) + Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// Puts users into the lists of members, which are a field of a group's line.
  static func withMembers(_ bytes: [UInt8], _ memberships: [OwnerPlan.Membership], field: Int) -> [UInt8] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    for index in lines.indices {
      var fields = lines[index].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Array.init)
      guard fields.count > field else { continue }
      let users = memberships.filter { Array($0.group.utf8) == fields[0] }.map { Array($0.user.utf8) }
      guard !users.isEmpty else { continue }
      var members = fields[field].split(separator: UInt8(ascii: ",")).map(Array.init)
      for user in users where !members.contains(user) { members.append(user) }
      fields[field] = Array(members.joined(separator: [UInt8(ascii: ",")]))
      lines[index] = Array(fields.joined(separator: [UInt8(ascii: ":")]))
    }
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }
}
