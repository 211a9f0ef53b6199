import HotsyncCatalog
import HotsyncSystem

/// Owners with their names, asked for once an id.
final class OwnerNames {
  private let accounts: Accounts
  private var users: [UInt32: Owner?] = [:]
  private var groups: [UInt32: Owner?] = [:]
  /// The last pair, encoded: most files have the owners of the one before.
  private var last: (user: UInt32, group: UInt32, encoded: [UInt8])?

  init(_ accounts: Accounts) { self.accounts = accounts }

  /// Nil for an id that cannot be one.
  func user(_ id: UInt32) -> Owner? {
    if let known = users[id] { return known }
    let owner = make(id, .user)
    users[id] = .some(owner)
    return owner
  }

  func group(_ id: UInt32) -> Owner? {
    if let known = groups[id] { return known }
    let owner = make(id, .group)
    groups[id] = .some(owner)
    return owner
  }

  /// Both as they stand in a record, one behind the other; nil where one of them cannot be an owner.
  func encoded(_ user: UInt32, _ group: UInt32) -> [UInt8]? {
    if let last, last.user == user, last.group == group { return last.encoded }
    guard let owner = self.user(user), let ownerGroup = self.group(group) else { return nil }
    var writer = ByteWriter()
    writer.owners(owner, ownerGroup)
    last = (user, group, writer.bytes)
    return writer.bytes
  }

  private func make(_ id: UInt32, _ kind: Accounts.Kind) -> Owner? {
    // A name that cannot be one counts as none: the number tells.
    Owner(id: id, name: Array((accounts.name(of: id, kind) ?? "").utf8)) ?? Owner(id: id, name: [])
  }
}
