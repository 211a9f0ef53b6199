import HotsyncConfig
import HotsyncSystem
import HotsyncTransport

/// The stream to a connection's slave, by the transport that is configured.
struct SlaveStream {
  let connection: ConnectionConfiguration
  /// In front of the paths that the configuration holds; empty for the machine's own.
  let rootPath: String
  /// Added to the environment of the agent; tests plant faults by them.
  let agentVariables: [String: String]

  /// - Parameter identity: another key than the connection's, with the root in front.
  func open(identity: String? = nil) throws -> any ByteStream {
    switch connection.transport {
    case .local: try openLocal()
    case .ssh: try SSHTransport(try target(identity: identity))
    case .openssh: try OpenSSHTransport(try target(identity: identity), configuration: openSSHConfiguration)
    }
  }

  /// The key that the slave's host shows, whoever that may be.
  func hostKey() throws -> PublicKey {
    connection.transport == .openssh
      ? try OpenSSHTransport.hostKey(of: try target(), configuration: openSSHConfiguration)
      : try SSHTransport.hostKey(of: try target())
  }

  /// Jump hosts, hardware keys and other ciphers are configured there, in ssh_config(5)'s form.
  private var openSSHConfiguration: String { rootPath + "/etc/hotsync/ssh_config" }

  /// Whether a login may stand on other keys than the one that we name: then it says nothing about ours.
  func mayUseOtherKeys() throws -> Bool {
    guard connection.transport == .openssh else { return false }
    return try OpenSSHTransport.namesKeys(configuration: openSSHConfiguration)
  }

  private func openLocal() throws -> any ByteStream {
    try LocalTransport(
      program: AgentProgram.path(), connection: connection.name, root: connection.localRoot ?? "",
      silence: connection.silenceTimeout, environment: agentVariables)
  }

  /// Where its sshd is; paths of files with the root in front.
  func target(identity: String? = nil) throws -> SSHTarget {
    guard let host = connection.slaveHost, let port = UInt16(exactly: connection.port) else {
      throw MasterError(
        .configuration, "cannot reach", "the slave of \"\(connection.name)\"", cause: "slave_host is not set",
        next: "hotsync config set\(rootOption) connections.\(connection.name).slave_host ADDRESS")
    }
    var variables = agentVariables
    #if DEBUG
      variables.merge(Faults.agentVariables) { $1 }
    #endif
    return SSHTarget(
      connection: connection.name, host: host, port: port, user: connection.user,
      identity: identity ?? rootPath + connection.identity, knownHosts: rootPath + connection.knownHosts,
      connectTimeout: connection.connectTimeout, silence: connection.silenceTimeout, agentVariables: variables,
      rootOption: rootOption)
  }

  private var rootOption: String { HotsyncSystem.rootOption(rootPath) }
}
