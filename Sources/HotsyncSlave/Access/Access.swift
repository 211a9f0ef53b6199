public import HotsyncConfig
public import HotsyncReport
public import HotsyncSystem
import HotsyncTransport

/// Which masters' keys may run the agent of one connection on this machine: `hotsync-slave authorize` and `revoke`.
public final class Access {
  let connection: ConnectionConfiguration
  let store: String
  let root: Folder
  /// In front of what lies below the root; empty for the machine's own root.
  let rootPath: String
  /// As given on the command line; nil for the account's own file.
  let authorizedKeys: String?
  let program: String

  /// - Parameters:
  ///   - store: where the stores lie, as configured.
  ///   - program: the running executable, absolute.
  public init(
    _ connection: ConnectionConfiguration, store: String, root: consuming Folder, rootPath: String,
    authorizedKeys: String?, program: String?
  ) {
    self.connection = connection
    self.store = store
    self.root = root
    self.rootPath = rootPath
    self.authorizedKeys = authorizedKeys
    self.program = program ?? ""
  }

  /// Whether any key may run this connection's agent. Looks only.
  public func hasKey() throws(AccessError) -> Bool {
    guard let file = try file(makesFolder: false) else { return false }
    return try !file.read().entries(bindingTo: command()).isEmpty
  }

  // MARK: Authorize

  /// Binds a key to the agent of this connection.
  ///
  /// - Parameter text: the public half as the master printed it.
  public func authorize(_ text: [UInt8]) throws(AccessError) -> AuthorizeReport {
    let key = try MasterKey.read(text)
    let command = try command()
    let file = try file(makesFolder: true)
    guard let file else { throw noFile }
    try file.lock()
    let keys = try file.read()
    let fingerprint = try fingerprint(of: key)
    let result = try bind(key, to: command, keys, file)
    var report = AuthorizeReport(
      connection: connection.name, result: result, path: file.shownPath, fingerprint: fingerprint, command: command.text
    )
    for entry in keys.entries(bindingTo: command) {
      guard let older = entry.key, older != key else { continue }
      report.olderKeys.append(try self.fingerprint(of: older))
    }
    report.retiring = report.olderKeys.first.map { "hotsync-slave revoke\(options) --key \($0)" }
    try tellNext(&report)
    return report
  }

  private func bind(
    _ key: PublicKey, to command: ForcedCommand, _ keys: AuthorizedKeys, _ file: borrowing AuthorizedKeysFile
  ) throws(AccessError) -> AuthorizeReport.Result {
    let own = keys.entries(of: key)
    for entry in own {
      guard entry.isClosed, let bound = entry.command else { throw unrestricted(entry.line, file.shownPath) }
      guard bound.isSamePlace(as: command) else { throw taken(bound, entry.line, file.shownPath) }
    }
    guard let first = own.first else {
      try file.write(keys.adding(key, boundTo: command))
      return .authorised
    }
    if first.command == command { return .alreadyAuthorised }
    try file.write(keys.replacing(first, with: key, boundTo: command))
    return .updated
  }

  private func tellNext(_ report: inout AuthorizeReport) throws(AccessError) {
    var trust = "hotsync trust \(connection.name)"
    report.showingHostKey = HostKey.showing
    if let key = HostKey.find(below: root) {
      let fingerprint = try fingerprint(of: key)
      report.hostKey = AuthorizeReport.HostKey(type: key.type, fingerprint: fingerprint)
      trust += " --fingerprint \(fingerprint)"
    }
    report.onMaster = [trust, "hotsync check \(connection.name)"]
    do throws(StoreError) {
      _ = try Store.open(connection: connection.name, root: root, path: store)
    } catch {
      // Any other trouble with it is for `check` to tell.
      if error.kind == .unwritable { report.here = ["hotsync-slave apply\(rootOption)"] }
    }
  }

  // MARK: Revoke

  /// Takes keys of this connection out again.
  ///
  /// - Parameter wanted: which of them; nil for all.
  public func revoke(_ wanted: RevokedKey?) throws(AccessError) -> RevokeReport {
    let command = try command()
    guard let file = try file(makesFolder: false) else {
      let path = AuthorizedKeysFile.path(of: try Account.find(connection.user, root: root))
      return RevokeReport(
        connection: connection.name, path: rootPath + (path?.description ?? ""), revoked: [], remaining: [])
    }
    try file.lock()
    let keys = try file.read()
    var gone: [AuthorizedKeys.Entry] = []
    var revoked: [String] = []
    var remaining: [String] = []
    for entry in keys.entries(bindingTo: command) {
      let fingerprint = try entry.key.map { (key) throws(AccessError) in try self.fingerprint(of: key) }
      if wanted?.means(entry.key, fingerprint) ?? true {
        gone.append(entry)
        revoked.append(fingerprint ?? "the key of line \(entry.line)")
      } else {
        remaining.append(fingerprint ?? "the key of line \(entry.line)")
      }
    }
    if !gone.isEmpty { try file.write(keys.removing(gone)) }
    return RevokeReport(connection: connection.name, path: file.shownPath, revoked: revoked, remaining: remaining)
  }

  // MARK: Parts

  /// What a key of this connection is bound to.
  func command() throws(AccessError) -> ForcedCommand {
    guard
      let command = ForcedCommand(
        program: program, connection: connection.name, root: rootPath.isEmpty ? nil : rootPath)
    else {
      throw AccessError(
        .refused, "cannot bind", "a key to \(shown(program.utf8)) below \(shown((rootPath + "/").utf8))",
        cause: "a path with a control character cannot stand in authorized_keys",
        next: "move it to a path of printable characters, then run the command again")
    }
    return command
  }

  func file(makesFolder: Bool) throws(AccessError) -> AuthorizedKeysFile? {
    try AuthorizedKeysFile.open(
      authorizedKeys, account: account(), root: root, rootPath: rootPath, makesFolder: makesFolder)
  }

  /// An account that the root does not know may be known to sshd; then the file must be named.
  func account() throws(AccessError) -> Account {
    do throws(AccessError) { return try Account.find(connection.user, root: root) } catch {
      guard authorizedKeys != nil, let home = RelativePath("nonexistent") else { throw error }
      return Account(name: connection.user, user: Environment.userID, group: Environment.groupID, home: home)
    }
  }

  func fingerprint(of key: PublicKey) throws(AccessError) -> String {
    do throws(TransportError) { return try KeyTools.fingerprint(of: key) } catch { throw AccessError(error) }
  }

  var rootOption: String { HotsyncSystem.rootOption(rootPath) }

  /// Behind the verb, for commands to type here.
  var options: String {
    " --connection \(connection.name)\(rootOption)"
      + (authorizedKeys.map { " --authorized-keys \(quotedForShell($0))" } ?? "")
  }

  private var noFile: AccessError {
    AccessError(
      .unwritable, "cannot make", "the folder of authorized_keys", cause: "it is not there",
      next: "name the file: --authorized-keys FILE")
  }

  private func unrestricted(_ line: Int, _ path: String) -> AccessError {
    AccessError(
      .refused, "cannot authorise", "this key",
      cause:
        "line \(line) of \(path) lets it run anything: it is there without our command, or with more rights than that",
      next:
        "take that line out (sed -i \(line)d \(quotedForShell(path))) and run this again; or use another key: on the "
        + "master: hotsync key rotate \(connection.name)")
  }

  private func taken(_ bound: ForcedCommand, _ line: Int, _ path: String) -> AccessError {
    let place = bound.root.map { " below \(shown($0.utf8))" } ?? ""
    return AccessError(
      .refused, "cannot authorise", "this key",
      cause:
        "line \(line) of \(path) binds it to the connection \"\(shown(bound.connection.utf8))\"\(place), and a key is "
        + "for one",
      next:
        "give each connection its own: on the master: hotsync key generate \(connection.name); or first: hotsync-slave "
        + "revoke --connection \(quotedForShell(bound.connection))"
        + (bound.root.map { " --root \(quotedForShell($0))" } ?? ""))
  }
}
