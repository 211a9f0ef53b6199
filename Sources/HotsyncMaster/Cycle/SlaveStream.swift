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

  func open() throws -> any ByteStream {
    switch connection.transport {
    case .local: return try openLocal()
    case .ssh, .openssh:
      throw MasterError(
        .configuration, "cannot reach", "the slave of \"\(connection.name)\"",
        cause: "transport \(connection.transport.rawValue) is not available in this version",
        next: "hotsync config set connections.\(connection.name).transport local")
    }
  }

  private func openLocal() throws -> any ByteStream {
    try LocalTransport(
      program: AgentProgram.path(), connection: connection.name, root: connection.localRoot ?? "",
      silence: connection.silenceTimeout, environment: agentVariables)
  }
}
