/// What a YAML file holds, before it is held against the schema; every value remembers where it was written.
struct Value: Sendable {
  enum Content: Sendable {
    case nothing
    /// Plain scalars may be numbers and booleans, quoted ones are always text.
    case scalar(String, isPlain: Bool)
    case list([Value])
    case map([Entry])
  }

  struct Entry: Sendable {
    let key: String
    let origin: Origin
    var value: Value
  }

  var content: Content
  var origin: Origin
  /// Filled in from `${env:…}` or `${file:…}`: never to be shown.
  var isSecret = false

  static func emptyMap(_ origin: Origin) -> Value { Value(content: .map([]), origin: origin) }

  /// Nil where it is not a map; nothing at all is an empty one.
  var entries: [Entry]? {
    switch content {
    case .map(let entries): entries
    case .nothing: []
    default: nil
    }
  }

  /// The value at a key below.
  func value(at path: some Collection<String>) -> Value? {
    guard let first = path.first else { return self }
    return entries?.first { $0.key == first }?.value.value(at: path.dropFirst())
  }

  /// Maps merge, everything else is replaced. A key without a value replaces no map: its keys may be commented out.
  func merged(with newer: Value) -> Value {
    guard let newerEntries = newer.entries, case .map(var entries) = content else { return newer }
    for entry in newerEntries {
      if let index = entries.firstIndex(where: { $0.key == entry.key }) {
        entries[index].value = entries[index].value.merged(with: entry.value)
      } else {
        entries.append(entry)
      }
    }
    return Value(content: .map(entries), origin: origin)
  }

  /// This with another value at a key below, whose maps are made where they are missing.
  func setting(_ new: Value, at path: some Collection<String>) -> Value {
    guard let first = path.first else { return new }
    var entries = entries ?? []
    let rest = path.dropFirst()
    if let index = entries.firstIndex(where: { $0.key == first }) {
      entries[index].value = entries[index].value.setting(new, at: rest)
    } else {
      let value = Value.emptyMap(new.origin).setting(new, at: rest)
      entries.append(Entry(key: first, origin: new.origin, value: value))
    }
    return Value(content: .map(entries), origin: origin)
  }

  /// This without the value at a key below, and without the maps that are empty then.
  func removing(_ path: some Collection<String>) -> Value {
    guard let first = path.first, case .map(var entries) = content,
      let index = entries.firstIndex(where: { $0.key == first })
    else { return self }
    let rest = path.dropFirst()
    if !rest.isEmpty {
      entries[index].value = entries[index].value.removing(rest)
    }
    if rest.isEmpty || entries[index].value.entries?.isEmpty == true { entries.remove(at: index) }
    return Value(content: .map(entries), origin: origin)
  }

  /// Whether both hold the same, wherever and with whatever quotes it was written.
  func isSame(as other: Value) -> Bool {
    switch (content, other.content) {
    case (.nothing, .nothing): true
    case (.scalar(let text, _), .scalar(let other, _)): text == other
    case (.list(let values), .list(let others)):
      values.count == others.count && zip(values, others).allSatisfy { $0.isSame(as: $1) }
    case (.map(let entries), .map(let others)):
      entries.count == others.count
        && zip(entries, others).allSatisfy { $0.key == $1.key && $0.value.isSame(as: $1.value) }
    default: false
    }
  }
}
