import HotsyncSystem

/// The clients that are installed here, and what they know.
struct MariaDBPrograms: Sendable {
  let client: String
  let dump: String

  /// Nil where one of them is missing.
  static func installed() -> MariaDBPrograms? {
    guard let client = Client.find(["mariadb", "mysql"], in: Client.folders),
      let dump = Client.find(["mariadb-dump", "mysqldump"], in: Client.folders)
    else { return nil }
    return MariaDBPrograms(client: client, dump: dump)
  }

  /// Names of options that a program's help lists.
  static func options(of client: Client) throws(DatabaseError) -> Set<Substring> {
    let help = String(
      decoding: try Client(path: client.path, user: nil).run(
        ["--no-defaults", "--help"], outputLimit: 1 << 20, ("cannot ask", client.name)),
      as: UTF8.self)
    return Set(
      help.split { $0 == " " || $0 == "," || $0 == "\n" || $0 == "=" || $0 == "[" }
        .filter { $0.hasPrefix("--") }.map { $0.dropFirst(2) })
  }
}

/// MariaDB's SQL, as far as names are concerned.
enum MariaDBText {
  /// A name as SQL has it: in backticks, each backtick in it doubled.
  static func name(_ name: String) -> String {
    "`" + name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``") + "`"
  }

  /// A user, role or host: in backticks, too.
  static func account(_ name: String) -> String { self.name(name) }

  /// Any text as a value, whatever the quoting rules are: by its bytes.
  static func value(_ text: String) -> String {
    text.isEmpty ? "''" : "CONVERT(x'\(hexadecimal(Array(text.utf8)))' USING utf8mb4)"
  }
}
