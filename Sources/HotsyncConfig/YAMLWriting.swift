import HotsyncSystem

/// Writes values as YAML: block style for maps, one line for lists of scalars, a comment where one is wanted.
struct YAMLWriting {
  /// The comment behind a value, without `# `; nil for none.
  let comment: (Value) -> String?

  init(comment: @escaping (Value) -> String? = { _ in nil }) { self.comment = comment }

  func text(_ value: Value) -> String {
    guard case .map(let entries) = value.content else { return inline(value) + "\n" }
    return lines(entries, indentation: "")
  }

  private func lines(_ entries: [Value.Entry], indentation: String) -> String {
    var text = ""
    for entry in entries {
      let key = indentation + YAMLWriting.scalar(entry.key, isPlain: false) + ":"
      if case .map(let below) = entry.value.content, !below.isEmpty {
        text += key + "\n" + lines(below, indentation: indentation + "  ")
      } else {
        let comment = comment(entry.value).map { "  # " + $0 } ?? ""
        text += key + " " + inline(entry.value) + comment + "\n"
      }
    }
    return text
  }

  private func inline(_ value: Value) -> String {
    switch value.content {
    case .nothing: "null"
    case .scalar(let text, let isPlain): YAMLWriting.scalar(text, isPlain: isPlain)
    case .list(let values): "[" + values.map(inline).joined(separator: ", ") + "]"
    case .map(let entries):
      "{"
        + entries.map { YAMLWriting.scalar($0.key, isPlain: false) + ": " + inline($0.value) }
        .joined(separator: ", ") + "}"
    }
  }

  /// Quoted unless it is certain that every reader takes it for the same plain text.
  static func scalar(_ text: String, isPlain: Bool) -> String {
    // A plain null is no text for any reader.
    guard text.lowercased() != "null" else { return quoted(text) }
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n"]
    if let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "/") || (isPlain && isDigit(first)),
      text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "/_.%+-".utf8.contains($0) }),
      isPlain || !words.contains(text.lowercased())
    {
      return text
    }
    return quoted(text)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        let isOrdinary = scalar.value >= 0x20 && scalar.value < 0x7F
        result += isOrdinary ? String(scalar) : escaped(scalar)
      }
    }
    return result + "\""
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    // Letters of other alphabets stay readable; controls, format characters and odd line ends do not.
    if scalar.value >= 0xA1, scalar.properties.isAlphabetic, scalar.value < 0xFFFE { return String(scalar) }
    let digits = String(scalar.value, radix: 16)
    return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}
