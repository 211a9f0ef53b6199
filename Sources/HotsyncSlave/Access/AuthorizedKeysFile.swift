import HotsyncSystem
import HotsyncTransport

/// An authorized_keys file that is ours to change. No link is followed at its name, it and its folder are in nobody
/// else's hands, and it changes as a whole; while it is open, no other HotSync changes it.
struct AuthorizedKeysFile: ~Copyable {
  static let defaultName = "authorized_keys"

  let shownPath: String
  private let folder: Folder
  private let name: FileName
  private let account: Account

  /// Where the account's keys are, as its home has it.
  static func path(of account: Account) -> RelativePath? {
    FileName(".ssh").flatMap { account.home.appending($0) }
      .flatMap { path in FileName(defaultName).flatMap { path.appending($0) } }
  }

  /// - Parameters:
  ///   - given: a path as on the command line; nil for the account's own file.
  ///   - rootPath: in front of what lies below the root, for messages.
  /// - Returns: nil where the folder is missing and is not to be made.
  static func open(
    _ given: String?, account: Account, root: borrowing Folder, rootPath: String, makesFolder: Bool
  ) throws(AccessError) -> AuthorizedKeysFile? {
    if let given { return try open(at: given, account) }
    guard let path = path(of: account), let above = path.parent else { throw noName(account.name) }
    let shownPath = rootPath + path.description
    let folder: Folder?
    do throws(SystemError) {
      folder = try makesFolder ? makeFolder(above, account, root) : root.folderIfPresent(at: above)
    } catch {
      // A link in the place of a folder counts as none.
      guard error.isLoop || error.isMissing else { throw AccessError(error) }
      throw AccessError(
        .refused, "cannot trust", shownPath, cause: "a symbolic link is on the way to it, or what is no folder",
        next: "name the file itself: --authorized-keys FILE")
    }
    guard let folder else { return nil }
    return try AuthorizedKeysFile(shownPath, folder, path.name, account)
  }

  private static func open(at given: String, _ account: Account) throws(AccessError) -> AuthorizedKeysFile {
    let bytes = Array(given.utf8)
    let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
    guard let name = FileName(bytes[(slash.map { $0 + 1 } ?? 0)...]) else { throw noName(given) }
    let above = slash.map { $0 == 0 ? "/" : String(decoding: bytes[..<$0], as: UTF8.self) } ?? "."
    let folder = try AccessError.telling { () throws(SystemError) in try Folder.open(above) }
    return try AuthorizedKeysFile(shown(bytes), folder, name, account)
  }

  /// The account's home is made by whoever makes accounts; below a root of its own it may be missing.
  private static func makeFolder(
    _ path: RelativePath, _ account: Account, _ root: borrowing Folder
  ) throws(SystemError) -> Folder {
    var here = try root.duplicate()
    for name in path.names {
      if try here.statusIfPresent(name) == nil {
        let made = try here.makeOrOpenFolder(name, permissions: 0o700)
        let status = try made.descriptor.status()
        if status.owner != account.user || status.group != account.group {
          try made.descriptor.setOwner(account.user, group: account.group)
        }
      }
      here = try here.folder(name)
    }
    return here
  }

  private init(
    _ shownPath: String, _ folder: consuming Folder, _ name: FileName, _ account: Account
  ) throws(AccessError) {
    let status = try AccessError.telling { () throws(SystemError) in try folder.descriptor.status() }
    let above = shownPath.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(shownPath[..<$0]) } ?? "."
    do throws(TrustError) {
      try Trust.require(status, shownAs: above.isEmpty ? "/" : above, user: account.user)
    } catch { throw AccessError(error) }
    self.shownPath = shownPath
    self.folder = folder
    self.name = name
    self.account = account
  }

  private static func noName(_ subject: String) -> AccessError {
    AccessError(
      .usage, "cannot use", shown(subject.utf8), cause: "it is not the path of a file",
      next: "give the file that sshd reads: --authorized-keys FILE")
  }

  // MARK: Content

  /// Waits for other runs; the lock is held until this ends.
  func lock(atMost limit: Duration = .seconds(10), clocks: Clocks = .system) throws(AccessError) {
    let start = clocks.elapsed()
    while try !AccessError.telling({ () throws(SystemError) in try folder.descriptor.tryLock() }) {
      guard clocks.elapsed() - start < limit else {
        throw AccessError(
          .busy, "cannot change", shownPath, cause: "another run is changing it", next: "run the command again")
      }
      Worker.pause(.milliseconds(50))
    }
  }

  /// Empty where there is no file.
  func read() throws(AccessError) -> AuthorizedKeys {
    let file: Descriptor?
    do throws(TrustError) {
      file = try Trust.openIfPresent(name, in: folder, shownAs: shownPath, user: account.user)
    } catch { throw AccessError(error) }
    guard let file else { return AuthorizedKeys([]) }
    let text = try AccessError.telling { () throws(SystemError) in try file.readAll(limit: AuthorizedKeys.limit) }
    guard let text else {
      throw AccessError(
        .refused, "cannot read", shownPath, cause: "it is larger than \(AuthorizedKeys.limit >> 20) MiB",
        next: "see what it holds: less \(quotedForShell(shownPath))")
    }
    return AuthorizedKeys(text)
  }

  /// Replaces it whole; owner and mode stay as they were.
  func write(_ text: [UInt8]) throws(AccessError) {
    try AccessError.telling { () throws(SystemError) in
      let former = try folder.statusIfPresent(name)
      try folder.replace(
        name, with: text, permissions: (former?.permissions ?? 0o600) & 0o755, owner: former?.owner ?? account.user,
        group: former?.group ?? account.group)
    }
  }
}
