public import HotsyncSystem

/// A PostgreSQL server of HotSync's own, as the server's user, on a socket that only this user and root can reach.
///
/// What speeds loading up stands on the server's command line, so that nothing of it stays in the data folder. Nothing
/// is ever turned off that keeps data whole.
public final class PostgreSQLInstance: PrivateInstance {
  private let place: InstancePlace
  private let programs: PostgreSQLPrograms
  private let access: PostgreSQLAccess
  private let loadsWithOlderClients: Bool
  private var process: ServerProcess?

  /// - Parameter serverUser: whose rights the server has where root starts it.
  /// - Throws: where the server is not installed.
  public init(
    _ folder: String, serverUser: String = "postgres", loadsWithOlderClients: Bool = false
  ) throws(DatabaseError) {
    guard let programs = PostgreSQLPrograms.installed(with: "postgres") else {
      throw DatabaseError(
        .refused, "cannot start", "a private postgresql server", cause: "postgresql is not installed here",
        next: "apt-get install postgresql")
    }
    let user = try Client.rights(of: serverUser)
    let place = InstancePlace(folder, user: user)
    self.programs = programs
    self.place = place
    self.loadsWithOlderClients = loadsWithOlderClients
    access = PostgreSQLAccess(
      programs: programs, host: place.socketFolder, port: PostgreSQLInstance.port, role: "postgres", user: user,
      variables: [:])
  }

  public var dataFolder: String { place.data }

  /// Of the socket's name only: nothing listens on a network.
  private static let port = 5_432
  private var mark: String { "--data-directory=\(place.data)" }

  // MARK: Starting and stopping

  public func start() throws(DatabaseError) {
    // One that was killed this very moment has not ended yet, but does not answer either.
    if let process {
      if !process.hasEnded, answers { return }
      process.end(ChildProcess.killNow, within: .seconds(10))
    }
    try place.take()
    do throws(DatabaseError) {
      // SIGINT: sessions are ended, then the server, in order (postgres(1)).
      try place.endLeftover(pidFile: "data/postmaster.pid", mark: place.data, signal: PostgreSQLInstance.fastShutdown)
      try makeDataFolder()
      try startServer()
      try PostgreSQLLoader(place: place, access: access).undo()
    } catch {
      process = nil
      place.giveUp()
      throw error
    }
  }

  private static let fastShutdown: Int32 = 2

  public func stop() throws(DatabaseError) {
    guard let process else { return }
    self.process = nil
    defer { place.giveUp() }
    guard process.end(PostgreSQLInstance.fastShutdown, within: .seconds(600)) else {
      throw DatabaseError(
        .failed, "cannot stop", "the private postgresql server", cause: "it did not end in order: \(place.lastWords())",
        next: "see \(place.log); the next start mends its data")
    }
  }

  /// Made aside and renamed: a folder that is there is whole. Databases bring their own encodings and locales; those of
  /// the folder are for `postgres` and the templates only.
  private func makeDataFolder() throws(DatabaseError) {
    let folder = try place.open()
    let isThere = try DatabaseError.telling { () throws(SystemError) in
      try folder.removeTree(.ours("data.new"))
      return try folder.statusIfPresent(.ours("data")) != nil
    }
    guard !isThere else { return }
    _ = try programs.client("initdb", place.user).run(
      [
        "--pgdata=\(place.path)/data.new", "--username=postgres", "--auth-local=peer", "--auth-host=scram-sha-256",
        "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
      ], limit: .seconds(300), outputLimit: Client.writesFiles, ("cannot make", "the data folder \(place.data)"))
    try DatabaseError.telling { () throws(SystemError) in
      try folder.rename(.ours("data.new"), into: folder, as: .ours("data"))
      try folder.synchronize()
    }
  }

  private var answers: Bool { (try? access.ask("SELECT 1", limit: .seconds(10))) != nil }

  private func startServer() throws(DatabaseError) {
    try DatabaseError.telling { () throws(SystemError) in
      // Who reaches the socket is its folder's affair; the file beside the data goes nowhere with it.
      let owner = place.user
      try Folder.open(place.path).replace(
        .ours("hba.conf"), with: Array("local all all trust\n".utf8), permissions: 0o600,
        owner: owner?.number ?? Environment.userID, group: owner?.group ?? Environment.groupID)
    }
    let server = programs.client("postgres", place.user)
    // Sessions of a server that was killed hold its memory until they have seen that it is gone.
    for attempt in 1...5 {
      let started = ServerProcess(try place.start(server, arguments()))
      process = started
      if started.waits(until: { answers }, limit: .seconds(600)) { return }
      if attempt < 5 { Worker.pause(.seconds(1)) }
    }
    throw DatabaseError(
      .failed, "cannot start", "the private postgresql server", cause: place.lastWords(), next: "see \(place.log)")
  }

  private func arguments() -> [String] {
    let settings = [
      "listen_addresses=", "port=\(PostgreSQLInstance.port)", "unix_socket_directories=\(place.socketFolder)",
      "unix_socket_permissions=0700", "hba_file=\(place.path)/hba.conf", "logging_collector=off",
      "log_destination=stderr", "log_min_error_statement=panic", "cluster_name=hotsync",
      // Loading.
      "synchronous_commit=off", "max_wal_size=4GB", "checkpoint_timeout=30min", "maintenance_work_mem=256MB",
      "wal_level=minimal", "max_wal_senders=0", "archive_mode=off",
      // As on a Debian machine's own server: a folder made with fewer would not start there as a standby.
      "max_connections=100",
    ]
    return ["-D", place.data] + settings.flatMap { ["-c", $0] }
  }

  // MARK: What is in it

  public func load(_ subject: DumpSubject, from dump: borrowing Descriptor) throws(DatabaseError) {
    guard process != nil else { throw notRunning() }
    try requireSafe()
    let loader = PostgreSQLLoader(place: place, access: access)
    switch subject {
    case .accounts: try loader.loadAccounts(from: dump)
    case .database(let name): try loader.load(name, from: dump)
    }
  }

  /// - Throws: `.refused` for a psql that runs what somebody wrote into the data.
  private func requireSafe() throws(DatabaseError) {
    let version = try programs.client("psql", place.user).version()
    let safe = loadsWithOlderClients ? SafeClients.postgreSQLRestrict : SafeClients.postgreSQL
    guard version.isAtLeast(oneOf: safe, series: 1) else {
      throw DatabaseError(
        .refused, "cannot load", "a dump of postgresql",
        cause: "psql \(version) does not keep a dump from running commands on this machine (CVE-2026-18408)",
        next: "apt-get update && apt-get install --only-upgrade postgresql-client-\(version.major)")
    }
  }

  public func keepOnly(_ subjects: [DumpSubject]) throws(DatabaseError) {
    guard process != nil else { throw notRunning() }
    let what = ("cannot drop databases of", "the private postgresql server")
    let rows = try access.ask(
      """
      SELECT encode(convert_to(datname, getdatabaseencoding()), 'hex') FROM pg_catalog.pg_database
      WHERE NOT datistemplate AND datname <> 'postgres'
      """, what)
    for row in rows {
      let name = try Listing.name(row.first ?? "", engine: "postgresql")
      guard !subjects.contains(.database(name)) else { continue }
      _ = try access.ask("DROP DATABASE \(PostgreSQLText.name(name)) WITH (FORCE)", limit: .seconds(3_600), what)
    }
  }

  public func fingerprint(of subject: DumpSubject) throws(DatabaseError) -> Fingerprint {
    guard case .database(let name) = subject else { return Fingerprint() }
    guard process != nil else { throw notRunning() }
    let what = ("cannot count the rows of", "postgresql \(subject.description)")
    // Of extensions' own tables the dump tells nothing.
    let tables = try access.ask(
      """
      SELECT encode(convert_to(n.nspname, getdatabaseencoding()), 'hex'),
        encode(convert_to(c.relname, getdatabaseencoding()), 'hex')
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY 1, 2
      """, in: name, what)
    var query = ""
    for row in tables where row.count == 2 {
      let schema = try Listing.name(row[0], engine: "postgresql")
      let table = try Listing.name(row[1], engine: "postgresql")
      let name = "\(PostgreSQLText.name(schema)).\(PostgreSQLText.name(table))"
      query += "SELECT '\(row[0])', '\(row[1])', count(*) FROM ONLY \(name);\n"
    }
    guard !query.isEmpty else { return Fingerprint() }
    var fingerprint = Fingerprint()
    for row in try access.ask(query, in: name, limit: .seconds(3_600), what) where row.count == 3 {
      guard let schema = Listing.bytes(row[0]), let table = Listing.bytes(row[1]), let count = UInt64(row[2]) else {
        continue
      }
      fingerprint.rows[TableName.qualified(schema: schema, table: table)] = count
    }
    return fingerprint
  }

  private func notRunning() -> DatabaseError {
    DatabaseError(
      .bug, "cannot ask", "the private postgresql server", cause: "it was not started", next: "report this")
  }
}
