public import HotsyncSystem

/// The system's `ssh` as a child of ours: where jump hosts, hardware keys or other ciphers are wanted than libssh2 has.
public final class OpenSSHTransport: ByteStream {
  private let target: SSHTarget
  private let child: ChildStream

  static let program = "/usr/bin/ssh"

  /// How long an agent that runs may take to say its first word: it beats while it rolls an interrupted commit forward.
  private static let firstWord = Duration.seconds(20)

  /// Starts `ssh`, once key and known hosts are found to be in nobody else's hands.
  ///
  /// - Parameter configuration: a file in ssh_config(5)'s form, absolute, which is used where it is there: our own options
  ///   come before it, and the first one counts.
  /// - Throws: what is wrong with those files, or that there is no `ssh`. What is wrong with the login comes later, as
  ///   `failure`.
  public convenience init(_ target: SSHTarget, configuration: String?) throws(TransportError) {
    try self.init(target, configuration: configuration, program: OpenSSHTransport.program)
  }

  init(_ target: SSHTarget, configuration: String?, program: String) throws(TransportError) {
    self.target = target
    let files = LoginFiles(target)
    try files.requireKey()
    try files.pinnedKeys()
    let command = OpenSSHCommand(target, configuration: try configuration.flatMap(LoginFiles.trusted))
    do throws(SystemError) {
      child = try ChildStream(
        program, command.arguments, environment: command.environment, silence: target.silence,
        peer: "the slave of \"\(target.connection)\"")
      child.limitComplaints()
    } catch {
      throw OpenSSHTransport.missing(target, error)
    }
  }

  /// The key that the slave's host shows, by whatever jump hosts: to be shown to a person and recorded, and not trusted
  /// for itself.
  public static func hostKey(of target: SSHTarget, configuration: String?) throws(TransportError) -> PublicKey {
    let command = OpenSSHCommand(target, configuration: try configuration.flatMap(LoginFiles.trusted))
    let tool = Tool(
      "ssh", in: ["/usr/bin"], variables: command.environment, limit: target.connectTimeout + .seconds(5))
    let result: Tool.Result
    do throws(SystemError) { result = try tool.run(command.hostKeyArguments, outputLimit: 65_536) } catch {
      throw missing(target, error)
    }
    if let key = KnownHosts(result.output).keys(of: target.connection).first { return key }
    guard case .exited(let code)? = result.ending else { throw LoginFailure(target).timedOut("the SSH handshake") }
    throw OpenSSHEnding(code: code, words: result.complaint).failure(target, agentHasSpoken: false)
      ?? LoginFailure(target).broken("it shows no host key of a known kind")
  }

  /// Whether a file in ssh_config(5)'s form names keys, or could: by itself or by files that it includes.
  public static func namesKeys(configuration: String) throws(TransportError) -> Bool {
    guard let content = try LoginFiles.content(of: configuration, .configuration) else { return false }
    let words: Set<String> = [
      "identityfile", "certificatefile", "identityagent", "pkcs11provider", "securitykeyprovider", "include",
    ]
    return content.split(separator: UInt8(ascii: "\n")).contains { line in
      let word = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        .prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "=") }
      return words.contains(String(decoding: word, as: UTF8.self).lowercased())
    }
  }

  private static func missing(_ target: SSHTarget, _ error: SystemError) -> TransportError {
    TransportError(
      .failed, "cannot start", program, cause: error.cause,
      next: "apt-get install openssh-client, or: hotsync config set\(target.rootOption) "
        + "connections.\(target.connection).transport ssh")
  }

  public func send(_ bytes: [UInt8]) throws(TransportError) { try child.send(bytes) }

  public func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int {
    let isFirst = !child.hasSpoken
    do {
      guard isFirst else { return try child.receive(into: &buffer) }
      let limit = target.connectTimeout + min(target.silence, OpenSSHTransport.firstWord)
      return try child.receive(into: &buffer, silence: limit)
    } catch { throw ended(isFirst ? LoginFailure(target).timedOut("login") : error) }
  }

  /// The login has a limit of its own, and words for what went wrong in it.
  public func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    guard child.hasSpoken else { return try receive(into: &buffer) }
    do { return try child.receive(into: &buffer, atMost: limit) } catch { throw ended(error) }
  }

  /// The reason, which `ssh` may know better; it would wait for the other side when we are long gone.
  private func ended(_ error: TransportError) -> TransportError {
    let reason = failure() ?? error
    child.end()
    return reason
  }

  public func closeSending() { child.closeSending() }
  public func end() { child.end() }

  /// What `ssh` ended with: the agent's code, where the agent ended by itself.
  var agentStatus: Int32? { if case .exited(let code)? = child.ending { code } else { nil } }

  public func ending() -> String? {
    let words = child.complaint.joined(separator: "; ")
    if !words.isEmpty { return words }
    switch child.ending {
    case .exited(OpenSSHEnding.ofItself)?: return "its agent was ended by a signal"
    case .exited(let code)? where code != 0: return "its agent ended with code \(code)"
    case .killed(let signal)?: return "\(OpenSSHTransport.program) was ended by signal \(signal)"
    default: return nil
    }
  }

  public func failure() -> TransportError? {
    guard case .exited(let code)? = child.ending else { return nil }
    return OpenSSHEnding(code: code, words: child.complaint).failure(target, agentHasSpoken: child.hasSpoken)
  }
}
