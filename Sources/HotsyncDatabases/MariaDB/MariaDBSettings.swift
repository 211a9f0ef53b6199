/// `databases.mariadb` of the configuration. MySQL is served by the same settings where it has MariaDB's place.
public struct MariaDBSettings: Sendable {
  public var status: EngineStatus
  /// The server's Unix socket. There is no other way in: nothing of a dump crosses a network without our own stream.
  public var socket: String
  /// A file of options for the clients (`[client]` with user and password), 0600; empty: as root by the socket.
  public var defaultsFile: String
  /// Names of databases, with `*` and `?`; empty: all.
  public var include: [String]
  public var exclude: [String]
  /// The system user of the server, whose rights a private instance has.
  public var serverUser: String

  public init(
    status: EngineStatus = .auto, socket: String = "/run/mysqld/mysqld.sock", defaultsFile: String = "",
    include: [String] = [], exclude: [String] = [], serverUser: String = "mysql"
  ) {
    self.status = status
    self.socket = socket
    self.defaultsFile = defaultsFile
    self.include = include
    self.exclude = exclude
    self.serverUser = serverUser
  }
}
