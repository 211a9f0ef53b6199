public import HotsyncSystem

/// Why a login at the slave's sshd failed, told alike whichever of the two clients tried: libssh2 or the system's `ssh`.
public struct LoginFailure {
  let target: SSHTarget

  public init(_ target: SSHTarget) { self.target = target }

  /// `hotsync config set … connections.standby.`, to be followed by a key and its value.
  private var set: String { "hotsync config set\(target.rootOption) connections.\(target.connection)." }

  /// A command of ours for this connection: `hotsync trust standby`.
  private func own(_ verb: String) -> String { "hotsync \(verb) \(target.connection)\(target.rootOption)" }

  private var slave: String { "the slave of \"\(target.connection)\" at \(target.place)" }

  private func failure(_ kind: FailureKind, _ operation: String, cause: String, next: String) -> TransportError {
    TransportError(kind, operation, slave, cause: cause, next: next)
  }

  // MARK: The way there

  func nameNotFound(_ cause: String) -> TransportError {
    failure(
      .unreachable, "cannot find", cause: "the name \(shown(target.host.utf8)) does not resolve: \(cause)",
      next: "mend the name service, or give an address: \(set)slave_host ADDRESS")
  }

  func refused() -> TransportError {
    failure(
      .unreachable, "cannot reach", cause: "connection refused",
      next: "start sshd there, or: \(set)port PORT")
  }

  /// - Parameter cause: what the kernel says: no route, unreachable.
  func unreachable(_ cause: String) -> TransportError {
    failure(
      .unreachable, "cannot reach", cause: cause,
      next: "see that the slave is on and the network between (ping \(shown(target.host.utf8))), or: "
        + "\(set)slave_host ADDRESS")
  }

  /// - Parameter step: what was waited for: a connection, the handshake, the login.
  func timedOut(_ step: String) -> TransportError {
    failure(
      .unreachable, "cannot reach", cause: "no answer within \(target.connectTimeout.components.seconds) s (\(step))",
      next: "see that the slave is on and no firewall is between; for a slow line: "
        + "\(set)timeouts.connect 60s")
  }

  /// The line broke before the login was through.
  func broken(_ cause: String) -> TransportError {
    failure(
      .unreachable, "cannot reach", cause: cause,
      next: "see sshd's log on the slave: journalctl -u ssh; then run the command again")
  }

  // MARK: Who answers there

  func notSSH(_ cause: String) -> TransportError {
    failure(
      .incompatible, "cannot speak SSH with", cause: cause,
      next: "see what listens there; sshd's port on the slave: sshd -T | grep ^port; then: "
        + "\(set)port PORT")
  }

  func nothingInCommon(_ cause: String) -> TransportError {
    failure(
      .incompatible, "cannot agree with", cause: "no algorithm in common: \(cause)",
      next: "allow curve25519-sha256, ssh-ed25519, aes128-ctr and hmac-sha2-256 in its sshd_config, or: "
        + "\(set)transport openssh")
  }

  func hostKeyUnknown() -> TransportError {
    failure(
      .refused, "cannot trust", cause: "its host key is not recorded yet in \(shown(target.knownHosts.utf8))",
      next: own("trust"))
  }

  /// - Parameter fingerprint: of the key that it shows now, where that is known.
  func hostKeyChanged(_ fingerprint: String?) -> TransportError {
    let now = fingerprint.map { " (now \($0))" } ?? ""
    return failure(
      .refused, "cannot trust",
      cause: "its host key is not the one that was recorded\(now): another machine answers, or it was reinstalled",
      next: "at the slave's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; only if it shows that key: "
        + "\(own("trust")) --fingerprint SHA256:…")
  }

  public func hostKeyRevoked() -> TransportError {
    failure(
      .refused, "cannot trust", cause: "its host key is marked as revoked in \(shown(target.knownHosts.utf8))",
      next: "find out who answers there; give the slave a new host key, then: \(own("trust"))")
  }

  // MARK: Who we are

  func noKey() -> TransportError {
    TransportError(
      .configuration, "cannot log in at", slave, cause: "there is no key \(shown(target.identity.utf8))",
      next: own("key generate"))
  }

  func unusableKey(_ cause: String) -> TransportError {
    TransportError(
      .configuration, "cannot use", "the key \(shown(target.identity.utf8))", cause: cause,
      next: "move it away, then: \(own("key generate"))")
  }

  func keyRefused() -> TransportError {
    failure(
      .refused, "cannot log in at",
      cause: "its sshd does not take the key \(shown(target.identity.utf8)) for \(shown(target.user.utf8))",
      next: "\(own("key show")), and with that on the slave: hotsync-slave authorize --connection "
        + "\(target.connection); what else may be in the way there says: hotsync-slave check")
  }

  /// Whether that is what went wrong, and nothing else.
  public func isKeyRefused(_ error: TransportError) -> Bool {
    let refused = keyRefused()
    return error.kind == refused.kind && error.operation == refused.operation && error.cause == refused.cause
  }

  // MARK: What runs there

  func notBound() -> TransportError {
    failure(
      .refused, "cannot start the agent of", cause: "the key is not bound to hotsync-slave serve there",
      next: "take its line out of authorized_keys on the slave, then there: "
        + "hotsync-slave authorize --connection \(target.connection)")
  }

  /// - Parameter words: what was said in the program's place.
  func programMissing(_ words: String?) -> TransportError {
    failure(
      .incompatible, "cannot start the agent of",
      cause: words ?? "the program that the key is bound to is not there",
      next: "install hotsync on the slave, then there: hotsync-slave authorize --connection \(target.connection)")
  }

  func noSession(_ cause: String) -> TransportError {
    failure(
      .refused, "cannot start the agent of", cause: cause,
      next: "allow sessions in its sshd_config (MaxSessions), and see its log: journalctl -u ssh")
  }
}
