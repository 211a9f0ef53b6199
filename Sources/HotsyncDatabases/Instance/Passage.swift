import HotsyncSystem

/// Lets a user through folders that are closed to it, and no further: stores are root's alone, and a private server
/// without root's rights has its data below one. Where a folder's mode does not let it pass, an entry of its access
/// list does (`u:mysql:--x`, acl(5)): it can go through to a name that it knows, and neither list nor read anything.
enum Passage {
  /// - Parameter path: absolute; it and all folders above it.
  static func open(_ path: String, to user: UInt32) throws(DatabaseError) {
    var way = "/"
    for part in path.split(separator: "/") {
      way += (way == "/" ? "" : "/") + part
      do throws(SystemError) {
        let folder = try Descriptor.open(way, .folder)
        try letPass(user, folder)
      } catch {
        throw DatabaseError(
          .failed, "cannot let the server's user pass", shown(Array(way.utf8)), cause: error.cause,
          next: "let it: chmod o+x \(quotedForShell(way))")
      }
    }
  }

  private static let attributeName = Array("system.posix_acl_access".utf8)

  private static func letPass(_ user: UInt32, _ folder: borrowing Descriptor) throws(SystemError) {
    let status = try folder.status()
    let bits = status.permissions
    if status.owner == user ? bits & 0o100 != 0 : bits & 0o001 != 0 { return }
    let known = try folder.extendedAttributes().first { $0.name == attributeName }.flatMap { AccessList($0.value) }
    var list = known ?? AccessList(permissions: bits)
    guard list.letPass(user) else { return }
    try folder.setExtendedAttribute(ExtendedAttribute(name: attributeName, value: list.encoded))
  }
}

/// An access list as the kernel keeps it (`linux/posix_acl_xattr.h`): a version, then tag, permissions and id of each
/// entry.
struct AccessList {
  private enum Tag: UInt16 {
    case owner = 1
    case user = 2
    case groupOwner = 4
    case group = 8
    case mask = 16
    case others = 32
  }

  private struct Entry {
    let tag: Tag
    var permissions: UInt16
    var id: UInt32 = .max
  }

  private var entries: [Entry]
  private static let version: UInt32 = 2

  init?(_ bytes: [UInt8]) {
    guard bytes.count % 8 == 4, AccessList.number(bytes[..<4]) == AccessList.version else { return nil }
    var entries: [Entry] = []
    for start in stride(from: 4, to: bytes.count, by: 8) {
      guard let tag = Tag(rawValue: UInt16(AccessList.number(bytes[start..<start + 2]))) else { return nil }
      entries.append(
        Entry(
          tag: tag, permissions: UInt16(AccessList.number(bytes[start + 2..<start + 4])),
          id: AccessList.number(bytes[start + 4..<start + 8])))
    }
    self.entries = entries
  }

  /// What a mode says, as a list.
  init(permissions: UInt16) {
    entries = [
      Entry(tag: .owner, permissions: permissions >> 6 & 7), Entry(tag: .groupOwner, permissions: permissions >> 3 & 7),
      Entry(tag: .others, permissions: permissions & 7),
    ]
  }

  /// Lets a user search; false where that was so.
  mutating func letPass(_ user: UInt32) -> Bool {
    let place = entries.firstIndex { $0.tag == .user && $0.id == user }
    let mask = entries.first { $0.tag == .mask }?.permissions
    if let place, entries[place].permissions & 1 != 0, (mask ?? 7) & 1 != 0 { return false }
    if let place {
      entries[place].permissions |= 1
    } else {
      entries.append(Entry(tag: .user, permissions: 1, id: user))
    }
    let group = entries.first { $0.tag == .groupOwner }?.permissions ?? 0
    entries.removeAll { $0.tag == .mask }
    entries.append(Entry(tag: .mask, permissions: (mask ?? group) | 1))
    entries.sort { ($0.tag.rawValue, $0.id) < ($1.tag.rawValue, $1.id) }
    return true
  }

  var encoded: [UInt8] {
    var bytes = AccessList.bytes(AccessList.version, 4)
    for entry in entries {
      bytes +=
        AccessList.bytes(UInt32(entry.tag.rawValue), 2) + AccessList.bytes(UInt32(entry.permissions), 2)
        + AccessList.bytes(entry.id, 4)
    }
    return bytes
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func bytes(_ number: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
  }
}
