import HotsyncConfig
import HotsyncSystem

/// What a new machine's administrator types next, once the configuration is sound.
struct SetupHint {
  let world: CommandWorld

  /// One command for each connection that lacks something, as far as this machine can see.
  func commands() -> [String] {
    guard let configuration = try? world.configuration(), configuration.isEnabled else { return [] }
    guard !configuration.connections.isEmpty else { return [firstConnection(configuration.role)] }
    return configuration.connections.filter(\.isEnabled).compactMap { connection in
      switch connection.role {
      case .master: master(connection)
      case .slave: slave(connection, configuration)
      }
    }
  }

  private func firstConnection(_ role: Role) -> String {
    switch role {
    case .master:
      world.command("hotsync config set connections.standby.slave_host ADDRESS")
        + " connections.standby.data.include '[/home, /srv]'"
    case .slave: world.command("hotsync-slave config set connections.standby.master_host ADDRESS")
    }
  }

  private func master(_ connection: ConnectionConfiguration) -> String {
    let lacksKey = connection.transport != .local && !isThere(connection.identity)
    return world.command("hotsync \(lacksKey ? "key generate" : "check") \(connection.name)")
  }

  private func slave(_ connection: ConnectionConfiguration, _ configuration: Configuration) -> String? {
    isThere("\(configuration.store)/\(connection.name)") ? nil : world.command("hotsync-slave apply")
  }

  private func isThere(_ path: String) -> Bool {
    (try? Descriptor.open((world.root == "/" ? "" : world.root) + path, .nameOnly)) != nil
  }
}
