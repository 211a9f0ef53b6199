import HotsyncSystem

/// What joins a master to a slave over SSH: a private sshd at the slave, and a relay before it where a test wants a line
/// that it can break.
public final class SSHArrangement {
  public let server: SSHServer
  public let relay: Relay?
  private let slave: Place
  private let program: String

  /// Where the master finds it.
  public var port: UInt16 { relay?.port ?? server.port }

  /// - Parameter program: the slave's `hotsync-slave`, absolute.
  public init(slave: String, program: String, isRelayed: Bool = false) throws {
    self.slave = Place(path: slave)
    self.program = program
    server = try SSHServer(root: slave)
    relay = isRelayed ? try Relay(to: server.port) : nil
  }

  /// Lets both sides trust each other by the commands that are for that; the connection is configured on both.
  public func establish(master: String, connection: String) throws {
    let programs = program.dropLast("/hotsync-slave".count)
    func run(_ name: String, _ words: String..., root: String, accepting codes: [Int32] = [0]) throws {
      let result = try RunningProgram.run("\(programs)/\(name)", words + ["--root", root])
      guard codes.contains(result.exitCode ?? -1) else { throw SupportError("\(name) \(words): \(result)") }
    }
    // 73: a master that turns to another slave has its key already.
    try run("hotsync", "key", "generate", connection, root: master, accepting: [0, 73])
    try run(
      "hotsync-slave", "authorize", "--connection", connection, "--key", "\(master)/etc/hotsync/keys/\(connection).pub",
      root: slave.path)
    try run("hotsync", "trust", connection, "--fingerprint", try fingerprint, root: master)
  }

  /// `SHA256:…` of the slave's sshd, as its own tools tell it.
  private var fingerprint: String {
    get throws {
      let told = try RunningProgram.run("ssh-keygen", ["-lf", "\(slave.path)/etc/ssh/ssh_host_ed25519_key.pub"])
      guard let word = told.outputText.split(separator: " ").dropFirst().first else { throw SupportError("\(told)") }
      return String(word)
    }
  }

  /// The settings of the connection at the master, as keys and values.
  public var settings: [(key: String, value: String)] {
    [("slave_host", "127.0.0.1"), ("port", "\(port)"), ("user", SSHServer.user)]
  }

  /// Waits until nobody is at work any more: the agent of a master that was killed, or whose line broke, learns of it a
  /// moment later, and so does the client of a master that was killed.
  public func waitForAgents(atMost limit: Duration = .seconds(20)) throws {
    let start = Clocks.system.elapsed()
    while !Agents.running(at: slave.path).isEmpty || !clients.isEmpty {
      guard Clocks.system.elapsed() - start < limit else { throw SupportError("the agent does not end") }
      Worker.pause(.milliseconds(5))
    }
  }

  private var clients: [Int32] {
    Agents.processes { [port] in $0.first?.hasSuffix("/ssh") == true && $0.contains("Port=\(port)") }
  }

  /// What a key is bound to.
  public func agentCommand(of connection: String) -> String {
    "\(quoted(program)) serve --connection \(connection) --root \(quoted(slave.path))"
  }

  // MARK: Parts, for those who make one of them wrong

  /// A new one takes the place of an old one.
  public static func makeKey(of connection: String, at master: Place) throws {
    try master.makeFolder("etc/hotsync/keys")
    try master.setPermissions(0o700, of: "etc/hotsync/keys")
    let path = master.below("etc/hotsync/keys/\(connection)").path
    try Pair.shell(
      "rm -f \"$0\" \"$0.pub\"; ssh-keygen -q -t ed25519 -N '' -C \"$1\" -f \"$0\"", path, "hotsync:\(connection)")
  }

  /// The only key that the slave's sshd takes from now on.
  ///
  /// - Parameter command: what it is bound to; nothing: whatever is asked for.
  public func authorize(_ key: String, for command: String?) throws {
    // The quote alone: sshd takes a backslash away from before a quote, and leaves every other one.
    let escaped = command?.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    let options = escaped.map { "restrict,command=\"\($0)\" " } ?? ""
    try slave.makeFolder("root/.ssh")
    try slave.setPermissions(0o700, of: "root/.ssh")
    try slave.write(options + key, to: "root/.ssh/authorized_keys", permissions: 0o600)
  }

  /// `ssh-ed25519 AAAA…` of the slave's sshd.
  public var hostKey: String {
    get throws {
      try slave.read("etc/ssh/ssh_host_ed25519_key.pub").split(separator: " ").prefix(2).joined(separator: " ")
    }
  }

  /// The only host key that the master knows from now on.
  public func trust(_ hostKey: String, of connection: String, at master: Place) throws {
    try master.write("\(connection) \(hostKey)\n", to: "etc/hotsync/known_hosts")
  }

  private func quoted(_ word: String) -> String {
    "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

/// The agents that work in a store, whoever started them.
public enum Agents {
  /// Their process ids: `hotsync-slave serve … --root ROOT`.
  public static func running(at root: String) -> [Int32] {
    processes { $0.first?.hasSuffix("hotsync-slave") == true && $0.contains("serve") && $0.contains(root) }
  }

  /// Whose words are these (proc(5), cmdline).
  static func processes(where condition: ([String]) -> Bool) -> [Int32] {
    let names = (try? Folder.open("/proc").names()) ?? []
    return names.compactMap { Int32(String(decoding: $0.bytes, as: UTF8.self)) }.filter { number in
      guard let bytes = try? Descriptor.open("/proc/\(number)/cmdline", .reading).readAll(limit: 65_536) else {
        return false
      }
      return condition(bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }
  }
}
