public import HotsyncSystem

/// PostgreSQL by pg_dump, pg_dumpall and psql.
public struct PostgreSQLEngine: DatabaseEngine {
  public let settings: PostgreSQLSettings

  public init(_ settings: PostgreSQLSettings = PostgreSQLSettings()) { self.settings = settings }

  public var name: String { "postgresql" }

  public func server() throws(DatabaseError) -> DatabaseServer? {
    guard let access = try access() else { return nil }
    let version = try serverVersion(access)
    let client = try dumpClient("pg_dump", access, major: version.major).version()
    return DatabaseServer(version: version.description, clientVersion: client.description)
  }

  /// Templates are never dumped. `postgres` is a database as any other, but where nobody has put anything into it.
  public func subjects() throws(DatabaseError) -> [DumpSubject] {
    guard let access = try access() else { return [] }
    let rows = try access.ask(
      """
      SELECT encode(convert_to(datname, getdatabaseencoding()), 'hex') FROM pg_catalog.pg_database
      WHERE datallowconn AND NOT datistemplate
      """)
    var names: [String] = []
    for row in rows {
      let name = try Listing.name(row.first ?? "", engine: self.name)
      guard NamePattern.chooses(name, include: settings.include, exclude: settings.exclude) else { continue }
      if name == "postgres", try isEmpty(name, access) { continue }
      names.append(name)
    }
    return [.accounts] + names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.map { .database($0) }
  }

  public func dump(_ subject: DumpSubject, formerSize: UInt64?) throws(DatabaseError) -> any DumpStream {
    guard let access = try access() else { throw absent("its client or its socket is missing") }
    let major = try serverVersion(access).major
    switch subject {
    case .accounts:
      let client = try dumpClient("pg_dumpall", access, major: major)
      let expectation = DumpExpectation(
        subject: "\(name) accounts", trailer: "-- PostgreSQL database cluster dump complete", formerSize: formerSize)
      return try ClientDump<NoRows>(
        client, access.arguments + ["--globals-only"] + (try common(client)), expectation)
    case .database(let database):
      let client = try dumpClient("pg_dump", access, major: major)
      let expectation = DumpExpectation(
        subject: "\(name) \(subject.description)", trailer: "-- PostgreSQL database dump complete",
        formerSize: formerSize)
      return try ClientDump<PostgreSQLRows>(
        client,
        access.arguments + ["--format=plain", "--create", "--lock-wait-timeout=60s"] + (try common(client))
          + ["--dbname=\(access.database(database))"],
        expectation)
    }
  }

  public func privateInstance(at folder: String) throws(DatabaseError) -> any PrivateInstance {
    try PostgreSQLInstance(folder, serverUser: settings.runAs, loadsWithOlderClients: settings.loadsWithOlderClients)
  }

  /// Identifiers are quoted all: what is a keyword in a newer version than the master's loads, too. Where tables lie is
  /// the slave's own affair, so tablespaces stay here. The key is always the same (docs of `--restrict-key` in
  /// pg_dump(1)).
  private func common(_ client: Client) throws(DatabaseError) -> [String] {
    let help = String(
      decoding: try Client(path: client.path, user: nil).run(
        ["--help"], outputLimit: 1 << 20, ("cannot ask", client.name)),
      as: UTF8.self)
    let key = help.contains("--restrict-key") ? ["--restrict-key=\(settings.restrictKey)"] : []
    return ["--quote-all-identifiers", "--no-tablespaces", "--no-password"] + key
  }

  // MARK: Access

  /// How clients reach the server; nil where the engine is not in use.
  private func access() throws(DatabaseError) -> PostgreSQLAccess? {
    guard settings.status != .disabled else { return nil }
    guard let programs = PostgreSQLPrograms.installed(with: "pg_dump") else {
      if settings.status == .auto { return nil }
      throw absent("pg_dump is not installed")
    }
    let socket = "\(settings.host)/.s.PGSQL.\(settings.port)"
    if settings.host.hasPrefix("/"), (try? Descriptor.open(socket, .nameOnly).status().kind) != .socket {
      if settings.status == .auto { return nil }
      throw absent("nothing listens at \(socket)")
    }
    let user = try Client.rights(of: settings.runAs)
    var variables: [String: String] = [:]
    if !settings.passfile.isEmpty {
      try SecretFile.require(settings.passfile, user: user?.number ?? Environment.userID)
      variables["PGPASSFILE"] = settings.passfile
    }
    return PostgreSQLAccess(
      programs: programs, host: settings.host, port: settings.port, role: settings.user, user: user,
      variables: variables)
  }

  private func absent(_ cause: String) -> DatabaseError {
    DatabaseError(
      .failed, "cannot reach", "the postgresql server", cause: cause,
      next: "start it, or set databases.postgresql.host; where there is none: databases.postgresql.status: disabled")
  }

  private func serverVersion(_ access: PostgreSQLAccess) throws(DatabaseError) -> Version {
    let text = try access.ask("SELECT current_setting('server_version')").first?.first ?? ""
    guard let version = Version(in: text) else {
      throw DatabaseError(
        .failed, "cannot read", "the version of the postgresql server", cause: "it does not say one",
        next: "ask it: psql -c 'SHOW server_version'")
    }
    return version
  }

  /// Of the server's own version where that is installed: a newer one writes statements that an older server on the
  /// slave does not know.
  private func dumpClient(_ program: String, _ access: PostgreSQLAccess, major: Int) throws(DatabaseError) -> Client {
    guard let programs = PostgreSQLPrograms.installed(with: program, major: major) else {
      throw absent("\(program) is not installed")
    }
    return programs.client(program, access.user, access.environment)
  }

  private func isEmpty(_ database: String, _ access: PostgreSQLAccess) throws(DatabaseError) -> Bool {
    let rows = try access.ask(
      """
      SELECT EXISTS (
        SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
      OR EXISTS (
        SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
      OR EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)
      """, in: database)
    return rows.first?.first == "f"
  }
}

/// Where a server is, who asks, and with whose rights.
struct PostgreSQLAccess: Sendable {
  let programs: PostgreSQLPrograms
  let host: String
  let port: Int
  let role: String
  let user: UserAccount?
  let variables: [String: String]

  var environment: [String: String] {
    ["PGAPPNAME": "hotsync", "PGCONNECT_TIMEOUT": "10"].merging(variables) { $1 }
  }

  var arguments: [String] { ["--host=\(host)", "--port=\(port)", "--username=\(role)"] }

  /// A database as an argument: a name with `=` in it would be taken for a connection string.
  func database(_ name: String) -> String { "dbname=" + PostgreSQLText.connectionWord(name) }

  func psql(_ database: String) -> (client: Client, arguments: [String]) {
    (
      programs.client("psql", user, environment),
      arguments + [
        "--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=\(self.database(database))",
      ]
    )
  }

  func ask(
    _ query: String, in database: String = "template1", limit: Duration = .seconds(60),
    _ what: (String, String) = ("cannot ask", "the postgresql server")
  ) throws(DatabaseError) -> [[String]] {
    let (client, arguments) = psql(database)
    return Listing.rows(
      try client.run(
        arguments + ["--no-align", "--tuples-only", "--field-separator=\t"], reading: query + ";\n", limit: limit, what)
    )
  }
}
