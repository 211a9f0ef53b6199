import HotsyncSystem

/// What a query prints: rows of fields. Names come in hexadecimal, so that nothing in one can look like the end of it.
enum Listing {
  /// The fields of each line, between tabs.
  static func rows(_ output: [UInt8]) -> [[String]] {
    output.split(separator: UInt8(ascii: "\n")).map { line in
      line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
  }

  /// The bytes of a name in hexadecimal.
  static func bytes(_ field: String) -> [UInt8]? { parseHexadecimal(Substring(field)) }

  /// A name of a database. It is an argument and a text everywhere, so that one that is no UTF-8 cannot be dumped.
  static func name(_ field: String, engine: String) throws(DatabaseError) -> String {
    guard let bytes = bytes(field), let name = String(validating: bytes, as: UTF8.self) else {
      throw DatabaseError(
        .incomplete, "cannot dump", "a database of \(engine)",
        cause: "its name is no UTF-8: \(shown(bytes(field) ?? []))",
        next: "rename it, or dump it by a hook")
    }
    return name
  }
}
