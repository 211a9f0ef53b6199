import HotsyncSystem

/// What `ssh`'s exit code and its words say. The words are those of OpenSSH 8.4 to 10 in the C locale; what it says of
/// itself and what the other machine says come by the same file, so they decide about a text, never about trust.
struct OpenSSHEnding {
  let code: Int32
  /// The lines on its standard error.
  let words: [String]

  /// `ssh` failed, and not what it ran.
  static let ofItself: Int32 = 255

  init(code: Int32, words: [String]) {
    self.code = code
    self.words = words
  }

  /// Nil where the agent itself ended, well or with words of its own.
  func failure(_ target: SSHTarget, agentHasSpoken: Bool) -> TransportError? {
    guard !agentHasSpoken else { return code == OpenSSHEnding.ofItself ? lost(target) : nil }
    let login = LoginFailure(target)
    switch code {
    // Only what we asked for ends so without a word; a shell that may not execute the program says that it may not.
    case 126 where words.isEmpty: return login.notBound()
    case 126, 127: return login.programMissing(words.last)
    case OpenSSHEnding.ofItself: return ofLogin(login)
    default: return nil
    }
  }

  private func lost(_ target: SSHTarget) -> TransportError {
    .lost(
      "the slave of \"\(target.connection)\"", said.map(OpenSSHEnding.plain) ?? "the agent there was ended by a signal")
  }

  private func ofLogin(_ login: LoginFailure) -> TransportError {
    if let failure = ofKeys(login) ?? ofWay(login) ?? ofServer(login) { return failure }
    return login.broken(
      said.map(OpenSSHEnding.plain) ?? "the agent there was ended by a signal before it said a word")
  }

  // MARK: What it says

  private func ofKeys(_ login: LoginFailure) -> TransportError? {
    if says("REVOKED HOST KEY") || says("is revoked") { return login.hostKeyRevoked() }
    if says("REMOTE HOST IDENTIFICATION HAS CHANGED") { return login.hostKeyChanged(fingerprint) }
    // A key is recorded, or ssh had not been started: this host shows one of another kind.
    if says("host key is known for") || says("Host key verification failed") { return login.hostKeyChanged(nil) }
    if says("UNPROTECTED PRIVATE KEY") {
      return login.unusableKey("others can read it")
    }
    if let line = line("Load key \"") ?? line("Enter passphrase") {
      return login.unusableKey(OpenSSHEnding.afterColon(line) ?? OpenSSHEnding.plain(line))
    }
    if says("Permission denied (") || says("Too many authentication failures") { return login.keyRefused() }
    return nil
  }

  private func ofWay(_ login: LoginFailure) -> TransportError? {
    if let line = line("Could not resolve hostname") {
      return login.nameNotFound(OpenSSHEnding.afterColon(line) ?? "no address")
    }
    if says("Connection refused") { return login.refused() }
    if says("timed out during banner exchange") { return login.timedOut("sshd's greeting") }
    if says("Connection timed out") || says("Operation timed out") { return login.timedOut("connection") }
    if says("Timeout, server") { return login.timedOut("login") }
    for cause in ["No route to host", "Network is unreachable", "Host is unreachable", "Invalid argument"]
    where says(cause) {
      return login.unreachable(cause)
    }
    return nil
  }

  private func ofServer(_ login: LoginFailure) -> TransportError? {
    if let line = line("Unable to negotiate") {
      let offer = line.firstRange(of: "no matching ").map { String(line[$0.lowerBound...]) }
      return login.nothingInCommon(offer ?? line)
    }
    if says("banner exchange: ") || says("Protocol major versions differ") || says("Bad remote protocol version")
      || says("Remote protocol version") || says("Bad packet length")
    {
      return login.notSSH("what answers there is no sshd")
    }
    if says("administratively prohibited") || says("session request failed") || says("open failed") {
      return login.noSession(said.map(OpenSSHEnding.plain) ?? "no session")
    }
    return nil
  }

  // MARK: Words

  /// Of ssh's own words: what the other side gives as its reason to hang up may say anything.
  private func line(_ text: String) -> String? {
    words.first { line in
      line.contains(text) && !OpenSSHEnding.foreign.contains { line.hasPrefix($0) }
    }
  }

  private static let foreign = ["Received disconnect from", "Disconnected from"]
  private func says(_ text: String) -> Bool { line(text) != nil }
  /// The last line says most: what comes before are warnings.
  private var said: String? { words.last }

  /// Of a changed host key: `SHA256:…` on the line after "The fingerprint for the ED25519 key sent by the remote host is".
  private var fingerprint: String? {
    words.first { $0.hasPrefix("SHA256:") }.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
  }

  private static func plain(_ line: String) -> String { line.hasPrefix("ssh: ") ? String(line.dropFirst(5)) : line }

  private static func afterColon(_ line: String) -> String? {
    line.split(separator: ": ").last.map { String($0) }
  }
}
