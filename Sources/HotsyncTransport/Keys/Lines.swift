/// The lines of a file that other programs write to as well, byte for byte: joined again they are the file.
struct Lines {
  /// Each with its break, which the last one may lack.
  var lines: [ArraySlice<UInt8>] = []

  init(_ text: [UInt8]) {
    var start = text.startIndex
    for index in text.indices where text[index] == UInt8(ascii: "\n") {
      lines.append(text[start...index])
      start = index + 1
    }
    if start < text.endIndex { lines.append(text[start...]) }
  }

  var text: [UInt8] { lines.flatMap { $0 } }

  /// Adds a line at the end, or in front of the one that stands at a place.
  mutating func insert(_ line: String, at place: Int? = nil) {
    let line = Array("\(line)\n".utf8)[...]
    if let place { return lines.insert(line, at: place) }
    if let last = lines.last, last.last != UInt8(ascii: "\n") {
      lines[lines.count - 1] = (Array(last) + [UInt8(ascii: "\n")])[...]
    }
    lines.append(line)
  }
}

extension Collection<UInt8> {
  /// Without the blanks and line breaks around it.
  var trimmed: ArraySlice<UInt8> {
    let bytes = Array(self)
    guard let first = bytes.firstIndex(where: { !$0.isBlankOrBreak }),
      let last = bytes.lastIndex(where: { !$0.isBlankOrBreak })
    else { return [] }
    return bytes[first...last]
  }
}

extension ArraySlice<UInt8> {
  /// What stands before the first blank, and what follows after the blanks there.
  var firstWord: (word: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
    let word = prefix { !$0.isBlank }
    return (word, dropFirst(word.count).drop { $0.isBlank })
  }
}

extension UInt8 {
  /// As OpenSSH's readers of these files have it.
  var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
  var isBlankOrBreak: Bool { isBlank || self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
}
