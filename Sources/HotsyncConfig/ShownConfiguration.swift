/// The merged configuration as `config show` prints it: in the schema's order, with defaults, each value with its
/// origin. References to secrets stay references.
enum ShownConfiguration {
  private static let standard = Origin(file: "default", line: 0)

  static func text(_ merged: Value) -> String {
    YAMLWriting { value in
      guard let file = value.origin.file else { return nil }
      if value.origin == standard { return "default" }
      return "\(file):\(value.origin.line)" + (holdsReference(value) ? ", hidden" : "")
    }.text(section(merged, at: []))
  }

  private static func section(_ value: Value?, at path: [String]) -> Value {
    let written = value?.entries ?? []
    var entries: [Value.Entry] = []
    let names = Schema.names(below: path)
    let isNamed = names == ["NAME"]
    for name in isNamed ? written.map(\.key) : names {
      let below = path + [name]
      let own = written.first { $0.key == name }
      if let shown = shown(own?.value, at: below) {
        entries.append(Value.Entry(key: name, origin: own?.origin ?? standard, value: shown))
      }
    }
    // What the schema does not know is shown too: `check` says that it is wrong.
    entries += written.filter { entry in !isNamed && !names.contains(entry.key) }
    return Value(content: .map(entries), origin: value?.origin ?? standard)
  }

  private static func shown(_ value: Value?, at path: [String]) -> Value? {
    guard let row = Schema.row(at: path) else {
      guard let value, value.entries == nil else { return section(value, at: path) }
      return value
    }
    if let value { return value }
    var standardValue = row.defaultValue(path)
    standardValue?.origin = standard
    return standardValue
  }

  private static func holdsReference(_ value: Value) -> Bool {
    switch value.content {
    case .scalar(let text, _): text.contains("${")
    case .list(let values): values.contains(where: holdsReference)
    case .map(let entries): entries.contains { holdsReference($0.value) }
    case .nothing: false
    }
  }
}
