/// Bytes as lower-case hexadecimal digits.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  var text = ""
  for byte in bytes {
    if byte < 16 { text += "0" }
    text += String(byte, radix: 16)
  }
  return text
}

/// Pairs of hexadecimal digits as bytes; nil for anything else.
public func parseHexadecimal(_ text: Substring) -> [UInt8]? {
  let digits = text.utf8.map { UInt8(Character(Unicode.Scalar($0)).hexDigitValue ?? 255) }
  guard digits.count % 2 == 0, !digits.contains(255) else { return nil }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
