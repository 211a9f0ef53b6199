import HotsyncFacts
import HotsyncSystem

/// The master's crontabs, put where they stood with the modes and owners that they had.
struct SchedulesPlan: Sendable {
  private(set) var actions: [Action] = []
  private(set) var notes: [String] = []

  init(_ world: PromotionWorld) throws(PromoteError) {
    guard let bytes = try world.facts(Facts.Schedules.name) else {
      notes.append("the generation holds no facts about the master's schedules")
      return
    }
    let facts: Facts.Schedules
    do throws(FactsError) { facts = try Facts.Schedules(decoding: bytes) } catch { throw PromoteError(error) }
    let accounts = try PromoteError.telling { () throws(SystemError) in try Accounts(root: world.root.folder) }
    var folders: Set<RelativePath> = []
    for file in facts.files {
      guard let path = file.relativePath, let parent = path.parent else { continue }
      guard let owner = SchedulesPlan.number(file.owner, .user, accounts),
        let group = SchedulesPlan.number(file.group, .group, accounts)
      else {
        notes.append("\(path) is left out: \(file.owner) or \(file.group) is no account here")
        continue
      }
      guard try !SchedulesPlan.isThere(file, owner, group, path, below: world.root.folder) else { continue }
      if folders.insert(parent).inserted { make(parent, group) }
      actions.append(
        .write(
          LivePath(path), StoredBytes(file.content), FileOwner(mode: file.permissions, user: owner, group: group)))
    }
  }

  /// Missing folders of cron's as Debian makes them (crontab(1) writes the users' ones through its group).
  private mutating func make(_ folder: RelativePath, _ group: UInt32) {
    var way: [RelativePath] = [folder]
    while let parent = way.last?.parent { way.append(parent) }
    for path in way.reversed() {
      let isUsers = path.utf8Text == "var/spool/cron/crontabs"
      actions.append(
        .makeFolder(
          LivePath(path),
          isUsers
            ? FileOwner(mode: 0o1730, user: SchedulesPlan.root, group: group)
            : FileOwner(mode: 0o755, user: SchedulesPlan.root, group: SchedulesPlan.rootGroup)))
    }
  }

  /// Without root's rights, below another root, all belongs to who runs this.
  private static var root: UInt32 { Environment.userID }
  private static var rootGroup: UInt32 { Environment.groupID }

  private static func number(_ name: String, _ kind: Accounts.Kind, _ accounts: Accounts) -> UInt32? {
    guard Environment.isRoot else { return kind == .user ? root : rootGroup }
    return accounts.number(of: name, kind) ?? UInt32(name) ?? (name == "root" ? 0 : nil)
  }

  private static func isThere(
    _ file: FactFile, _ owner: UInt32, _ group: UInt32, _ path: RelativePath, below root: borrowing Folder
  ) throws(PromoteError) -> Bool {
    try PromoteError.telling { () throws(SystemError) in
      guard let parent = path.parent, let folder = try root.folderIfPresent(at: parent),
        let status = try folder.statusIfPresent(path.name), status.kind == .regular,
        status.permissions == file.permissions, status.owner == owner, status.group == group
      else { return false }
      return try folder.content(of: path.name, limit: FactFile.limit) == file.content
    }
  }
}
