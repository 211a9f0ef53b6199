public import HotsyncConfig
public import HotsyncSystem
public import HotsyncTransport

/// The slave's host key: what it shows, what is recorded of it, and the recording.
public struct HostTrust {
  private let target: SSHTarget
  /// What the host shows now.
  public let key: PublicKey
  public let fingerprint: String
  /// The fingerprints of what is recorded under the connection's name.
  public let recorded: [String]
  private let known: KnownHosts

  /// Asks the slave's host for its key. Nothing is trusted or written.
  public init(_ connection: ConnectionConfiguration, rootPath: String) throws {
    let stream = SlaveStream(connection: connection, rootPath: rootPath, agentVariables: [:])
    guard connection.role == .master, connection.transport != .local else {
      let cause =
        connection.role == .master
        ? "its transport is local: no host is between" : "this machine's role in it is slave"
      throw MasterError(
        .refused, "cannot record", "a host key for \"\(connection.name)\"", cause: cause,
        next: "hotsync config show" + HotsyncSystem.rootOption(rootPath))
    }
    target = try stream.target()
    known = try LoginFiles(target).knownHosts()
    key = try stream.hostKey()
    fingerprint = try KeyTools.fingerprint(of: key)
    recorded = try known.keys(of: connection.name).map { try KeyTools.fingerprint(of: $0) }
    if known.isRevoked(key) { throw LoginFailure(target).hostKeyRevoked() }
  }

  /// `192.0.2.20 port 22`.
  public var place: String { target.place }

  public var isRecorded: Bool { recorded == [fingerprint] }
  /// Another key was recorded before.
  public var isChanged: Bool { !recorded.isEmpty && !recorded.contains(fingerprint) }

  /// Takes what the operator says the fingerprint should be.
  public func check(_ expected: String) throws(TransportError) {
    guard let expected = KeyFingerprint(expected) else {
      throw TransportError(
        .usage, "cannot use", "the fingerprint \(shown(expected.utf8.prefix(100)))",
        cause: "no SHA-256 digest is written like that",
        next: "at the slave's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")
    }
    guard expected.text == fingerprint else {
      throw TransportError(
        .refused, "cannot trust", "the slave of \"\(target.connection)\" at \(place)",
        cause: "it shows the host key \(fingerprint), and \(expected.text) was expected",
        next: "find out who answers at that address: the slave's own is shown there by "
          + "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")
    }
  }

  /// Records it in place of any other key of the connection.
  ///
  /// - Throws: where the file is another by now in what concerns this key or this connection: then the question was
  ///   another one.
  public func record() throws(TransportError) {
    let files = LoginFiles(target)
    let now = try files.knownHosts()
    if now.isRevoked(key) { throw LoginFailure(target).hostKeyRevoked() }
    guard now.keys(of: target.connection) == known.keys(of: target.connection) else {
      throw TransportError(
        .busy, "cannot record", "the host key of \"\(target.connection)\"",
        cause: "another one was recorded meanwhile", next: "hotsync trust \(target.connection)\(target.rootOption)")
    }
    try files.record(key, in: now)
  }
}
