public import HotsyncSystem

/// A MariaDB server of HotSync's own, as the server's user, on a socket that only this user and root can reach.
///
/// What speeds loading up stands on the server's command line, so that nothing of it stays in the data folder.
public final class MariaDBInstance: PrivateInstance {
  private let place: InstancePlace
  private let programs: Programs
  private var process: ServerProcess?

  struct Programs {
    let server: String
    let installer: String
    let client: Client
    let dump: Client
  }

  /// - Parameter serverUser: whose rights the server has where root starts it.
  /// - Throws: where the server, or a client that loads dumps safely, is not installed.
  public init(_ folder: String, serverUser: String = "mysql") throws(DatabaseError) {
    guard let server = Client.find(["mariadbd", "mysqld"], in: Client.serverFolders),
      let installer = Client.find(["mariadb-install-db"], in: Client.folders),
      let clients = MariaDBPrograms.installed()
    else {
      throw DatabaseError(
        .refused, "cannot start", "a private mariadb server", cause: "mariadb-server is not installed here",
        next: "apt-get install mariadb-server")
    }
    let user = try Client.rights(of: serverUser)
    place = InstancePlace(folder, user: user)
    guard let account = user ?? UserAccount.own else {
      throw DatabaseError(
        .refused, "cannot start", "a private mariadb server", cause: "user \(Environment.userID) has no name here",
        next: "run it as root, or as a user with an entry in /etc/passwd")
    }
    let access = [
      "--no-defaults", "--socket=\(place.socketFolder)/mariadb.sock", "--user=\(account.name)",
      "--default-character-set=utf8mb4", "--max-allowed-packet=1G",
    ]
    programs = Programs(
      server: server, installer: installer, client: Client(path: clients.client, user: user, firstArguments: access),
      dump: Client(path: clients.dump, user: user, firstArguments: access))
    self.account = account
  }

  private let account: UserAccount

  public var dataFolder: String { place.data }

  private var socket: String { "\(place.socketFolder)/mariadb.sock" }
  private static let pidFile = "server.pid"
  private var mark: String { "--datadir=\(place.data)" }

  // MARK: Starting and stopping

  public func start() throws(DatabaseError) {
    // One that was killed this very moment has not ended yet, but does not answer either.
    if let process {
      if !process.hasEnded, answers { return }
      process.end(ChildProcess.killNow, within: .seconds(10))
    }
    try place.take()
    do throws(DatabaseError) {
      try place.endLeftover(pidFile: MariaDBInstance.pidFile, mark: mark, signal: ChildProcess.terminate)
      try makeDataFolder()
      try startServer()
      try undoLoad()
    } catch {
      process = nil
      place.giveUp()
      throw error
    }
  }

  public func stop() throws(DatabaseError) {
    guard let process else { return }
    self.process = nil
    defer { place.giveUp() }
    guard process.end(ChildProcess.terminate, within: .seconds(600)) else {
      throw DatabaseError(
        .failed, "cannot stop", "the private mariadb server", cause: "it did not end in order: \(place.lastWords())",
        next: "see \(place.log); the next start mends its data")
    }
  }

  /// Made aside and renamed: a folder that is there is whole.
  private func makeDataFolder() throws(DatabaseError) {
    let folder = try place.open()
    let isThere = try DatabaseError.telling { () throws(SystemError) in
      try folder.removeTree(.ours("data.new"))
      return try folder.statusIfPresent(.ours("data")) != nil
    }
    guard !isThere else { return }
    let arguments =
      [
        "--no-defaults", "--datadir=\(place.path)/data.new", "--auth-root-authentication-method=socket",
        "--skip-test-db", "--skip-name-resolve", "--skip-log-bin",
      ] + MariaDBLayout.ofThisMachine()
    _ = try Client(path: programs.installer, user: place.user).run(
      arguments, limit: .seconds(300), outputLimit: Client.writesFiles, ("cannot make", "the data folder \(place.data)")
    )
    try DatabaseError.telling { () throws(SystemError) in
      try folder.rename(.ours("data.new"), into: folder, as: .ours("data"))
      try folder.synchronize()
    }
  }

  private func startServer() throws(DatabaseError) {
    try DatabaseError.telling { () throws(SystemError) in
      let folder = try Folder.open(place.path)
      // The dumps bring accounts of their own: this one lets us in whatever they say. It has no password, only its user
      // can take it, and Debian makes it on every server. To hand a right on one must have it: that of proxies cannot
      // be granted here.
      let name = "\(MariaDBText.account(account.name))@'localhost'"
      let statements = """
        CREATE USER IF NOT EXISTS \(name);
        ALTER USER \(name) IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket;
        GRANT ALL PRIVILEGES ON *.* TO \(name) WITH GRANT OPTION;
        REPLACE INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor) \
        VALUES ('localhost', '\(account.name)', '', '', 1, '');
        FLUSH PRIVILEGES;

        """
      try folder.replace(
        .ours("init.sql"), with: Array(statements.utf8), permissions: 0o600, owner: account.number, group: account.group
      )
    }
    let server = Client(path: programs.server, user: place.user)
    let started = ServerProcess(try place.start(server, arguments()))
    process = started
    guard started.waits(until: { answers }, limit: .seconds(600)) else {
      throw DatabaseError(
        .failed, "cannot start", "the private mariadb server", cause: place.lastWords(), next: "see \(place.log)")
    }
  }

  private var answers: Bool {
    (try? programs.client.run(["--batch", "--execute=SELECT 1"], limit: .seconds(10), ("cannot ask", "it"))) != nil
  }

  private func arguments() -> [String] {
    [
      "--no-defaults", mark, "--socket=\(socket)", "--pid-file=\(place.path)/\(MariaDBInstance.pidFile)",
      "--skip-networking", "--skip-log-bin", "--skip-slave-start", "--skip-name-resolve", "--local-infile=0",
      "--event-scheduler=OFF", "--secure-file-priv=\(place.socketFolder)", "--init-file=\(place.path)/init.sql",
      "--max-allowed-packet=1G", "--innodb-strict-mode=OFF", "--character-set-server=utf8mb4",
      "--collation-server=utf8mb4_general_ci",
      // Loading: a lost second is loaded again.
      "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=256M", "--innodb-buffer-pool-size=256M",
      "--innodb-buffer-pool-dump-at-shutdown=OFF", "--innodb-buffer-pool-load-at-startup=OFF",
    ] + MariaDBLayout.ofThisMachine()
  }

  // MARK: What is in it

  func ask(_ statements: String, _ what: (String, String)) throws(DatabaseError) -> [[String]] {
    Listing.rows(
      try programs.client.run(["--batch", "--skip-column-names"], reading: statements, limit: .seconds(3_600), what))
  }

  public func load(_ subject: DumpSubject, from dump: borrowing Descriptor) throws(DatabaseError) {
    guard process != nil else { throw notRunning() }
    try MariaDBInstance.requireSafe(programs.client)
    let loader = MariaDBLoader(place: place, client: programs.client, dump: programs.dump, ownAccount: account.name)
    switch subject {
    case .accounts: try loader.loadAccounts(from: dump)
    case .database(let name): try loader.load(name, from: dump)
    }
  }

  /// A half-done load of a killed run.
  private func undoLoad() throws(DatabaseError) {
    try MariaDBLoader(place: place, client: programs.client, dump: programs.dump, ownAccount: account.name).undo()
  }

  /// - Throws: `.refused` for a client without the sandbox: it runs what a dump tells it to, as us.
  static func requireSafe(_ client: Client) throws(DatabaseError) {
    let version = try client.version()
    guard version.isAtLeast(oneOf: SafeClients.mariaDB, series: 2) else {
      throw DatabaseError(
        .refused, "cannot load", "a dump of mariadb",
        cause: "\(client.name) \(version) has no sandbox: a dump could run commands on this machine",
        next: "apt-get install --only-upgrade mariadb-client (10.11.8 or newer)")
    }
  }

  public func keepOnly(_ subjects: [DumpSubject]) throws(DatabaseError) {
    guard process != nil else { throw notRunning() }
    let what = ("cannot drop databases of", "the private mariadb server")
    var statements = ""
    for row in try ask("SELECT HEX(schema_name) FROM information_schema.schemata;", what) {
      let name = try Listing.name(row.first ?? "", engine: "mariadb")
      if MariaDBEngine.systemSchemas.contains(name.lowercased()) || subjects.contains(.database(name)) { continue }
      statements += "DROP DATABASE \(MariaDBText.name(name));\n"
    }
    if !statements.isEmpty { _ = try ask("SET foreign_key_checks=0;\n" + statements, what) }
  }

  public func fingerprint(of subject: DumpSubject) throws(DatabaseError) -> Fingerprint {
    guard case .database(let name) = subject else { return Fingerprint() }
    guard process != nil else { throw notRunning() }
    let what = ("cannot count the rows of", "mariadb \(subject.description)")
    let tables = try ask(
      """
      SELECT HEX(table_name), table_type FROM information_schema.tables \
      WHERE table_schema = \(MariaDBText.value(name)) \
      AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1;
      """, what)
    let dumpsHistory = try MariaDBPrograms.options(of: programs.dump).contains("dump-history")
    var statements = ""
    for row in tables where row.count == 2 {
      let table = try Listing.name(row[0], engine: "mariadb")
      let past = row[1] == "SYSTEM VERSIONED" && dumpsHistory ? " FOR SYSTEM_TIME ALL" : ""
      statements += "SELECT '\(row[0])', COUNT(*) FROM \(MariaDBText.name(name)).\(MariaDBText.name(table))\(past);\n"
    }
    var fingerprint = Fingerprint()
    for row in try ask(statements, what) where row.count == 2 {
      guard let bytes = Listing.bytes(row[0]), let count = UInt64(row[1]) else { continue }
      fingerprint.rows[TableName.text(bytes)] = count
    }
    return fingerprint
  }

  private func notRunning() -> DatabaseError {
    DatabaseError(
      .bug, "cannot ask", "the private mariadb server", cause: "it was not started", next: "report this")
  }
}

/// What of a server's settings is laid down in its data folder: a private one must be made as the machine's own is, to
/// take its place.
enum MariaDBLayout {
  private static let options: Set<String> = [
    "innodb-page-size", "innodb-data-file-path", "innodb-undo-tablespaces", "lower-case-table-names",
    "innodb-checksum-algorithm",
  ]

  /// From the machine's own configuration files; empty where they say nothing of these.
  static func ofThisMachine() -> [String] {
    guard let program = Client.find(["my_print_defaults"], in: Client.folders),
      let printed = try? Client(path: program, user: nil).run(
        ["--mariadbd"], outputLimit: 65_536, ("cannot read", "it"))
    else { return [] }
    return String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init).filter { line in
      let name = line.drop { $0 == "-" }.prefix { $0 != "=" }
      return options.contains(String(name.map { $0 == "_" ? "-" : $0 }))
    }
  }
}
