import HotsyncSystem

/// Text made fit for one line of a terminal, a log or a mail, whoever wrote it: control characters, line breaks and
/// what turns the direction of text become `\xNN`. Backslashes stay, so what `shown(_:)` made of a path is not changed
/// again.
public func harmless(_ text: String) -> String {
  if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
  let backslash = UInt8(ascii: "\\")
  return text.utf8.split(separator: backslash, omittingEmptySubsequences: false)
    .map { shown($0) }.joined(separator: "\\")
}

/// The same for text of several lines: only their breaks stay.
public func harmlessLines(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { harmless(String($0)) }.joined(separator: "\n")
}
