import HotsyncSystem

/// The way to a running agent: connect, see who answers, log in, start it. All steps together have one deadline.
struct SSHLogin {
  private let target: SSHTarget
  private let clocks: Clocks
  private let start: Duration
  private let failure: LoginFailure

  init(_ target: SSHTarget, clocks: Clocks = .system) {
    self.target = target
    self.clocks = clocks
    start = clocks.elapsed()
    failure = LoginFailure(target)
  }

  /// A session whose channel is the agent's standard input and output.
  func run() throws(TransportError) -> SSHSession {
    let files = LoginFiles(target)
    // What is missing here is told before anybody is bothered.
    let privateKey = try files.privateKey()
    let known = try files.knownHosts()
    let pinned = try files.pinnedKeys(in: known)
    var session = try shakeHands(preferring: pinned.map(\.type))
    try check(try hostKey(of: session), pinned, known)
    try logIn(&session, privateKey)
    try startAgent(&session)
    return session
  }

  /// The key that the host shows: nothing is checked beyond its form.
  func hostKey() throws(TransportError) -> PublicKey { try hostKey(of: shakeHands(preferring: [])) }

  private func hostKey(of session: borrowing SSHSession) throws(TransportError) -> PublicKey {
    guard let key = PublicKey(blob: session.hostKey) else {
      throw failure.nothingInCommon("what it shows is no host key")
    }
    return key
  }

  // MARK: Steps

  private var rest: Duration { target.connectTimeout - (clocks.elapsed() - start) }

  private func connect() throws(TransportError) -> Descriptor {
    let addresses: [SocketAddress]
    do throws(NameError) {
      addresses = try SocketAddress.all(of: target.host, port: target.port, atMost: rest)
    } catch { throw failure.nameNotFound(error.cause) }
    var last: SystemError?
    for (index, address) in addresses.enumerated() where rest > .zero {
      do throws(SystemError) {
        // An address that does not answer leaves the others their share.
        let socket = try Descriptor.connect(
          to: address, atMost: rest / (addresses.count - index), clocks: clocks)
        try socket.prepareForMessages(unacknowledgedAtMost: target.silence)
        return socket
      } catch { last = error }
    }
    guard let last, !last.isTimedOut else { throw failure.timedOut("connecting") }
    throw last.isConnectionRefused ? failure.refused() : failure.unreachable(last.cause)
  }

  private func shakeHands(preferring types: [String]) throws(TransportError) -> SSHSession {
    let socket = try connect()
    let greeting = try firstWords(over: socket)
    // A key of another kind than those recorded is better seen, and told as a changed one, than not agreed on.
    let types = types.filter(SSHSession.hostKeyTypes.contains)
    let others = SSHSession.hostKeyTypes.filter { !types.contains($0) }
    guard var session = SSHSession.start(over: socket, hostKeyTypes: types + others) else {
      throw TransportError(
        .failed, "cannot use", "libssh2", cause: "it does not know the algorithms that are needed, or has no memory",
        next: "install libssh2 1.10 or newer, or: "
          + "hotsync config set\(target.rootOption) connections.\(target.connection).transport openssh")
    }
    let failed = try attempt("the SSH handshake", on: &session) { session in session.handshake() }
    switch failed {
    case nil: return session
    case SSHSession.noKeyExchange?, SSHSession.noMethod?: throw failure.nothingInCommon(session.complaint)
    default:
      if !greeting.isEmpty, !greeting.starts(with: "SSH-".utf8) {
        throw failure.notSSH("it began with \"\(shown(greeting))\", and then: \(session.complaint)")
      }
      throw failure.broken(
        "it ended the SSH handshake: \(session.complaint); perhaps no sshd is there, or one that is too busy")
    }
  }

  /// What the other side says first: an sshd its version, perhaps after lines of its own. libssh2 keeps it to itself.
  private func firstWords(over socket: borrowing Descriptor) throws(TransportError) -> [UInt8] {
    do throws(SystemError) {
      guard
        try Descriptor.wait(
          socket.number, writing: false, atMost: rest, total: rest, clocks: clocks, gaveUp: { false })
      else { throw SystemError.timedOut }
    } catch { throw error.isTimedOut ? failure.timedOut("sshd's greeting") : failure.broken(error.cause) }
    return socket.peek(atMost: 60)
  }

  private func check(_ key: PublicKey, _ pinned: [PublicKey], _ known: KnownHosts) throws(TransportError) {
    if known.isRevoked(key) { throw failure.hostKeyRevoked() }
    guard pinned.contains(key) else {
      throw failure.hostKeyChanged(try? KeyTools.fingerprint(of: key))
    }
  }

  private func logIn(_ session: inout SSHSession, _ privateKey: [UInt8]) throws(TransportError) {
    let user = target.user
    let failed = try attempt("the login", on: &session) { $0.logIn(as: user, privateKey: privateKey) }
    guard let failed else { return }
    try requireLine(session, "the login")
    if SSHSession.refusals.contains(failed) { throw failure.keyRefused() }
    if failed == SSHSession.unusableFile {
      throw failure.unusableKey("\(session.complaint) (only Ed25519 keys without a passphrase will do)")
    }
    throw failure.broken("it ended the login: \(session.complaint)")
  }

  private func startAgent(_ session: inout SSHSession) throws(TransportError) {
    if try attempt("a session", on: &session, { $0.openChannel() }) != nil {
      try requireLine(session, "the session")
      throw failure.noSession("its sshd opens no session: \(session.complaint)")
    }
    for (name, value) in target.agentVariables.sorted(by: { $0.key < $1.key }) {
      // Whether it takes them is its sshd's business.
      _ = try attempt("the agent", on: &session) { $0.setVariable(name, value) }
    }
    if try attempt("the agent", on: &session, { $0.execute(SSHTarget.requestedCommand) }) != nil {
      try requireLine(session, "the session")
      throw failure.noSession("its sshd runs no command: \(session.complaint)")
    }
  }

  /// Where a step failed: libssh2 gives a line that broke while the answer was waited for the number of a refusal. One that
  /// refused stays on the line.
  private func requireLine(_ session: borrowing SSHSession, _ step: String) throws(TransportError) {
    var buffer: [UInt8] = [0]
    let count: Int?
    do throws(SystemError) { count = try session.socket.readIfReady(into: &buffer) } catch {
      throw failure.broken("it ended \(step): \(error.cause)")
    }
    if count == 0 { throw failure.broken("it ended \(step): \(session.complaint)") }
  }

  /// Does a step until it is done or its time is over.
  ///
  /// - Returns: libssh2's number where it failed; nil where it went well.
  private func attempt(
    _ step: String, on session: inout SSHSession, _ body: (inout SSHSession) -> SSHSession.Outcome
  ) throws(TransportError) -> Int32? {
    while true {
      guard rest > .zero else { throw failure.timedOut(step) }
      guard !session.hasUsedUp else {
        throw failure.notSSH("it sends more than any login takes, and comes to no end with it")
      }
      switch body(&session) {
      case .done: return nil
      case .failed(let number): return number
      case .wouldBlock:
        do throws(SystemError) {
          try Descriptor.wait(
            session.socket.number, reading: session.waitsForReading, writing: session.waitsForWriting, or: -1,
            atMost: min(rest, .seconds(1)))
        } catch { throw failure.broken(error.cause) }
      }
    }
  }
}
