import HotsyncSystem

/// Small files of a store that are readable at a console: lines of text, and a last one with the digest of those before.
enum SealedText {
  static func seal(_ text: String, key: HashKey) -> [UInt8] {
    Array((text + "end \(key.digest(of: Array(text.utf8)).hexadecimal)\n").utf8)
  }

  /// - Parameter subject: what the file is, for the error.
  /// - Returns: the lines before the last.
  static func open(_ bytes: [UInt8], key: HashKey, _ subject: String) throws(StoreError) -> [Substring] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"))
    guard let end = lines.popLast(), bytes.last == UInt8(ascii: "\n"),
      Array(end) == Array("end \(key.digest(of: bytes.prefix(bytes.count - end.count - 1)).hexadecimal)".utf8)
    else { throw .damaged(subject, "it is cut short or altered") }
    return lines.map { Substring(decoding: $0, as: UTF8.self) }
  }
}
