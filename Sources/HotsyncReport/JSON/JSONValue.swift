public import HotsyncSystem

/// A JSON document (RFC 8259) whose fields keep their order and whose whole numbers are exact.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case size(UInt64)
  /// In seconds, to the millisecond.
  case seconds(Duration)
  case string(String)
  case array([JSONValue])
  case object([(String, JSONValue)])

  /// RFC 3339, UTC; null where it is not known.
  public static func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.rfc3339) } ?? .null }
  public static func known(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
  public static func known(_ number: UInt64?) -> JSONValue { number.map { .size($0) } ?? .null }
  public static func known(_ duration: Duration?) -> JSONValue { duration.map { .seconds($0) } ?? .null }
  public static func known(_ fact: Bool?) -> JSONValue { fact.map { .bool($0) } ?? .null }
  static func counts(_ counts: [(String, UInt64)]) -> JSONValue { .object(counts.map { ($0, .size($1)) }) }
  public static func strings(_ strings: [String]) -> JSONValue { .array(strings.map { .string($0) }) }

  /// One line, without its break.
  public var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .size(let value): text += String(value)
    case .seconds(let value): text += JSONValue.decimal(value)
    case .string(let value): JSONValue.write(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.write(to: &text)
      }
      text += "]"
    case .object(let fields):
      text += "{"
      for (index, field) in fields.enumerated() {
        if index > 0 { text += ", " }
        JSONValue.write(field.0, to: &text)
        text += ": "
        field.1.write(to: &text)
      }
      text += "}"
    }
  }

  private static func decimal(_ duration: Duration) -> String {
    let milliseconds = Units.milliseconds(duration < .zero ? .zero - duration : duration)
    var text = duration < .zero && milliseconds > 0 ? "-" : ""
    text += String(milliseconds / 1_000)
    let rest = milliseconds % 1_000
    guard rest > 0 else { return text }
    var digits = String(1_000 + rest).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return text + "." + digits
  }

  /// Beyond what JSON asks for, all that a terminal might act on is escaped: the document is often looked at there.
  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case " "..."~": text.unicodeScalars.append(scalar)
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
          for unit in String(scalar).utf16 {
            text += "\\u"
            text += hexadecimal([UInt8(unit >> 8), UInt8(unit & 0xFF)])
          }
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    text += "\""
  }
}
