public import HotsyncSystem

/// Which extended attributes go to the slave (docs/decisions/0016-attributes-that-are-carried.md).
extension ExtendedAttribute {
  public enum Standing: Sendable {
    /// Goes along with its entry: `user.*`, POSIX ACLs, file capabilities.
    case ordinary
    /// Goes along where the configuration of both sides wants it (`data.trusted_xattrs`): what only root sets and reads.
    case trusted
    /// Means something on the machine that set it only, or is another form of what goes along already.
    case bound
  }

  private static let ordinary = [
    "security.capability", "system.posix_acl_access", "system.posix_acl_default",
  ].map { Array($0.utf8) }
  private static let user = Array("user.".utf8)
  private static let trusted = ["trusted.", "security."].map { Array($0.utf8) }
  /// Labels of a policy, a keyed digest of the inode; and xfs's own form of ACLs, which it lists beside the common one.
  private static let bound = [
    "security.selinux", "security.SMACK64", "security.apparmor", "security.evm", "trusted.SGI_",
  ].map { Array($0.utf8) }

  public static func standing(of name: [UInt8]) -> Standing {
    guard !name.contains(0) else { return .bound }
    if ordinary.contains(name) || isBelow(user, name) { return .ordinary }
    if bound.contains(where: { name.starts(with: $0) }) { return .bound }
    return trusted.contains { isBelow($0, name) } ? .trusted : .bound
  }

  private static func isBelow(_ prefix: [UInt8], _ name: [UInt8]) -> Bool {
    name.count > prefix.count && name.starts(with: prefix)
  }

  /// Whether attributes of that name may stand in a record.
  public static func isCarried(_ name: [UInt8]) -> Bool { standing(of: name) != .bound }
}
