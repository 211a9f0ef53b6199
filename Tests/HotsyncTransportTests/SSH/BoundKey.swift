import HotsyncSystem
import HotsyncTransport
import TestSupport

/// A real sshd on loopback, and a key that is bound to a command of the test's choice.
final class BoundKey {
  let scratch: ScratchFolder
  let server: SSHServer
  let target: SSHTarget

  enum Client: CaseIterable { case libssh2, openssh }

  /// - Parameter lines: of sshd_config.
  init(
    to command: String, silence: Duration = .seconds(20), connect: Duration = .seconds(20), _ lines: String...
  ) throws {
    Signals.ignoreBrokenPipes()
    scratch = try ScratchFolder("bound")
    let root = try scratch.makeFolder("slave")
    server = try lines.first.map { try SSHServer(root: root, $0) } ?? SSHServer(root: root)
    _ = try scratch.makeFolder("slave/root/.ssh")
    let made = try KeyTools.generate(comment: "test", in: scratch.folder)
    try scratch.folder.replace(.of("key"), with: made.privateKey)
    let words = command.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    try scratch.write(
      "restrict,command=\"\(words)\" \(made.publicKey.line)\n".utf8, to: "slave/root/.ssh/authorized_keys")
    let host = try Descriptor.open("\(root)/etc/ssh/ssh_host_ed25519_key.pub").readAll(limit: 4_096) ?? []
    try scratch.write("standby ".utf8 + host, to: "known_hosts")
    target = SSHTarget(
      connection: "standby", host: "127.0.0.1", port: server.port, user: SSHServer.user,
      identity: scratch.path("key"), knownHosts: scratch.path("known_hosts"), connectTimeout: connect,
      silence: silence)
  }

  func connect(_ client: Client) throws -> any ByteStream {
    switch client {
    case .libssh2: try SSHTransport(target)
    case .openssh: try OpenSSHTransport(target, configuration: nil)
    }
  }
}

/// All that comes until the end.
func receiveAll(_ stream: any ByteStream) throws -> [UInt8] {
  var all: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 100_000)
  while true {
    let count = try stream.receive(into: &buffer)
    if count == 0 { return all }
    all += buffer[..<count]
  }
}
