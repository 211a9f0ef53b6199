import HotsyncSystem

extension Schema.Row {
  /// The key's parts for a connection.
  func path(for name: String) -> [String] { path.map { $0 == "NAME" ? name : $0 } }

  func key(for name: String) -> String { path(for: name).joined(separator: ".") }

  /// The default as a value, with the connection's name in it.
  func defaultValue(_ path: [String]) -> Value? {
    let name = path.count > 1 ? path[1] : "NAME"
    func scalar(_ text: String) -> Value {
      let filled = text.hasSuffix("/NAME") ? String(text.dropLast(4)) + name : text
      return Value(content: .scalar(filled, isPlain: true), origin: .commandLine)
    }
    switch standard {
    case .none: return nil
    case .scalar(let text): return scalar(text)
    case .list(let texts): return Value(content: .list(texts.map(scalar)), origin: .commandLine)
    }
  }

  func checkedDefault(_ path: [String]) -> CheckedValue? {
    guard let value = defaultValue(path) else { return nil }
    do throws(Mismatch) { return try type.check(value) } catch {
      preconditionFailure("the default of \(key) is not of its own type")
    }
  }

  /// The default as YAML.
  func defaultText(_ path: [String]) -> String {
    guard let value = defaultValue(path) else { return "nothing" }
    return String(YAMLWriting().text(value).dropLast())
  }

  /// What to show in a command that sets this key.
  func exampleWord(_ path: [String]) -> String {
    switch (standard, type) {
    case (.scalar, _): return defaultText(path)
    case (_, .choice(let words)): return words.first ?? "VALUE"
    case (_, .list(.path)): return "'[/home, /srv]'"
    case (_, .list(.pattern)): return "'[\"*.tmp\"]'"
    case (.list, _): return quotedForShell(defaultText(path))
    case (_, .host): return "ADDRESS"
    case (_, .path): return "/PATH"
    default: return "VALUE"
    }
  }
}
