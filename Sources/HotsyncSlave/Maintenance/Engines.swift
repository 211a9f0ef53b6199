public import HotsyncConfig
public import HotsyncDatabases

/// The database servers that this machine could run.
public enum Engines {
  public static func loading(_ connection: ConnectionConfiguration) -> [any DatabaseEngine] {
    let databases = connection.databases
    guard databases.isEnabled else { return [] }
    var engines: [any DatabaseEngine] = []
    if databases.mariadb.status != .disabled {
      engines.append(
        MariaDBEngine(
          MariaDBSettings(
            status: .auto, socket: databases.mariadb.socket, defaultsFile: databases.mariadb.defaultsFile)))
    }
    if databases.postgresql.status != .disabled {
      let settings = databases.postgresql
      engines.append(
        PostgreSQLEngine(
          PostgreSQLSettings(
            status: .auto, host: settings.host, port: settings.port, user: settings.user, runAs: settings.runAs,
            passfile: settings.passfile)))
    }
    return engines
  }
}
