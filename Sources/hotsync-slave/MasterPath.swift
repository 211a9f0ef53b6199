import HotsyncCommand
import HotsyncSystem

/// A path as it is on the master, in an operator's writing.
enum MasterPath {
  /// Nil for the root itself. `\xNN` stands for a byte, as paths that are not text are shown.
  ///
  /// - Parameter operation: what cannot be done if it is no path: "cannot restore".
  /// - Parameter example: a command that is right.
  static func read(_ text: String, operation: String, example: String) throws(CommandError) -> RelativePath? {
    let bytes = unescaped(Array(text.utf8))
    let names = bytes.split(separator: UInt8(ascii: "/"))
    if bytes.first == UInt8(ascii: "/") {
      if names.isEmpty { return nil }
      if let path = RelativePath(Array(names.joined(separator: [UInt8(ascii: "/")]))) { return path }
    }
    throw CommandError(
      .usage, operation, shown(text.utf8.prefix(200)),
      cause: "paths are given as they are on the master, with a leading slash and without ..", next: example)
  }

  private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      let digits = rest.dropFirst().prefix(2)
      if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), digits.count == 2,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      {
        result.append(value)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }
}
