import HotsyncCatalog
import HotsyncSystem

/// Owners with their names, asked for once an id.
final class OwnerNames {
  private let accounts: Accounts
  private var users: [UInt32: Owner?] = [:]
  private var groups: [UInt32: Owner?] = [:]

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

  private func make(_ id: UInt32, _ kind: Accounts.Kind) -> Owner? {
    // A name that cannot be one counts as none: the number tells.
    Owner(id: id, name: Array((accounts.name(of: id, kind) ?? "").utf8)) ?? Owner(id: id, name: [])
  }
}
