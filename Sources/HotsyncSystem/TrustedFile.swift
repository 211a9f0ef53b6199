import Glibc

/// Errors of files that must not be in other people's hands.
public enum TrustDomain {}
public typealias TrustError = Failure<TrustDomain>

/// Configuration, hooks, keys and known hosts are code: they must belong to root or to the user who runs HotSync, and
/// nobody else may write them. An access list shows in the group's bits, which hold its mask.
public enum Trust {
  /// What a file is used for decides how closed it must be.
  public enum Use: Sendable {
    /// Others may read it.
    case configuration
    /// Others may not even read it: keys, passwords.
    case secret
  }

  /// Refuses (`.refused`) what somebody else owns or can write.
  /// - Parameter path: as the operator knows it, for the message.
  public static func require(
    _ status: FileStatus, shownAs path: String, use: Use = .configuration, user: UInt32 = Environment.userID
  ) throws(TrustError) {
    if let failure = objection(
      owner: status.owner, permissions: status.permissions, shownAs: path, use: use, user: user)
    {
      throw failure
    }
  }

  static func objection(
    owner: UInt32, permissions: UInt16, shownAs path: String, use: Use, user: UInt32
  ) -> TrustError? {
    let mode = "0" + String(permissions, radix: 8)
    if owner != 0 && owner != user {
      return refusal(
        path, "it belongs to user \(owner), neither to root nor to who runs this", "chown root \(quotedForShell(path))")
    }
    if permissions & 0o022 != 0 {
      return refusal(path, "others can write it (mode \(mode))", "chmod go-w \(quotedForShell(path))")
    }
    if use == .secret && permissions & 0o077 != 0 {
      return refusal(
        path, "it holds a secret and others can read it (mode \(mode))", "chmod 600 \(quotedForShell(path))")
    }
    return nil
  }

  /// Opens a regular file for reading and refuses it unless it can be trusted; nil where there is none. A symbolic link
  /// is refused: whoever can change where it leads could change what is read.
  ///
  /// - Parameter user: who may own it, beside root.
  public static func openIfPresent(
    _ name: FileName, in folder: borrowing Folder, shownAs path: String, use: Use = .configuration,
    user: UInt32 = Environment.userID
  ) throws(TrustError) -> Descriptor? {
    // A FIFO is opened without waiting, a device not at all: what stands there is looked at first.
    guard let status = try status(of: name, in: folder, path) else { return nil }
    if status.kind == .symbolicLink {
      throw refusal(path, "it is a symbolic link", "put the file itself in its place: ls -l \(quotedForShell(path))")
    }
    guard status.kind == .regular else {
      throw refusal(path, "it is not a regular file", "ls -ld \(quotedForShell(path))")
    }
    let file: Descriptor
    do throws(SystemError) { file = try folder.open(name) } catch { throw told(error, path) }
    // What was opened counts, not what was looked at.
    let opened: FileStatus
    do throws(SystemError) { opened = try file.status() } catch { throw told(error, path) }
    guard opened.inode == status.inode, opened.kind == .regular else {
      throw refusal(path, "it was exchanged while it was opened", "ls -l \(quotedForShell(path))")
    }
    try require(opened, shownAs: path, use: use, user: user)
    return file
  }

  private static func status(
    of name: FileName, in folder: borrowing Folder, _ path: String
  ) throws(TrustError) -> FileStatus? {
    do throws(SystemError) { return try folder.statusIfPresent(name) } catch { throw told(error, path) }
  }

  private static func told(_ error: SystemError, _ path: String) -> TrustError {
    TrustError(error.kind, "cannot read", path, cause: error.cause, next: error.nextStep)
  }

  private static func refusal(_ path: String, _ cause: String, _ next: String) -> TrustError {
    TrustError(.refused, "cannot trust", path, cause: cause, next: next)
  }
}
