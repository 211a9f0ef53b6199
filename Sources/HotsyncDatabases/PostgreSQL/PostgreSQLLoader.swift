import HotsyncSystem

/// Loads dumps into a private server so that what was there stays until the new is whole: the former database is
/// renamed, and renamed back where its successor does not load.
struct PostgreSQLLoader {
  let place: InstancePlace
  let access: PostgreSQLAccess

  private static let former = "hotsync-former"
  /// Index builds may keep psql silent for hours.
  private static let limit = Duration.seconds(24 * 3_600)

  // MARK: Databases

  func load(_ name: String, from file: borrowing Descriptor) throws(DatabaseError) {
    let shownName = "postgresql database \(shown(Array(name.utf8)))"
    let isThere = try exists(name)
    try place.noteLoading("\(isThere ? "former" : "new") \(hexadecimal(Array(name.utf8)))")
    do throws(DatabaseError) {
      if isThere { try rename(name, to: PostgreSQLLoader.former) }
      let (psql, arguments) = access.psql("template1")
      // A dump makes its database and connects to it by itself.
      _ = try psql.run(
        arguments + ["--output=/dev/null", "--file=-"], from: file, limit: PostgreSQLLoader.limit,
        ("cannot load", shownName))
      guard try exists(name) else {
        throw DatabaseError(
          .damaged, "cannot load", shownName, cause: "the dump does not make that database",
          next: "hotsync sync writes it anew")
      }
      // Commits are written some time later: from here on nothing of it may be lost.
      _ = try access.ask("CHECKPOINT", limit: .seconds(3_600))
    } catch {
      try undo()
      throw error
    }
    try place.endLoading()
    try drop(PostgreSQLLoader.former)
  }

  /// Takes back a load that failed, or that a killed run left half done.
  func undo() throws(DatabaseError) {
    if let note = try place.loading() {
      let words = String(decoding: note, as: UTF8.self).split(separator: " ")
      if words.count >= 2, let bytes = parseHexadecimal(words[1]), let name = String(validating: bytes, as: UTF8.self) {
        if words[0] == "new" {
          try drop(name)
        } else if try exists(PostgreSQLLoader.former) {
          try drop(name)
          try rename(PostgreSQLLoader.former, to: name)
        }
      }
      try place.endLoading()
    }
    try drop(PostgreSQLLoader.former)
  }

  private func rename(_ name: String, to other: String) throws(DatabaseError) {
    _ = try access.ask("ALTER DATABASE \(PostgreSQLText.name(name)) RENAME TO \(PostgreSQLText.name(other))")
  }

  private func drop(_ name: String) throws(DatabaseError) {
    _ = try access.ask("DROP DATABASE IF EXISTS \(PostgreSQLText.name(name)) WITH (FORCE)", limit: .seconds(3_600))
  }

  private func exists(_ name: String) throws(DatabaseError) -> Bool {
    try !access.ask("SELECT 1 FROM pg_catalog.pg_database WHERE datname = \(PostgreSQLText.value(name))").isEmpty
  }

  // MARK: Accounts

  /// In one transaction: what does not load leaves the roles as they were. Roles that are there keep their databases:
  /// they get the attributes that the dump gives them, and no others.
  func loadAccounts(from file: borrowing Descriptor) throws(DatabaseError) {
    let what = ("cannot load", "postgresql accounts")
    let dump = try DatabaseError.telling { () throws(SystemError) in
      try file.readAll(limit: PostgreSQLLoader.accountsLimit)
    }
    guard let dump else {
      throw DatabaseError(
        .refused, what.0, what.1, cause: "the dump has more than \(PostgreSQLLoader.accountsLimit >> 20) MiB",
        next: "look at it on the slave: mirror/dumps/postgresql/accounts.sql")
    }
    let known = Set(
      try access.ask("SELECT quote_ident(rolname), rolname FROM pg_catalog.pg_roles").compactMap { $0.last })
    let (text, roles) = PostgreSQLLoader.withoutKnownRoles(dump, known: known)
    let input = try DatabaseError.telling { () throws(SystemError) in
      let input = try Descriptor.memoryFile()
      try input.write(Array(PostgreSQLLoader.forgetAttributes.utf8) + text, at: 0)
      return input
    }
    let (psql, arguments) = access.psql("template1")
    _ = try psql.run(
      arguments + ["--single-transaction", "--output=/dev/null", "--file=-"], from: input, limit: .seconds(3_600), what)
    _ = try access.ask("CHECKPOINT", limit: .seconds(3_600))
    // One that still owns something stays, without a way in: its databases go with the next `keepOnly`.
    for role in known where !roles.contains(role) && !role.hasPrefix("pg_") && role != "postgres" {
      _ = try? access.ask("DROP ROLE \(PostgreSQLText.name(role))")
    }
  }

  private static let accountsLimit = 64 << 20

  /// Before the dump says what each role has.
  private static let forgetAttributes = """
    DO $$ DECLARE r record; BEGIN
      FOR r IN SELECT rolname, rolvaliduntil FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' LOOP
        EXECUTE pg_catalog.format('ALTER ROLE %I RESET ALL', r.rolname);
        IF r.rolname <> current_user THEN
          EXECUTE pg_catalog.format('ALTER ROLE %I WITH NOSUPERUSER NOLOGIN NOCREATEROLE NOCREATEDB NOREPLICATION '
            'NOBYPASSRLS CONNECTION LIMIT -1 PASSWORD NULL', r.rolname);
        END IF;
        IF r.rolvaliduntil IS NOT NULL THEN
          EXECUTE pg_catalog.format('ALTER ROLE %I VALID UNTIL ''infinity''', r.rolname);
        END IF;
      END LOOP;
      FOR r IN SELECT DISTINCT g.rolname AS role, m.rolname AS member FROM pg_catalog.pg_auth_members a
        JOIN pg_catalog.pg_roles g ON g.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
        WHERE m.rolname !~ '^pg_' LOOP
        EXECUTE pg_catalog.format('REVOKE %I FROM %I CASCADE', r.role, r.member);
      END LOOP;
    END $$;

    """

  /// The dump without the lines that make roles which are there already, and the names of all that it makes. Every such
  /// line is a whole statement in a dump of accounts; one inside a text would only be missing from that text.
  static func withoutKnownRoles(_ dump: [UInt8], known: Set<String>) -> (text: [UInt8], roles: Set<String>) {
    var text: [UInt8] = []
    var roles: Set<String> = []
    for line in dump.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if let role = madeRole(line) {
        roles.insert(role)
        if known.contains(role) { continue }
      }
      text += line
      text.append(UInt8(ascii: "\n"))
    }
    return (text, roles)
  }

  private static func madeRole(_ line: ArraySlice<UInt8>) -> String? {
    guard let text = String(validating: line, as: UTF8.self), text.hasPrefix("CREATE ROLE "), text.hasSuffix(";") else {
      return nil
    }
    let name = text.dropFirst("CREATE ROLE ".count).dropLast()
    guard name.hasPrefix("\""), name.hasSuffix("\""), name.count >= 2 else { return String(name) }
    return name.dropFirst().dropLast().split(separator: "\"\"", omittingEmptySubsequences: false).joined(
      separator: "\"")
  }
}
