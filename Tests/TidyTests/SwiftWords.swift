/// A word or a sign of Swift code, outside comments; a string literal is one token with its text.
struct Token: Equatable {
  enum Kind { case word, sign, string }

  let kind: Kind
  let text: String
  let line: Int
}

/// Takes Swift apart as far as the rules need it: comments fall away, literals and words stay, the code inside
/// interpolations is passed over with its literal.
struct SwiftWords {
  private let bytes: [UInt8]
  private var place = 0
  private var line = 1
  private var tokens: [Token] = []

  static func tokens(of text: String) -> [Token] {
    var words = SwiftWords(bytes: Array(text.utf8))
    words.run()
    return words.tokens
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func at(_ offset: Int) -> UInt8? {
    place + offset < bytes.count ? bytes[place + offset] : nil
  }

  private func stands(_ text: StaticString) -> Bool {
    text.description.utf8.enumerated().allSatisfy { at($0.offset) == $0.element }
  }

  private mutating func step() {
    if bytes[place] == UInt8(ascii: "\n") { line += 1 }
    place += 1
  }

  private mutating func run() {
    while place < bytes.count {
      if stands("//") {
        while let byte = at(0), byte != UInt8(ascii: "\n") { step() }
      } else if stands("/*") {
        passBlockComment()
      } else if let hashes = literalStart() {
        let start = line
        tokens.append(Token(kind: .string, text: takeLiteral(hashes: hashes), line: start))
      } else if SwiftWords.isWord(bytes[place]) {
        let start = place
        while let byte = at(0), SwiftWords.isWord(byte) { step() }
        tokens.append(Token(kind: .word, text: String(decoding: bytes[start..<place], as: UTF8.self), line: line))
      } else {
        if bytes[place] > 0x20 {
          tokens.append(Token(kind: .sign, text: String(UnicodeScalar(bytes[place])), line: line))
        }
        step()
      }
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }

  private mutating func passBlockComment() {
    var depth = 0
    while place < bytes.count {
      if stands("/*") {
        depth += 1
        place += 2
      } else if stands("*/") {
        depth -= 1
        place += 2
        if depth == 0 { return }
      } else {
        step()
      }
    }
  }

  /// The number of `#` in front of a literal that begins here; nil where none does.
  private func literalStart() -> Int? {
    var hashes = 0
    while at(hashes) == UInt8(ascii: "#") { hashes += 1 }
    return at(hashes) == UInt8(ascii: "\"") ? hashes : nil
  }

  /// The literal's text, without its quotes; the place is behind it then.
  private mutating func takeLiteral(hashes: Int) -> String {
    place += hashes
    let isLong = stands("\"\"\"")
    place += isLong ? 3 : 1
    let start = place
    while place < bytes.count {
      if isEscape(hashes) {
        place += 1 + hashes
        if at(0) == UInt8(ascii: "(") { passInterpolation() } else if place < bytes.count { step() }
      } else if isEnd(hashes, isLong: isLong) {
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        place += (isLong ? 3 : 1) + hashes
        return text
      } else {
        step()
      }
    }
    return String(decoding: bytes[start...], as: UTF8.self)
  }

  private func isEscape(_ hashes: Int) -> Bool {
    at(0) == UInt8(ascii: "\\") && (0..<hashes).allSatisfy { at(1 + $0) == UInt8(ascii: "#") }
  }

  private func isEnd(_ hashes: Int, isLong: Bool) -> Bool {
    guard isLong ? stands("\"\"\"") : at(0) == UInt8(ascii: "\"") else { return false }
    return (0..<hashes).allSatisfy { at((isLong ? 3 : 1) + $0) == UInt8(ascii: "#") }
  }

  private mutating func passInterpolation() {
    var depth = 0
    while place < bytes.count {
      if let hashes = literalStart() {
        _ = takeLiteral(hashes: hashes)
        continue
      }
      let byte = bytes[place]
      step()
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") {
        depth -= 1
        if depth == 0 { return }
      }
    }
  }
}
