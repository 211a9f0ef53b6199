import HotsyncSystem
import Yams

/// Turns the bytes of one YAML file into a `Value`, within limits: the parser below trusts its input more than we do.
enum YAMLReading {
  static let maximumBytes = 1 << 20
  static let maximumLevels = 16
  static let maximumValues = 50_000
  // The parser compares keys with all that their aliases stand for, so few aliases and small files keep that small.
  static let maximumAnchors = 8
  static let maximumAliases = 16
  static let maximumBytesWithAnchors = 64 << 10

  /// - Parameter file: as shown in messages; nil for the command line.
  static func value(of bytes: [UInt8], file: String?) throws(ConfigError) -> Value {
    let text = try checkedText(bytes, file)
    let root: Node?
    do {
      root = try Parser(yaml: text, encoding: .utf8).singleRoot()
    } catch {
      throw explained(error, text, file)
    }
    guard let root else { return .emptyMap(Origin(file: file, line: 1)) }
    var walk = Walk(file: file)
    return try walk.value(root, level: 1, line: 1)
  }

  private static func checkedText(_ bytes: [UInt8], _ file: String?) throws(ConfigError) -> String {
    guard bytes.count <= maximumBytes else {
      throw unreadable(file, 1, "it is larger than 1 MiB")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw unreadable(file, 1, "it is not UTF-8 text")
    }
    var line = 1
    for byte in bytes {
      if byte == UInt8(ascii: "\n") { line += 1 }
      guard byte >= 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D, byte != 0x7F else {
        throw unreadable(file, line, "it holds a control character (byte \(byte))")
      }
    }
    let (anchors, aliases) = references(bytes)
    if anchors > 0 && (anchors > maximumAnchors || aliases > maximumAliases || bytes.count > maximumBytesWithAnchors) {
      throw unreadable(
        file, 1,
        "it has too many anchors or aliases (& and *), expected at most \(maximumAnchors) and \(maximumAliases)")
    }
    return text
  }

  /// How many anchors and aliases there may be; quoted text may be counted, none is overlooked.
  private static func references(_ bytes: [UInt8]) -> (anchors: Int, aliases: Int) {
    var anchors = 0
    var aliases = 0
    var previous = UInt8(ascii: "\n")
    for index in bytes.indices {
      let byte = bytes[index]
      defer { previous = byte }
      guard byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*"), index + 1 < bytes.count else { continue }
      let next = bytes[index + 1]
      let startsToken = previous <= 0x20 || previous >= 0x80 || "[]{},:?-\"'".utf8.contains(previous)
      guard startsToken, isLetter(next) || isDigit(next) || next == UInt8(ascii: "_") || next == UInt8(ascii: "-")
      else { continue }
      if byte == UInt8(ascii: "&") { anchors += 1 } else { aliases += 1 }
    }
    return (anchors, aliases)
  }

  /// The parser's own messages quote the file; ours do not, for it may hold passwords.
  private static func explained(_ error: any Error, _ text: String, _ file: String?) -> ConfigError {
    guard let error = error as? YamlError else { return unreadable(file, 1, "it is not YAML") }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let whole = [context?.text, problem].compactMap { $0 }.joined(separator: ", ")
      let hint = whole.contains("alias") ? "; quote what begins with *" : ""
      return unreadable(file, mark.line, "it is not YAML: \(whole)\(hint)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.first ?? ""
      return ConfigError(
        .configuration, "cannot use", Origin(file: file, line: max(1, context.mark.line)).subject(key),
        cause: "the key stands there twice", next: "remove one of them: \(editing(file, context.mark.line))")
    case .reader(let problem, _, _, _):
      return unreadable(file, 1, "it is not YAML: \(problem)")
    default:
      return unreadable(file, 1, "it is not YAML")
    }
  }

  static func editing(_ file: String?, _ line: Int) -> String {
    guard let file else { return "hotsync config set KEY VALUE" }
    return "editor +\(max(1, line)) \(quotedForShell(file))"
  }

  static func unreadable(_ file: String?, _ line: Int, _ cause: String) -> ConfigError {
    ConfigError(
      .configuration, "cannot read", file.map { "\($0) line \(max(1, line))" } ?? "the value given",
      cause: cause, next: editing(file, line))
  }
}

/// The way from the parser's nodes to ours; aliases are expanded here, so that their number counts.
private struct Walk {
  let file: String?
  var count = 0

  mutating func value(_ node: Node, level: Int, line: Int) throws(ConfigError) -> Value {
    let line = node.mark.map { max(1, $0.line) } ?? line
    let origin = Origin(file: file, line: line)
    count += 1
    guard count <= YAMLReading.maximumValues else {
      throw YAMLReading.unreadable(file, line, "it holds more than \(YAMLReading.maximumValues) values")
    }
    guard level <= YAMLReading.maximumLevels else {
      throw YAMLReading.unreadable(file, line, "it is nested deeper than \(YAMLReading.maximumLevels) levels")
    }
    guard node.tag.description.hasPrefix("tag:yaml.org,2002:") else {
      throw YAMLReading.unreadable(file, line, "it has a tag (!), expected a value without one")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      if isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
        return Value(content: .nothing, origin: origin)
      }
      return Value(content: .scalar(scalar.string, isPlain: isPlain), origin: origin)
    case .sequence(let nodes):
      var values: [Value] = []
      for node in nodes { values.append(try value(node, level: level + 1, line: line)) }
      return Value(content: .list(values), origin: origin)
    case .mapping(let pairs):
      return Value(content: .map(try entries(pairs, level: level, line: line)), origin: origin)
    case .alias:
      throw YAMLReading.unreadable(file, line, "it has an alias that leads nowhere")
    }
  }

  private mutating func entries(
    _ pairs: Node.Mapping, level: Int, line: Int
  ) throws(ConfigError) -> [Value.Entry] {
    var entries: [Value.Entry] = []
    var keys: Set<String> = []
    for (key, node) in pairs {
      guard case .scalar(let scalar) = key else {
        throw YAMLReading.unreadable(file, key.mark?.line ?? line, "a key is a list or a map, expected a name")
      }
      let origin = Origin(file: file, line: max(1, key.mark?.line ?? line))
      // The parser tells 1 from "1"; we do not.
      guard keys.insert(scalar.string).inserted else {
        throw ConfigError(
          .configuration, "cannot use", origin.subject(scalar.string), cause: "the key stands there twice",
          next: "remove one of them: \(YAMLReading.editing(file, origin.line))")
      }
      let value = try value(node, level: level + 1, line: origin.line)
      entries.append(Value.Entry(key: scalar.string, origin: origin, value: value))
    }
    return entries
  }
}
