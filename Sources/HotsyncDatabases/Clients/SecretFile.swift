import HotsyncSystem

/// A file that holds a password: it must be closed to others before a client is told of it.
enum SecretFile {
  /// - Parameter user: whose rights the client has that reads it.
  static func require(_ path: String, user: UInt32) throws(DatabaseError) {
    guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"),
      let name = FileName(String(path[path.index(after: slash)...]))
    else {
      throw DatabaseError(
        .configuration, "cannot read", shown(Array(path.utf8)), cause: "it is not the absolute path of a file",
        next: "name one in the configuration")
    }
    let parent = String(path[..<slash])
    let folder = try DatabaseError.telling { () throws(SystemError) in try Folder.open(parent.isEmpty ? "/" : parent) }
    guard let owner = try owner(of: name, in: folder, path, user) else {
      throw DatabaseError(
        .configuration, "cannot read", shown(Array(path.utf8)), cause: "there is no such file",
        next: "make it, mode 0600, or name another one in the configuration")
    }
    // Closed to all but its owner: another user could not read it.
    guard user == 0 || owner == user else {
      throw DatabaseError(
        .refused, "cannot use", shown(Array(path.utf8)),
        cause: "it belongs to user \(owner), and the client runs as user \(user)",
        next: "chown \(user) \(quotedForShell(path))")
    }
  }

  private static func owner(
    of name: FileName, in folder: borrowing Folder, _ path: String, _ user: UInt32
  ) throws(DatabaseError) -> UInt32? {
    do throws(TrustError) {
      guard let file = try Trust.openIfPresent(name, in: folder, shownAs: path, use: .secret, user: user) else {
        return nil
      }
      return (try? file.status())?.owner
    } catch { throw DatabaseError(error) }
  }
}
