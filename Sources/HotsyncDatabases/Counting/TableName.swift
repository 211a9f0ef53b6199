import HotsyncSystem

/// Names of tables as fingerprints have them.
enum TableName {
  /// A name that is no UTF-8 has its odd bytes escaped: it only has to be the same on both sides.
  static func text(_ bytes: [UInt8]) -> String {
    String(validating: bytes, as: UTF8.self) ?? shown(bytes)
  }

  /// PostgreSQL's tables go with their schema. A part with a dot or a quote in it stands in quotes, so that two tables
  /// never have one name.
  static func qualified(schema: [UInt8], table: [UInt8]) -> String {
    part(schema) + "." + part(table)
  }

  private static func part(_ bytes: [UInt8]) -> String {
    let name = text(bytes)
    guard name.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "\"") }) else { return name }
    return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
