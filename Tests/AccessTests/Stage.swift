import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// A master and a slave under one scratch folder, with blanks in the names of their roots.
final class Stage {
  let scratch: ScratchFolder
  let master: String
  let slave: String

  /// The file that the slave's own sshd reads.
  var authorizedKeys: String { slave + "/root/.ssh/authorized_keys" }

  /// - Parameter slaveName: of the slave's root.
  init(slaveName: String = "the slave", connections: [String] = ["standby"], configured: Bool = true) throws {
    scratch = try ScratchFolder("access")
    master = try scratch.makeFolder("the master")
    slave = scratch.path(slaveName)
    try scratch.folder.makeFolder(.of(slaveName), permissions: 0o755)
    guard configured else { return }
    for connection in connections {
      try succeed(
        hotsync(
          "config", "set", "role", "master", "connections.\(connection).slave_host", "127.0.0.1",
          "connections.\(connection).data.include", "[/srv]"))
      try succeed(hotsyncSlave("config", "set", "role", "slave", "connections.\(connection).status", "enabled"))
    }
  }

  // MARK: Commands

  func hotsync(_ words: String...) throws -> RunningProgram.Result {
    try RunningProgram.run("hotsync", words + ["--root", master])
  }

  func hotsyncSlave(_ words: String..., input: String = "") throws -> RunningProgram.Result {
    try RunningProgram.run("hotsync-slave", words + ["--root", slave], input: Array(input.utf8))
  }

  /// Runs `authorize` with the key on its standard input.
  func authorize(_ key: String, _ words: String..., connection: String = "standby") throws -> RunningProgram.Result {
    try RunningProgram.run(
      "hotsync-slave", ["authorize", "--connection", connection, "--root", slave] + words, input: Array(key.utf8))
  }

  @discardableResult
  func succeed(_ result: RunningProgram.Result) throws -> RunningProgram.Result {
    guard result.exitCode == 0 else { throw SupportError("\(result)") }
    return result
  }

  /// Makes a connection's key on the master, and gives its public line.
  func makeKey(_ connection: String = "standby") throws -> String {
    try succeed(hotsync("key", "generate", connection))
    return try publicLine(connection)
  }

  func publicLine(_ connection: String = "standby") throws -> String {
    String(try succeed(hotsync("key", "show", connection, "--quiet")).outputText.dropLast())
  }

  /// Another key, which ssh-keygen makes: its public line.
  func otherKey(_ name: String, type: String = "ed25519") throws -> String {
    try succeed(RunningProgram.run("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", name, "-f", scratch.path(name)]))
    return String(try read(scratch.path(name + ".pub")).dropLast())
  }

  func fingerprint(of line: String) throws -> String {
    try scratch.write(Array((line + "\n").utf8), to: "asked.pub")
    let text = try succeed(RunningProgram.run("ssh-keygen", ["-lf", scratch.path("asked.pub")])).outputText
    return String(text.split(separator: " ")[1])
  }

  // MARK: Files

  func read(_ path: String) throws -> String {
    String(decoding: try Descriptor.open(path).readAll(limit: 1 << 24) ?? [], as: UTF8.self)
  }

  func status(_ path: String) throws -> FileStatus { try Descriptor.open(path, .nameOnly).status() }

  func write(_ text: String, to path: String, permissions: UInt16 = 0o600) throws {
    let file = try Descriptor.open(path, [.writing, .creating, .truncating])
    try file.write(Array(text.utf8))
    try file.setPermissions(permissions)
  }

  /// The slave's file of keys with this text; its folder is made.
  func writeAuthorizedKeys(_ text: String, permissions: UInt16 = 0o600) throws {
    try succeed(RunningProgram.run("/bin/mkdir", ["-p", "-m", "700", slave + "/root/.ssh"]))
    try write(text, to: authorizedKeys, permissions: permissions)
  }

  // MARK: OpenSSH's own client

  /// - Parameter connection: whose key of the master's is used.
  func ssh(
    _ server: SSHServer, _ options: [String] = [], command: [String] = ["exit", "126"], connection: String = "standby",
    environment: [String: String] = [:], input: [UInt8] = []
  ) throws -> RunningProgram.Result {
    try RunningProgram.run(
      "ssh", sshArguments(server, connection) + options + [SSHServer.user + "@127.0.0.1"] + command,
      environment: environment, input: input)
  }

  func sshArguments(_ server: SSHServer, _ connection: String = "standby") -> [String] {
    [
      "-F", "none", "-o", "UserKnownHostsFile=\"\(scratch.path("known hosts"))\"", "-o", "GlobalKnownHostsFile=none",
      "-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-p",
      "\(server.port)",
      "-i", master + "/etc/hotsync/keys/" + connection,
    ]
  }

  /// What a master says first.
  static func greeting(for connection: String) -> [UInt8] {
    let hello = Hello(
      program: "test", connection: connection, purpose: .look, epoch: .first,
      position: Position(generation: 0, catalog: .empty), store: nil, adopts: false)
    var bytes = Preamble.bytes
    Frame.encode(MasterMessage.hello(hello), to: &bytes)
    return bytes
  }

  /// What the agent answered first; nil where nothing of an agent's came.
  static func answer(_ result: RunningProgram.Result) throws -> SlaveMessage? {
    guard result.output.starts(with: Preamble.bytes) else { return nil }
    var decoder = FrameDecoder<SlaveMessage>()
    try decoder.feed(result.output[...])
    return try decoder.next()
  }
}

/// An error on the terminal: what could not be done to what; why; what to type next.
func expectThreeParts(
  _ result: RunningProgram.Result, code: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  let flaws = result.flaws(code: code, words)
  #expect(flaws == [], "\(result)", sourceLocation: sourceLocation)
}
