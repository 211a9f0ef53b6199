import HotsyncSystem

/// The account on the slave that a master logs in to, as the root's own files tell.
struct Account: Equatable {
  let name: String
  let user: UInt32
  let group: UInt32
  /// Below the root.
  let home: RelativePath

  /// - Throws: `.configuration` where there is no such account, or its home cannot be a folder below the root.
  static func find(_ name: String, root: borrowing Folder) throws(AccessError) -> Account {
    let text = try AccessError.telling { () throws(SystemError) in try passwd(below: root) }
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count >= 6, Array(fields[0]) == Array(name.utf8) else { continue }
      guard let user = number(fields[2]), let group = number(fields[3]), let home = RelativePath(trimmed(fields[5]))
      else { throw unusable(name, "its line in /etc/passwd is malformed, or its home is /") }
      return Account(name: name, user: user, group: group, home: home)
    }
    // A root without accounts of its own is a folder of whoever runs this.
    guard name == "root", let home = RelativePath("root") else { throw unusable(name, "/etc/passwd does not name it") }
    return Account(name: name, user: Environment.userID, group: Environment.groupID, home: home)
  }

  private static func passwd(below root: borrowing Folder) throws(SystemError) -> [UInt8] {
    guard let path = RelativePath("etc/passwd") else { return [] }
    do throws(SystemError) { return try root.open(at: path).readAll(limit: 16 << 20) ?? [] } catch {
      if error.isMissing { return [] }
      throw error
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? { UInt32(String(decoding: digits, as: UTF8.self)) }

  private static func trimmed(_ path: ArraySlice<UInt8>) -> [UInt8] {
    Array(path.split(separator: UInt8(ascii: "/")).joined(separator: [UInt8(ascii: "/")]))
  }

  private static func unusable(_ name: String, _ cause: String) -> AccessError {
    AccessError(
      .configuration, "cannot find", "the account \"\(shown(name.utf8))\" that the master logs in to", cause: cause,
      next: "name the file yourself: --authorized-keys FILE; or: hotsync-slave config set connections.NAME.user root")
  }
}
