import HotsyncConfig
public import HotsyncReport
import HotsyncSystem
import HotsyncTransport

extension Access {
  /// Looks at everything that a master's cycle needs here, and changes nothing: `hotsync-slave check`.
  public func check() -> ConnectionCheck {
    var check = ConnectionCheck(connection: connection.name)
    check.attempt("connection") { try checkConnection() }
    check.attempt("store") { try checkStore() }
    check.attempt("program") { try checkProgram() }
    check.attempt("keys") { try checkKeys() }
    let settings = Result { () throws(AccessError) in try serverSettings() }
    check.attempt("sshd") { try checkListening(settings.get()) }
    // What sshd itself could not say is told once.
    guard case .success(let settings) = settings else { return check }
    check.attempt("login") { try checkLogin(settings) }
    check.attempt("key file") { try checkKeyFile(settings) }
    return check
  }

  // MARK: This machine's part

  private func checkConnection() throws(AccessError) -> String {
    guard connection.role == .slave else {
      throw AccessError(
        .refused, "cannot act as slave in", "the connection \"\(connection.name)\"",
        cause: "this machine is configured as its master",
        next: "here: hotsync check \(connection.name)\(rootOption); and on the slave: hotsync-slave check")
    }
    guard connection.isEnabled else {
      throw AccessError(
        .refused, "cannot serve", "the connection \"\(connection.name)\"", cause: "it is disabled on the slave",
        next: "hotsync-slave config set\(rootOption) status enabled connections.\(connection.name).status enabled")
    }
    return "enabled, this machine is its slave"
  }

  private func checkStore() throws -> String {
    let opened = try Store.open(connection: connection.name, root: root, path: store)
    let place = "\(rootPath)\(store)/\(connection.name)"
    guard opened.top.isWritable() else {
      throw AccessError(
        .unwritable, "cannot write to", "the store of \"\(connection.name)\"",
        cause: "\(place) is read-only, or this user may not write there",
        next: "mount it read-write (mount -o remount,rw …), or run this as root")
    }
    let space = try opened.top.descriptor.freeSpace()
    guard space.freeBytes >= StatusOfStore.leastFreeBytes, space.freeInodes > 0 else {
      throw AccessError(
        .unwritable, "cannot use", "the store of \"\(connection.name)\"",
        cause: "only \(space.freeBytes >> 20) MiB and \(space.freeInodes) inodes are free",
        next: "make room there: df -h \(quotedForShell(place)); df -i \(quotedForShell(place))")
    }
    return "\(place), \(space.freeBytes >> 20) MiB free"
  }

  /// It runs as the account that the master logs in to, so nobody else may change it.
  private func checkProgram() throws -> String {
    let command = try command()
    let file = try Descriptor.open(command.program, .nameOnly)
    let status = try file.status()
    guard status.kind == .regular, status.permissions & 0o111 != 0 else {
      throw AccessError(
        .failed, "cannot run", shown(command.program.utf8), cause: "it is no executable file",
        next: "chmod 755 \(quotedForShell(command.program))")
    }
    try Trust.require(status, shownAs: command.program)
    return command.program
  }

  private func describe(_ key: PublicKey?) throws(AccessError) -> String {
    guard let key else { return "a key of another kind" }
    return try fingerprint(of: key)
  }

  private func checkKeys() throws -> String {
    let command = try command()
    let keys = try file(makesFolder: false)?.read() ?? AuthorizedKeys([])
    let bound = keys.entries(bindingTo: command)
    let adding = "hotsync-slave authorize\(options) --key - <<< "
    guard !bound.isEmpty else {
      throw AccessError(
        .refused, "cannot let in", "the master of \"\(connection.name)\"", cause: "no key is authorised for it",
        next: "on the master: hotsync key show \(connection.name); then here: \(adding)'ssh-ed25519 …'")
    }
    if let other = bound.first(where: { $0.command?.program != command.program }) {
      throw AccessError(
        .refused, "cannot let in", "the master of \"\(connection.name)\"",
        cause: "line \(other.line) of the authorised keys runs \(shown((other.command?.program ?? "").utf8)), and this "
          + "program is \(shown(command.program.utf8))",
        next: adding + "'\(other.key?.line ?? "ssh-ed25519 …")'")
    }
    if let loose = bound.first(where: { !$0.isClosed }) {
      throw AccessError(
        .refused, "cannot accept", "line \(loose.line) of the authorised keys",
        cause: "it allows more than our command",
        next: "hotsync-slave revoke\(options), then: \(adding)'\(loose.key?.line ?? "ssh-ed25519 …")'")
    }
    return try bound.map { try describe($0.key) }.joined(separator: ", ")
  }
}

// MARK: sshd's part

extension Access {
  /// The configuration of a root's own sshd, where it has one.
  private var serverConfiguration: String? {
    guard !rootPath.isEmpty, let path = RelativePath("etc/ssh/sshd_config"), (try? root.open(at: path)) != nil else {
      return nil
    }
    return rootPath + path.description
  }

  private var shownConfiguration: String { serverConfiguration ?? ServerProgram.configuration }

  private func serverSettings() throws(AccessError) -> ServerSettings {
    // A name says nothing about from where the login will come.
    let address = connection.masterHost.flatMap { host in
      host.utf8.allSatisfy { "0123456789abcdefABCDEF.:".utf8.contains($0) } ? host : nil
    }
    return try ServerProgram.settings(
      file: serverConfiguration, user: connection.user, address: address ?? "127.0.0.1")
  }

  private func checkListening(_ settings: ServerSettings) throws(AccessError) -> String {
    let ports = settings.ports
    guard let open = ListeningPorts.now() else { return "configured for port \(ports[0])" }
    guard let port = ports.first(where: open.contains) else {
      throw AccessError(
        .unreachable, "cannot find", "sshd, by which the master comes in",
        cause: "nothing listens on port \(ports.map(String.init).joined(separator: ", "))",
        next: "systemctl enable --now ssh")
    }
    return "listens on port \(port)"
  }

  private func checkLogin(_ settings: ServerSettings) throws(AccessError) -> String {
    guard settings.permitsKeys else { throw forbidding("PubkeyAuthentication no", mend: "PubkeyAuthentication yes") }
    if connection.user == "root", !settings.permitsRoot {
      throw forbidding("PermitRootLogin no", mend: "PermitRootLogin prohibit-password")
    }
    if let line = settings.exclusion(of: connection.user) {
      throw AccessError(
        .refused, "cannot let in", "the master of \"\(connection.name)\"",
        cause: "sshd is configured with \(shown(line.utf8))",
        next: "let \(connection.user) in there, in \(shownConfiguration), then: systemctl reload ssh")
    }
    if let command = settings.forcedCommand {
      throw forbidding("ForceCommand \(shown(command.utf8))", mend: "ForceCommand none")
    }
    return "\(connection.user) may log in with a key"
  }

  private func forbidding(_ line: String, mend: String) -> AccessError {
    AccessError(
      .refused, "cannot let in", "the master of \"\(connection.name)\"",
      cause: "sshd is configured with \(line) for \(connection.user)",
      next: "write \(mend) into \(shownConfiguration) (for this user: in a block Match User \(connection.user)), then: "
        + "systemctl reload ssh")
  }

  private func checkKeyFile(_ settings: ServerSettings) throws(AccessError) -> String {
    let account = try account()
    guard let own = AuthorizedKeysFile.path(of: account) else { return "" }
    let path = authorizedKeys ?? rootPath + own.description
    // sshd takes homes as they are on the machine, whatever root the slave has.
    guard settings.reads(path, user: account.name, home: account.home.description, userID: account.user) else {
      throw AccessError(
        .refused, "cannot let in", "the master of \"\(connection.name)\"",
        cause: "sshd reads \(shown(settings.authorizedKeys.utf8)) and not \(shown(path.utf8))",
        next:
          "add it to AuthorizedKeysFile in \(shownConfiguration), then: systemctl reload ssh; or name the file that is "
          + "read: hotsync-slave authorize\(options) --authorized-keys FILE")
    }
    if settings.isStrict { try requireClosed(account.home, of: account) }
    return path
  }

  /// sshd passes over the keys of a home that others can write, and tells only its own log.
  private func requireClosed(_ home: RelativePath, of account: Account) throws(AccessError) {
    guard let folder = try? root.folder(at: home), let status = try? folder.descriptor.status() else { return }
    do throws(TrustError) {
      try Trust.require(status, shownAs: rootPath + home.description, user: account.user)
    } catch { throw AccessError(error) }
  }
}
