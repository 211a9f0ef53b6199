public import HotsyncSystem

/// How many rows each table of a database has: taken from the dump as it is written, compared with what was loaded of
/// it.
public struct Fingerprint: Sendable, Equatable {
  /// By table; PostgreSQL's with their schema: `public.orders`.
  public var rows: [String: UInt64]

  public init(rows: [String: UInt64] = [:]) { self.rows = rows }

  /// As large as a coded one may be when it is read, in bytes: 200,000 tables of usual names.
  public static let sizeLimit = 16 << 20

  private static let head = Array("{\"version\":1,\"tables\":{".utf8)

  /// Canonical JSON: `{"version":1,"tables":{"orders":3,"users":12}}` and a line feed, tables in the order of their
  /// bytes, one way to write each name. The same rows give the same bytes.
  public func encode() -> [UInt8] {
    var bytes = Fingerprint.head
    var isFirst = true
    for (name, count) in rows.sorted(by: { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }) {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      bytes += [UInt8(ascii: "\n"), UInt8(ascii: "\"")] + Fingerprint.escaped(name) + Array("\":\(count)".utf8)
    }
    return bytes + Array("}}\n".utf8)
  }

  /// - Throws: for what `encode` did not write.
  public init(decoding bytes: [UInt8]) throws(DatabaseError) {
    guard bytes.count <= Fingerprint.sizeLimit, let rows = Fingerprint.parse(bytes[...]) else {
      throw DatabaseError(
        .damaged, "cannot read", "the fingerprint of a dump", cause: "it is not one that HotSync wrote",
        next: "hotsync sync writes it anew")
    }
    self.rows = rows
    // One way to write it: a second one would be somebody else's.
    guard encode() == bytes else {
      throw DatabaseError(
        .damaged, "cannot read", "the fingerprint of a dump", cause: "it is not in its canonical form",
        next: "hotsync sync writes it anew")
    }
  }

  /// What differs, a line each, at most `limit` lines; empty where both are the same.
  ///
  /// - Parameter loaded: what came of the dump that this was taken from.
  public func differences(from loaded: Fingerprint, limit: Int = 5) -> [String] {
    var lines: [String] = []
    for name in Set(rows.keys).union(loaded.rows.keys).sorted() where rows[name] != loaded.rows[name] {
      guard lines.count < limit else { return lines + ["and more"] }
      let (dumped, present) = (rows[name].map { "\($0) rows" }, loaded.rows[name].map { "\($0) rows" })
      lines.append(
        "table \(shown(Array(name.utf8))): \(dumped ?? "no table") in the dump, \(present ?? "no table") loaded")
    }
    return lines
  }

  private static func escaped(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20, 0x7F: bytes += Array("\\u00".utf8) + Array(hexadecimal([byte]).utf8)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  private static func parse(_ bytes: ArraySlice<UInt8>) -> [String: UInt64]? {
    guard bytes.starts(with: head) else { return nil }
    var rest = bytes.dropFirst(head.count)
    var rows: [String: UInt64] = [:]
    while rest.first != UInt8(ascii: "}") {
      if !rows.isEmpty { guard rest.popFirst() == UInt8(ascii: ",") else { return nil } }
      guard rest.popFirst() == UInt8(ascii: "\n"), let name = string(&rest), rest.popFirst() == UInt8(ascii: ":"),
        let count = number(&rest), rows.updateValue(count, forKey: name) == nil
      else { return nil }
    }
    return rest.elementsEqual("}}\n".utf8) ? rows : nil
  }

  private static func string(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return String(validating: bytes, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard let next = rest.popFirst() else { return nil }
      if next == UInt8(ascii: "u") {
        guard rest.count >= 4,
          let value = parseHexadecimal(Substring(String(decoding: rest.prefix(4), as: UTF8.self))), value.first == 0
        else { return nil }
        bytes.append(value[1])
        rest = rest.dropFirst(4)
      } else {
        bytes.append(next)
      }
    }
    return nil
  }

  private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits.count <= 20, let value = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
    rest = rest.dropFirst(digits.count)
    return value
  }
}
