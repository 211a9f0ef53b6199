/// A word of a shell command, in single quotes where anything in it could mean more than itself.
public func quotedForShell(_ word: String) -> String {
  let quote = UInt8(ascii: "'")
  if !word.isEmpty, word.utf8.allSatisfy(isPlainInShell) { return word }
  // By bytes: a mark that joins the quote before it would hide that one from a comparison of characters.
  let parts = word.utf8.split(separator: quote, omittingEmptySubsequences: false)
  return String(decoding: [quote] + parts.joined(separator: "'\\''".utf8) + [quote], as: UTF8.self)
}

/// The words that a shell would make of a command in which everything stands for itself; nil where anything in it would
/// be expanded, redirected or run, or a quote has no end.
public func shellWords(_ command: some Collection<UInt8>) -> [[UInt8]]? {
  var words: [[UInt8]] = []
  var word: [UInt8]?
  var rest = Array(command)[...]
  while let byte = rest.popFirst() {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"):
      if let ended = word { words.append(ended) }
      word = nil
    case UInt8(ascii: "'"):
      guard let end = rest.firstIndex(of: byte) else { return nil }
      word = (word ?? []) + rest[..<end]
      rest = rest[(end + 1)...]
    case UInt8(ascii: "\\"):
      guard let escaped = rest.popFirst(), escaped != UInt8(ascii: "\n") else { return nil }
      word = (word ?? []) + [escaped]
    default:
      guard isPlainInShell(byte) else { return nil }
      word = (word ?? []) + [byte]
    }
  }
  if let word { words.append(word) }
  return words
}

private func isPlainInShell(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: "-_./,:@%+=".utf8.contains(byte)
  }
}

/// What follows a command of ours that is told to be typed: ` --root DIR`, or nothing for the machine's own root.
///
/// - Parameter rootPath: in front of paths; empty for the machine's own.
public func rootOption(_ rootPath: String) -> String {
  rootPath.isEmpty ? "" : " --root \(quotedForShell(rootPath))"
}
