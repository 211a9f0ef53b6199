public import HotsyncSystem

/// Where dumps lie below `.hotsync/dumps`: `mariadb/accounts.sql`, `postgresql/databases/shop.sql`, and beside each
/// dump of a database its fingerprint, `shop.tables`. Of a database's name all bytes but letters, digits, `_` and `-`
/// are written as `%NN`, so that no name means anything to the file system.
public enum DumpPath {
  public static let dumpSuffix = ".sql"
  public static let fingerprintSuffix = ".tables"
  /// As long as a name may be as it is written here; servers' own limits are 64 characters (MariaDB) and 63 bytes
  /// (PostgreSQL).
  static let longestName = 200

  /// Where the dump of a subject lies, below `.hotsync/dumps`.
  ///
  /// - Throws: for a name that is too long.
  public static func dump(of subject: DumpSubject, engine: String) throws(DatabaseError) -> RelativePath {
    try path(subject, engine, dumpSuffix)
  }

  /// Where its fingerprint lies; nil for accounts, which have none.
  public static func fingerprint(of subject: DumpSubject, engine: String) throws(DatabaseError) -> RelativePath? {
    guard case .database = subject else { return nil }
    return try path(subject, engine, fingerprintSuffix)
  }

  /// What the dump at a path below `.hotsync/dumps` holds; nil for what is no dump's path, a fingerprint's for one.
  public static func subject(at path: RelativePath) -> (engine: String, subject: DumpSubject)? {
    let names = path.names.map(\.bytes)
    guard let engine = names.first.flatMap({ String(validating: $0, as: UTF8.self) }) else { return nil }
    if names.count == 2, names[1] == Array(("accounts" + dumpSuffix).utf8) { return (engine, .accounts) }
    guard names.count == 3, names[1] == Array("databases".utf8),
      names[2].count > dumpSuffix.utf8.count, names[2].suffix(dumpSuffix.utf8.count) == Array(dumpSuffix.utf8)[...],
      let name = decoded(names[2].dropLast(dumpSuffix.utf8.count))
    else { return nil }
    return (engine, .database(name))
  }

  private static func path(_ subject: DumpSubject, _ engine: String, _ suffix: String) throws(DatabaseError)
    -> RelativePath
  {
    let rest: String
    switch subject {
    case .accounts: rest = "accounts"
    case .database(let name): rest = "databases/" + encoded(name)
    }
    guard rest.utf8.count <= longestName + "databases/".utf8.count, rest != "databases/",
      let path = RelativePath("\(engine)/\(rest)\(suffix)")
    else {
      throw DatabaseError(
        .incomplete, "cannot name the dump of", "\(engine) \(subject.description)",
        cause: "its name takes more than \(longestName) bytes in a path, or none",
        next: "exclude it: databases.\(engine).exclude, and dump it by a hook")
    }
    return path
  }

  private static func encoded(_ name: String) -> String {
    var text = ""
    for byte in name.utf8 {
      if isPlain(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%" + hexadecimal([byte]).uppercased()
      }
    }
    return text
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
    var name: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      if isPlain(byte) {
        name.append(byte)
        continue
      }
      guard byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = parseHexadecimal(Substring(String(decoding: rest.prefix(2), as: UTF8.self)))?.first
      else { return nil }
      name.append(value)
      rest = rest.dropFirst(2)
    }
    guard let text = String(validating: name, as: UTF8.self), Array(encoded(text).utf8)[...] == bytes else {
      return nil
    }
    return text
  }
}
