import HotsyncConfig
import HotsyncDatabases
import HotsyncSystem

/// An engine whose databases a connection dumps.
struct ConfiguredEngine {
  let engine: any DatabaseEngine
  /// `status: enabled`: a server that is not there is an error.
  let isRequired: Bool
}

extension DatabasesConfiguration {
  /// Those that are not switched off.
  ///
  /// - Parameter restrictKey: what PostgreSQL's dumps are locked with; nil where none is made.
  func engines(restrictKey: String?) -> [ConfiguredEngine] {
    guard isEnabled else { return [] }
    #if DEBUG
      if let planted = PlantedEngine() { return [ConfiguredEngine(engine: planted, isRequired: false)] }
    #endif
    var engines: [ConfiguredEngine] = []
    if mariadb.status != .disabled {
      engines.append(
        ConfiguredEngine(engine: MariaDBEngine(mariadb.settings), isRequired: mariadb.status == .enabled))
    }
    if postgresql.status != .disabled {
      var settings = postgresql.settings
      if let restrictKey { settings.restrictKey = restrictKey }
      engines.append(
        ConfiguredEngine(engine: PostgreSQLEngine(settings), isRequired: postgresql.status == .enabled))
    }
    return engines
  }
}

extension DatabasesConfiguration.MariaDB {
  fileprivate var settings: MariaDBSettings {
    MariaDBSettings(
      status: EngineStatus(rawValue: status.rawValue) ?? .auto, socket: socket, defaultsFile: defaultsFile,
      include: include, exclude: exclude)
  }
}

extension DatabasesConfiguration.PostgreSQL {
  fileprivate var settings: PostgreSQLSettings {
    PostgreSQLSettings(
      status: EngineStatus(rawValue: status.rawValue) ?? .auto, host: host, port: port, user: user, runAs: runAs,
      passfile: passfile, include: include, exclude: exclude)
  }
}
