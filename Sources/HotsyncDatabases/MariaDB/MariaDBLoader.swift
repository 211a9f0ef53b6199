import HotsyncSystem

/// Loads dumps into a private server so that what was there stays until the new is whole.
///
/// MariaDB renames no databases, but tables: those of the former database move aside (`hotsync-former`) before the dump
/// is loaded under its own name, which some of its statements say. What cannot be renamed (views, triggers, routines,
/// events) is kept as a dump of its own.
struct MariaDBLoader {
  let place: InstancePlace
  let client: Client
  let dump: Client
  let ownAccount: String

  private static let former = "hotsync-former"
  /// Index builds may keep a client silent for hours.
  private static let limit = Duration.seconds(24 * 3_600)

  /// Under the setting for loading, a flush alone writes nothing.
  private static let flush = """
    SET GLOBAL innodb_flush_log_at_trx_commit = 1; FLUSH ENGINE LOGS; SET GLOBAL innodb_flush_log_at_trx_commit = 0;
    """

  // MARK: Databases

  func load(_ name: String, from file: borrowing Descriptor) throws(DatabaseError) {
    let shownName = "mariadb database \(shown(Array(name.utf8)))"
    let isThere = try exists(name)
    let movesAside = isThere ? try !othersDependOn(name) : false
    if movesAside { try moveAside(name) } else { try place.noteLoading("new \(hexadecimal(Array(name.utf8)))") }
    do throws(DatabaseError) {
      if isThere && !movesAside { try run("SET foreign_key_checks=0;\nDROP DATABASE \(MariaDBText.name(name));") }
      _ = try client.run(
        ["--sandbox", "--batch"], from: file, limit: MariaDBLoader.limit, ("cannot load", shownName))
      guard try exists(name) else {
        throw DatabaseError(
          .damaged, "cannot load", shownName, cause: "the dump does not make that database",
          next: "hotsync sync writes it anew")
      }
      // Commits are written once a second: from here on nothing of it may be lost.
      try run(MariaDBLoader.flush)
    } catch {
      try undo()
      throw error
    }
    try place.endLoading()
    try run("SET foreign_key_checks=0;\nDROP DATABASE IF EXISTS \(MariaDBText.name(MariaDBLoader.former));")
  }

  /// Takes back a load that failed, or that a killed run left half done.
  func undo() throws(DatabaseError) {
    let what = "DROP DATABASE IF EXISTS \(MariaDBText.name(MariaDBLoader.former));"
    guard let note = try place.loading() else { return try run("SET foreign_key_checks=0;\n" + what) }
    let words = String(decoding: note, as: UTF8.self).split(separator: " ")
    if words.count >= 2, let bytes = parseHexadecimal(words[1]), let name = String(validating: bytes, as: UTF8.self) {
      let dropped = "SET foreign_key_checks=0;\nDROP DATABASE IF EXISTS \(MariaDBText.name(name));"
      if words[0] == "new" {
        try run(dropped)
      } else if try exists(MariaDBLoader.former) {
        let tables = try tables(of: MariaDBLoader.former)
        // A killed run may not have come as far as to move anything.
        if !tables.isEmpty || words[0] == "empty" {
          try run(dropped)
          try create(name, like: MariaDBLoader.former)
          try move(tables, from: MariaDBLoader.former, to: name)
        }
        try restoreDefinitions(of: name)
      }
    }
    try run("SET foreign_key_checks=0;\n" + what)
    try place.endLoading()
  }

  private func moveAside(_ name: String) throws(DatabaseError) {
    let tables = try tables(of: name)
    try keepDefinitions(of: name)
    try run("DROP DATABASE IF EXISTS \(MariaDBText.name(MariaDBLoader.former));")
    try place.noteLoading("\(tables.isEmpty ? "empty" : "former") \(hexadecimal(Array(name.utf8)))")
    try create(MariaDBLoader.former, like: name)
    // A trigger ties its table to the database.
    var statements = ""
    let query =
      "SELECT HEX(trigger_name) FROM information_schema.triggers WHERE trigger_schema = \(MariaDBText.value(name));"
    for row in try ask(query) {
      let trigger = try Listing.name(row.first ?? "", engine: "mariadb")
      statements += "DROP TRIGGER \(MariaDBText.name(name)).\(MariaDBText.name(trigger));\n"
    }
    try run(statements)
    try move(tables, from: name, to: MariaDBLoader.former)
    try run("DROP DATABASE \(MariaDBText.name(name));")
  }

  /// All in one statement, which the server does whole or not at all.
  private func move(_ tables: [String], from: String, to: String) throws(DatabaseError) {
    guard !tables.isEmpty else { return }
    let moves = tables.map {
      "\(MariaDBText.name(from)).\(MariaDBText.name($0)) TO \(MariaDBText.name(to)).\(MariaDBText.name($0))"
    }
    try run("SET foreign_key_checks=0;\nRENAME TABLE \(moves.joined(separator: ", "));")
  }

  private func create(_ name: String, like other: String) throws(DatabaseError) {
    let row =
      try ask(
        """
        SELECT default_character_set_name, default_collation_name FROM information_schema.schemata \
        WHERE schema_name = \(MariaDBText.value(other));
        """
      ).first ?? []
    let isPlain =
      row.count == 2
      && row.joined().utf8.allSatisfy {
        $0 == UInt8(ascii: "_") || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39)
      }
    let charset = isPlain ? " CHARACTER SET \(row[0]) COLLATE \(row[1])" : ""
    try run("CREATE DATABASE \(MariaDBText.name(name))\(charset);")
  }

  private func tables(of name: String) throws(DatabaseError) -> [String] {
    let rows = try ask(
      """
      SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = \(MariaDBText.value(name)) \
      AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') ORDER BY 1;
      """)
    var names: [String] = []
    for row in rows { names.append(try Listing.name(row.first ?? "", engine: "mariadb")) }
    return names
  }

  /// Views, triggers, routines and events, as statements in a file beside the data.
  private func keepDefinitions(of name: String) throws(DatabaseError) {
    let what = ("cannot keep the views and routines of", "mariadb database \(shown(Array(name.utf8)))")
    let common = ["--skip-dump-date", "--skip-lock-tables", "--no-data"]
    var text = try dump.run(
      common + ["--no-create-info", "--triggers", "--add-drop-trigger", "--routines", "--events", "--", name],
      limit: .seconds(600), outputLimit: 64 << 20, what)
    let query = """
      SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = \(MariaDBText.value(name)) \
      AND table_type = 'VIEW';
      """
    var views: [String] = []
    for row in try ask(query) { views.append(try Listing.name(row.first ?? "", engine: "mariadb")) }
    if !views.isEmpty {
      text += try dump.run(
        common + ["--skip-triggers", "--", name] + views, limit: .seconds(600), outputLimit: 64 << 20, what)
    }
    try DatabaseError.telling { () throws(SystemError) in
      try Folder.open(place.path).replace(.ours("former.sql"), with: text)
    }
  }

  private func restoreDefinitions(of name: String) throws(DatabaseError) {
    let file = try DatabaseError.telling { () throws(SystemError) in
      try Folder.open(place.path).openRegular(.ours("former.sql"))
    }
    _ = try client.run(
      ["--sandbox", "--batch", "--database=\(name)"], from: file, limit: MariaDBLoader.limit,
      ("cannot take back the load of", "mariadb database \(shown(Array(name.utf8)))"))
  }

  /// Whether foreign keys of other databases lead to it: renaming its tables would bend them.
  private func othersDependOn(_ name: String) throws(DatabaseError) -> Bool {
    let value = MariaDBText.value(name)
    let rows = try ask(
      """
      SELECT COUNT(*) FROM information_schema.referential_constraints \
      WHERE unique_constraint_schema = \(value) AND constraint_schema <> \(value);
      """)
    return rows.first?.first != "0"
  }

  private func exists(_ name: String) throws(DatabaseError) -> Bool {
    try ask("SELECT 1 FROM information_schema.schemata WHERE schema_name = \(MariaDBText.value(name));").isEmpty
      == false
  }

  // MARK: Accounts

  /// Replaces all accounts but our own and the server's. Those that were there are put back where the dump does not
  /// load.
  func loadAccounts(from file: borrowing Descriptor) throws(DatabaseError) {
    let what = ("cannot load", "mariadb accounts")
    let former = try dump.run(MariaDBArguments.accounts, limit: .seconds(600), outputLimit: 256 << 20, what)
    do throws(DatabaseError) {
      try dropAccounts()
      _ = try client.run(["--sandbox", "--batch"], from: file, limit: .seconds(3_600), what)
      try run(MariaDBLoader.flush)
    } catch {
      try dropAccounts()
      let text = try DatabaseError.telling { () throws(SystemError) in
        let text = try Descriptor.memoryFile()
        try text.write(former, at: 0)
        return text
      }
      _ = try client.run(["--sandbox", "--batch"], from: text, limit: .seconds(3_600), what)
      throw error
    }
  }

  private func dropAccounts() throws(DatabaseError) {
    let rows = try ask(
      "SELECT HEX(user), HEX(host), COALESCE(JSON_VALUE(priv, '$.is_role'), 0) FROM mysql.global_priv;")
    var statements = ""
    for row in rows where row.count == 3 {
      let user = try Listing.name(row[0], engine: "mariadb")
      let host = try Listing.name(row[1], engine: "mariadb")
      if user == "mariadb.sys" || (user == ownAccount && host == "localhost") { continue }
      statements +=
        row[2] == "0" || row[2] == "NULL"
        ? "DROP USER \(MariaDBText.account(user))@\(MariaDBText.account(host));\n"
        : "DROP ROLE \(MariaDBText.account(user));\n"
    }
    try run(statements)
  }

  // MARK: Asking

  private func ask(_ statements: String) throws(DatabaseError) -> [[String]] {
    Listing.rows(
      try client.run(
        ["--batch", "--skip-column-names"], reading: statements, limit: .seconds(3_600),
        ("cannot ask", "the private mariadb server")))
  }

  private func run(_ statements: String) throws(DatabaseError) { if !statements.isEmpty { _ = try ask(statements) } }
}
