/// A version of a server or a client, as it is compared: `10.11.19`, `15.18`.
struct Version: Comparable, CustomStringConvertible {
  let numbers: [Int]

  init(_ numbers: [Int]) { self.numbers = numbers }

  /// The first number with a dot in it; nil where the text has none.
  init?(in text: String) {
    for word in text.split(whereSeparator: { !($0.isASCII && $0.isNumber) && $0 != "." }) {
      let parts = word.split(separator: ".").prefix(4).map { Int($0.prefix(9)) ?? 0 }
      guard parts.count > 1 else { continue }
      numbers = parts
      return
    }
    return nil
  }

  var major: Int { numbers.first ?? 0 }
  var description: String { numbers.map(String.init).joined(separator: ".") }

  static func < (left: Version, right: Version) -> Bool {
    left.numbers.lexicographicallyPrecedes(right.numbers)
  }

  /// Whether it has what came into several series at once: from the given version of its own series on, or in any
  /// series after the last.
  ///
  /// - Parameters:
  ///   - versions: the first of each series that has it, in order.
  ///   - length: how many numbers name a series: two of MariaDB's, one of PostgreSQL's.
  func isAtLeast(oneOf versions: [[Int]], series length: Int) -> Bool {
    if let own = versions.first(where: { $0.prefix(length) == numbers.prefix(length) }) {
      return !(self < Version(own))
    }
    guard let last = versions.last else { return false }
    return Version(Array(last.prefix(length))) < Version(Array(numbers.prefix(length)))
  }
}

/// The first clients that load dumps safely: a dump is a program, and an older client runs what somebody wrote into the
/// data.
enum SafeClients {
  /// The sandbox mode of MariaDB's client (MDEV-33727).
  static let mariaDB = [[10, 5, 25], [10, 6, 18], [10, 11, 8], [11, 0, 6], [11, 1, 5], [11, 2, 4], [11, 4, 2]]
  /// `\restrict` of psql (CVE-2025-8714), and its repair (CVE-2026-18408).
  static let postgreSQL = [[14, 24], [15, 19], [16, 15], [17, 11], [18, 6]]
  /// The first that know `\restrict` at all; dumps with it cannot be loaded by older ones.
  static let postgreSQLRestrict = [[13, 22], [14, 19], [15, 14], [16, 10], [17, 6]]
}
