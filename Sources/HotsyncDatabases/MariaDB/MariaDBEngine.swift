public import HotsyncSystem

/// MariaDB, and MySQL in its place, by mariadb-dump (mysqldump) and the mariadb client over the server's socket.
public struct MariaDBEngine: DatabaseEngine {
  public let settings: MariaDBSettings

  public init(_ settings: MariaDBSettings = MariaDBSettings()) { self.settings = settings }

  public var name: String { "mariadb" }

  /// Schemas of the server's own: users and grants are dumped as accounts, the rest makes itself.
  static let systemSchemas: Set<String> = ["information_schema", "mysql", "performance_schema", "sys"]

  public func server() throws(DatabaseError) -> DatabaseServer? {
    guard let programs = try programs() else { return nil }
    let rows = Listing.rows(try ask("SELECT VERSION();", programs))
    guard let version = rows.first?.first.flatMap({ Version(in: $0) }) else {
      throw DatabaseError(
        .failed, "cannot read", "the version of the mariadb server", cause: "it does not say one",
        next: "run it: \(programs.client) --socket=\(quotedForShell(settings.socket)) -e 'SELECT VERSION()'")
    }
    let client = try Client(path: programs.dump, user: nil).version()
    return DatabaseServer(version: version.description, clientVersion: client.description)
  }

  public func subjects() throws(DatabaseError) -> [DumpSubject] {
    guard let programs = try programs() else { return [] }
    var names: [String] = []
    for row in Listing.rows(try ask("SELECT HEX(schema_name) FROM information_schema.schemata;", programs)) {
      let name = try Listing.name(row.first ?? "", engine: self.name)
      guard !MariaDBEngine.systemSchemas.contains(name.lowercased()) else { continue }
      if NamePattern.chooses(name, include: settings.include, exclude: settings.exclude) { names.append(name) }
    }
    return [.accounts] + names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.map { .database($0) }
  }

  public func dump(_ subject: DumpSubject, formerSize: UInt64?) throws(DatabaseError) -> any DumpStream {
    guard let programs = try programs() else { throw absent("its client or its socket is missing") }
    let client = Client(path: programs.dump, user: nil, firstArguments: try access())
    let known = try MariaDBPrograms.options(of: client)
    let expectation = DumpExpectation(
      subject: "\(name) \(subject.description)", trailer: "-- Dump completed", formerSize: formerSize)
    switch subject {
    case .accounts:
      guard known.contains("system") else {
        throw DatabaseError(
          .incomplete, "cannot dump", expectation.subject,
          cause: "\(client.name) does not know --system=users: accounts of MySQL are not supported",
          next: "dump them by a hook, and set databases.mariadb.status: disabled where nothing else is wanted")
      }
      return try ClientDump<NoRows>(client, MariaDBArguments.accounts, expectation)
    case .database(let database):
      let notices = try notices(database, programs)
      return try ClientDump<MariaDBRows>(
        client, MariaDBArguments.database(database, known: known), expectation, notices: notices)
    }
  }

  public func privateInstance(at folder: String) throws(DatabaseError) -> any PrivateInstance {
    try MariaDBInstance(folder, serverUser: settings.serverUser)
  }

  // MARK: Access

  /// The clients, where the engine is in use.
  private func programs() throws(DatabaseError) -> MariaDBPrograms? {
    guard settings.status != .disabled else { return nil }
    guard let programs = MariaDBPrograms.installed() else {
      if settings.status == .auto { return nil }
      throw absent("neither mariadb-dump nor mysqldump is installed")
    }
    let isThere = (try? Descriptor.open(settings.socket, .nameOnly).status().kind) == .socket
    if !isThere {
      if settings.status == .auto { return nil }
      throw absent("nothing listens at \(settings.socket)")
    }
    return programs
  }

  private func absent(_ cause: String) -> DatabaseError {
    DatabaseError(
      .failed, "cannot reach", "the mariadb server", cause: cause,
      next: "start it, or set databases.mariadb.socket; where there is none: databases.mariadb.status: disabled")
  }

  /// What tells a client where the server is and who we are: a password stands in a file only, which must be closed to
  /// others.
  private func access() throws(DatabaseError) -> [String] {
    var arguments = ["--no-defaults"]
    if !settings.defaultsFile.isEmpty {
      try SecretFile.require(settings.defaultsFile, user: Environment.userID)
      arguments = ["--defaults-file=\(settings.defaultsFile)"]
    }
    return arguments + ["--socket=\(settings.socket)", "--default-character-set=utf8mb4"]
  }

  private func ask(_ query: String, _ programs: MariaDBPrograms) throws(DatabaseError) -> [UInt8] {
    try Client(path: programs.client, user: nil, firstArguments: try access())
      .run(["--batch", "--skip-column-names"], reading: query, ("cannot ask", "the mariadb server"))
  }

  /// Tables that the one moment of the dump does not hold for.
  private func notices(_ database: String, _ programs: MariaDBPrograms) throws(DatabaseError) -> [String] {
    let query = """
      SELECT HEX(table_name), engine FROM information_schema.tables \
      WHERE table_schema = \(MariaDBText.value(database)) \
      AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' ORDER BY 1;
      """
    let tables = Listing.rows(try ask(query, programs)).compactMap { row -> String? in
      guard row.count == 2, let name = Listing.bytes(row[0]) else { return nil }
      return "\(shown(name)) (\(shown(Array(row[1].utf8))))"
    }
    guard !tables.isEmpty else { return [] }
    let named = tables.prefix(5).joined(separator: ", ") + (tables.count > 5 ? " and \(tables.count - 5) more" : "")
    return ["\(name) database \(shown(Array(database.utf8))): not of one moment with the others: \(named)"]
  }
}

/// How mariadb-dump is called: docs of each option in mariadb-dump(1).
enum MariaDBArguments {
  /// The length of an `INSERT`: fixed, so that the same rows come in the same statements whatever the client's own is.
  static let statementLength = 256 << 10

  /// Users, roles and grants as statements, never a copy of the tables that hold them.
  static let accounts = ["--system=users", "--insert-ignore", "--skip-dump-date"]

  /// One moment of all InnoDB tables, rows in the order of their keys as InnoDB keeps them, binary values in
  /// hexadecimal.
  ///
  /// - Parameter known: the options that the installed client has: those of later versions are left out with it.
  static func database(_ name: String, known: Set<Substring>) -> [String] {
    var arguments = [
      // Locks in the dump would keep columns from their sequences, and our server has nobody to be locked out.
      "--single-transaction", "--quick", "--skip-lock-tables", "--skip-add-locks", "--routines", "--events",
      "--triggers", "--hex-blob",
      "--tz-utc", "--skip-dump-date", "--net-buffer-length=\(statementLength)", "--max-allowed-packet=1G",
    ]
    // The past of system-versioned tables goes along (MariaDB 10.11).
    if known.contains("dump-history") { arguments.append("--dump-history") }
    // MySQL: neither positions of another server's log nor what needs more rights than a dump has.
    if known.contains("set-gtid-purged") { arguments.append("--set-gtid-purged=OFF") }
    if known.contains("column-statistics") { arguments.append("--skip-column-statistics") }
    if known.contains("no-tablespaces") { arguments.append("--no-tablespaces") }
    return arguments + ["--databases", "--", name]
  }
}
