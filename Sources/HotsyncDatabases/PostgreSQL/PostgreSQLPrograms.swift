import HotsyncSystem

/// PostgreSQL's programs of one version: Debian keeps each version's in a folder of its own, and what lies in
/// `/usr/bin` chooses among them.
struct PostgreSQLPrograms: Sendable {
  let folder: String

  private static let versions = "/usr/lib/postgresql"

  /// The newest version that has a program; or the given one, where it is installed.
  static func installed(with program: String, major: Int? = nil) -> PostgreSQLPrograms? {
    var majors: [Int] = []
    if let folder = try? Folder.open(versions), let names = try? folder.names() {
      majors = names.compactMap { Int(String(decoding: $0.bytes, as: UTF8.self)) }.sorted(by: >)
    }
    if let major, majors.contains(major) { majors.insert(major, at: 0) }
    for major in majors {
      let programs = PostgreSQLPrograms(folder: "\(versions)/\(major)/bin")
      if Client.find([program], in: [programs.folder]) != nil { return programs }
    }
    guard let path = Client.find([program], in: Client.folders), let slash = path.lastIndex(of: "/") else { return nil }
    return PostgreSQLPrograms(folder: String(path[..<slash]))
  }

  func client(_ program: String, _ user: UserAccount?, _ variables: [String: String] = [:]) -> Client {
    Client(path: "\(folder)/\(program)", user: user, variables: variables)
  }
}

/// PostgreSQL's SQL, as far as names are concerned.
enum PostgreSQLText {
  /// A name as SQL has it: in double quotes, each one in it doubled.
  static func name(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  /// A text as SQL has it; `standard_conforming_strings` is on in every session of ours.
  static func value(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }

  /// A word of a connection string (libpq, "Keyword/Value Connection Strings").
  static func connectionWord(_ text: String) -> String {
    var word = ""
    for character in text {
      if character == "'" || character == "\\" { word.append("\\") }
      word.append(character)
    }
    return "'\(word)'"
  }
}
