public import HotsyncConfig
public import HotsyncReport
public import HotsyncSystem
import HotsyncTransport

/// The Ed25519 key by which this master logs in to a connection's slave.
///
/// A rotation makes a second key beside the first (`.new`). A cycle tries that one first, and once it was let in puts it
/// in the first one's place; so there is no moment at which no key works.
public struct ConnectionKey: ~Copyable {
  private let connection: ConnectionConfiguration
  private let root: Folder
  /// In front of the paths that the configuration holds; empty for the machine's own root.
  private let rootPath: String

  /// - Parameter rootPath: `--root`, without a slash at its end; empty for the machine's own.
  public init(_ connection: ConnectionConfiguration, root: consuming Folder, rootPath: String) {
    self.connection = connection
    self.root = root
    self.rootPath = rootPath
  }

  /// Refuses a connection for which this machine needs no key.
  public func requireUse() throws(MasterError) {
    guard connection.role == .master else {
      throw MasterError(
        .refused, "cannot make", "a key for \"\(connection.name)\"",
        cause: "this machine's role in it is slave, and only a master logs in",
        next: "on the master: hotsync key generate \(connection.name)")
    }
    guard connection.transport != .local else {
      throw MasterError(
        .configuration, "cannot use", "a key for \"\(connection.name)\"",
        cause: "its transport is local, which logs in nowhere",
        next:
          "hotsync config set\(option) connections.\(connection.name).transport ssh connections.\(connection.name).slave_host "
          + "ADDRESS")
    }
  }

  // MARK: For the operator

  /// Makes the first key.
  ///
  /// - Throws: `.unwritable` where there is one already.
  public func generate() throws(MasterError) -> KeyReport {
    try requireUse()
    let files = try files(makesFolder: true)
    if try files.exists() {
      throw MasterError(
        .unwritable, "cannot make", "the key of \"\(connection.name)\"",
        cause: "there is one already: \(files.shownPath)",
        next: "hotsync key show \(connection.name)\(option); for another one in its place: hotsync key rotate "
          + connection.name + option)
    }
    return try report(.generated, try make(files), files.shownPath)
  }

  /// The key that there is: the one that waits, where one does, is told by `rotate`.
  ///
  /// - Throws: `.configuration` where there is none.
  public func show() throws(MasterError) -> KeyReport {
    try requireUse()
    let files = try files(makesFolder: false)
    guard let key = try files.publicKey() else { throw missing(files.shownPath) }
    return try report(.present, key, files.shownPath)
  }

  /// Makes a second key, which takes the first one's place once the slave has it.
  ///
  /// - Throws: `.unwritable` where one waits already.
  public func rotate() throws(MasterError) -> KeyReport {
    try requireUse()
    let first = try files(makesFolder: false)
    guard try first.exists() else { throw missing(first.shownPath) }
    let stream = SlaveStream(connection: connection, rootPath: rootPath, agentVariables: [:])
    let mayUseOthers: Bool
    do { mayUseOthers = try stream.mayUseOtherKeys() } catch let error as any HotsyncError {
      throw MasterError(error)
    } catch {
      throw MasterError(.bug, "cannot read", "ssh_config", cause: "\(error)", next: "report this")
    }
    guard !mayUseOthers else {
      throw MasterError(
        .configuration, "cannot make", "another key for \"\(connection.name)\"",
        cause: "\(rootPath)/etc/hotsync/ssh_config names keys, so no login would tell which of them the slave took",
        next: "take IdentityFile, Include and the like out of it until the new key is in use")
    }
    let next = try files(makesFolder: false, isNext: true)
    if let waiting = try next.publicKey() {
      throw MasterError(
        .unwritable, "cannot make", "another key for \"\(connection.name)\"",
        cause: "one waits already until the slave has it: \(next.shownPath)",
        next: "on the slave: \(authorizing(waiting))")
    }
    return try report(.waiting, try make(next), next.shownPath)
  }

  // MARK: For a cycle

  /// The private key that waits until the slave has it, with the root in front; nil where none does.
  ///
  /// - Throws: `.refused` for one that others can read.
  public func waiting() throws(MasterError) -> String? {
    do throws(MasterError) {
      let next = try files(makesFolder: false, isNext: true)
      return try next.exists() ? rootPath + "/" + String(decoding: next.path.bytes, as: UTF8.self) : nil
    } catch {
      // No folder of keys: the login tells that there is no key.
      if error.kind == .configuration { return nil }
      throw error
    }
  }

  /// Of the key in use.
  public func fingerprint() throws(MasterError) -> String? {
    guard let key = try files(makesFolder: false).publicKey() else { return nil }
    do throws(TransportError) { return try KeyTools.fingerprint(of: key) } catch { throw MasterError(error) }
  }

  /// The key that waits takes the place of the one in use. To be called once the slave has let it in; without one it
  /// does nothing.
  ///
  /// - Returns: whether there was one.
  public func promoteNew() throws(MasterError) -> Bool {
    let next = try files(makesFolder: false, isNext: true)
    guard try next.exists() else { return false }
    let first = try files(makesFolder: false)
    try MasterError.telling { () throws(SystemError) in try next.take(placeOf: first) }
    return true
  }

  // MARK: Parts

  private var option: String { HotsyncSystem.rootOption(rootPath) }

  private func make(_ files: borrowing KeyFiles) throws(MasterError) -> PublicKey {
    let made: (privateKey: [UInt8], publicKey: PublicKey)
    do throws(TransportError) {
      made = try KeyTools.generate(comment: "hotsync:\(connection.name)", in: files.folder)
    } catch { throw MasterError(error) }
    try files.create(privateKey: made.privateKey, publicKey: made.publicKey)
    return made.publicKey
  }

  private func files(makesFolder: Bool, isNext: Bool = false) throws(MasterError) -> KeyFiles {
    guard let path = KeyFiles.relative(connection.identity) else { throw KeyFiles.impossible(connection.identity) }
    let shownFolder = rootPath + (path.parent?.description ?? "/")
    let folder = try makesFolder ? makeFolder(of: path) : openFolder(of: path)
    let status = try MasterError.telling { () throws(SystemError) in try folder.descriptor.status() }
    do throws(TrustError) { try Trust.require(status, shownAs: shownFolder) } catch { throw MasterError(error) }
    return try KeyFiles(connection.identity, rootPath: rootPath, folder: folder, isNext: isNext)
  }

  private func report(
    _ result: KeyReport.Result, _ key: PublicKey, _ path: String
  ) throws(MasterError) -> KeyReport {
    let fingerprint: String
    do throws(TransportError) { fingerprint = try KeyTools.fingerprint(of: key) } catch { throw MasterError(error) }
    let isTrusted = isHostKeyRecorded()
    let name = connection.name
    let here =
      (isTrusted ? [] : ["hotsync trust \(name)\(option)"])
      + [result == .waiting ? "hotsync sync \(name)\(option)" : "hotsync check \(name)\(option)"]
    return KeyReport(
      connection: name, result: result, publicKey: text(of: key), fingerprint: fingerprint, path: path,
      trusted: isTrusted, onSlave: authorizing(key), here: here)
  }

  private func text(of key: PublicKey) -> String { "\(key.line) hotsync:\(connection.name)" }

  /// What to type on the slave.
  private func authorizing(_ key: PublicKey) -> String {
    "hotsync-slave authorize --connection \(connection.name) --key - <<< '\(text(of: key))'"
  }

  private func isHostKeyRecorded() -> Bool {
    guard let path = KeyFiles.relative(connection.knownHosts), let folder = try? root.parentFolder(of: path),
      let content = try? folder.content(of: path.name, limit: KnownHosts.limit)
    else { return false }
    return !KnownHosts(content).keys(of: connection.name).isEmpty
  }

  private func missing(_ path: String) -> MasterError {
    MasterError(
      .configuration, "cannot read", "the key of \"\(connection.name)\"", cause: "there is none: \(path)",
      next: "hotsync key generate \(connection.name)\(option)")
  }
}

extension ConnectionKey {
  // What leads to the key is for everybody to pass; the folder that holds it is for nobody else.
  private func makeFolder(of path: RelativePath) throws(MasterError) -> Folder {
    let names = path.parent?.names ?? []
    return try MasterError.telling { () throws(SystemError) in
      var here = try root.duplicate()
      for (level, name) in names.enumerated() {
        here = try here.makeOrOpenFolder(name, permissions: level == names.count - 1 ? 0o700 : 0o755)
      }
      return here
    }
  }

  private func openFolder(of path: RelativePath) throws(MasterError) -> Folder {
    do throws(SystemError) { return try root.parentFolder(of: path) } catch {
      throw error.isMissing ? missing("\(rootPath)\(path)") : MasterError(error)
    }
  }
}
