import HotsyncSystem

/// All checked values by dotted key, defaults included.
struct Settings: Sendable {
  var values: [String: CheckedValue] = [:]
  var connections: [String] = []

  subscript(_ key: String) -> CheckedValue? { values[key] }
}

/// Holds the merged values against the schema and collects everything that is wrong, not only the first.
struct Check {
  static let maximumProblems = 100

  let root: String
  let secrets: Secrets
  private(set) var settings = Settings()
  private(set) var problems: [ConfigurationProblem] = []

  init(root: String, secrets: Secrets) {
    self.root = root
    self.secrets = secrets
  }

  /// The whole check.
  static func of(_ merged: Value, root: String, secrets: Secrets) -> Check {
    var check = Check(root: root, secrets: secrets)
    check.section(merged, at: [])
    check.fillInDefaults()
    check.checkTogether(merged)
    return check
  }

  mutating func report(_ gravity: ConfigurationProblem.Gravity, _ key: String, _ error: ConfigError) {
    guard problems.count < Check.maximumProblems else { return }
    problems.append(ConfigurationProblem(gravity: gravity, key: key, error: error))
  }

  /// Reports that what stands at a key is wrong.
  mutating func refuse(_ key: String, _ origin: Origin, _ cause: String, next: String) {
    let operation = origin.file == nil ? "cannot set" : "cannot use"
    report(
      .wrong, key,
      ConfigError(.configuration, operation, origin.subject(key), cause: cause, next: next))
  }

  // MARK: Keys

  private mutating func section(_ value: Value, at path: [String]) {
    let key = path.joined(separator: ".")
    guard let entries = value.entries else {
      return refuse(
        key, value.origin,
        path.isEmpty
          ? "expected keys with values, one a line" : "expected keys below it, like \(key).\(example(below: path))",
        next: command.mending(key, value.origin))
    }
    let names = Schema.names(below: path)
    for entry in entries {
      let below = path + [entry.key]
      if names == ["NAME"] {
        connection(entry, at: below)
      } else if names.contains(entry.key) {
        known(entry.value, at: below)
      } else {
        unknown(entry, at: path, names)
      }
    }
  }

  private func example(below path: [String]) -> String {
    let name = Schema.names(below: path).first ?? ""
    return name == "NAME" ? "standby" : name
  }

  private mutating func connection(_ entry: Value.Entry, at path: [String]) {
    guard isConnectionName(entry.key) else {
      let key = path.joined(separator: ".")
      return refuse(
        key, entry.origin,
        "expected a connection's name of at most 63 lower-case letters, digits and hyphens, "
          + "found \"\(printable(entry.key))\"",
        next: command.mending(key, entry.origin, isAddressable: false))
    }
    settings.connections.append(entry.key)
    section(entry.value, at: path)
  }

  private mutating func known(_ value: Value, at path: [String]) {
    guard let row = Schema.row(at: path) else { return section(value, at: path) }
    let key = path.joined(separator: ".")
    let filled: Value
    do throws(Secrets.Unfilled) { filled = try secrets.filled(value, key: key) } catch {
      return report(.wrong, key, error.error)
    }
    do throws(Mismatch) {
      let checked = try row.type.check(filled)
      guard isEffective(checked, row, path, value.origin) else { return }
      settings.values[key] = checked
    } catch {
      refuse(
        key, error.origin, "expected \(error.expected), found \(error.found)",
        next: command.setting(key, row.exampleWord(path)))
    }
  }

  /// Refuses a value that would change nothing, because what it stands for is not built yet.
  private mutating func isEffective(
    _ checked: CheckedValue, _ row: Schema.Row, _ path: [String], _ origin: Origin
  ) -> Bool {
    let key = path.joined(separator: ".")
    switch row.effect {
    case .effective: return true
    case .onlyDefault:
      if row.checkedDefault(path) == checked { return true }
      let standard = row.defaultText(path)
      refuse(
        key, origin, "expected \(standard), its default: anything else is not available in this version",
        next: command.removing(key, origin))
    }
    return false
  }

  private mutating func unknown(_ entry: Value.Entry, at path: [String], _ names: [String]) {
    let key = (path + [entry.key]).joined(separator: ".")
    let prefix = path.isEmpty ? "" : path.joined(separator: ".") + "."
    var nearest = NearestKey.nearest(to: entry.key, among: names).map { prefix + $0 }
    if nearest == nil {
      // Perhaps a right key in a wrong place.
      let row = Schema.rows.first { $0.path.last == entry.key } ?? Schema.rows.first { $0.path.contains(entry.key) }
      nearest = row?.key(for: path.count > 1 ? path[1] : "NAME")
    }
    let cause = "there is no such key" + (nearest.map { "; the nearest is \($0)" } ?? "")
    let mending = command.mending(key, entry.origin, isAddressable: !entry.key.contains("."))
    let isTyped = entry.origin.file == nil
    refuse(key, entry.origin, cause, next: nearest.flatMap { isTyped ? command.setting($0, "VALUE") : nil } ?? mending)
  }

  private mutating func fillInDefaults() {
    for row in Schema.rows {
      let names = row.path.first == "connections" ? settings.connections : [""]
      for name in names {
        let path = row.path(for: name)
        let key = path.joined(separator: ".")
        guard settings[key] == nil, let checked = row.checkedDefault(path) else { continue }
        settings.values[key] = checked
      }
    }
  }

  var command: NextCommand { NextCommand(root: root) }
}
