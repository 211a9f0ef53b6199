public import HotsyncSystem

/// `hotsync config get, set, unset, show, check`, and `activate` and `deactivate`. Changes go to
/// `conf.d/90-local.yaml`, whole or not at all; what somebody wrote by hand stays as it is.
///
/// A change is refused for what it makes wrong, and for what is wrong at the keys that it touches. What was wrong
/// elsewhere before does not stand in its way: otherwise two mistakes could never be mended one after the other.
public struct ConfigurationEditor {
  let files: ConfigurationFiles
  let secrets: Secrets

  /// - Parameter environment: for `${env:NAME}`.
  public init(root: String = "/", environment: @escaping (String) -> String? = { Environment.value($0) }) {
    files = ConfigurationFiles(root: root)
    secrets = Secrets(environment: environment)
  }

  var command: NextCommand { NextCommand(root: files.root) }

  // MARK: Looking

  /// Everything that is wrong or missing, at most 100 problems; none: the configuration is sound.
  public func check() -> [ConfigurationProblem] {
    do throws(ConfigError) {
      let content = try files.read()
      if content.files.isEmpty && content.problems.isEmpty {
        return [ConfigurationProblem(gravity: .missing, key: "", error: files.missing)]
      }
      return content.problems + checked(content).problems
    } catch {
      return [ConfigurationProblem(gravity: .wrong, key: "", error: error)]
    }
  }

  /// What is configured at a key, or its default: a scalar as plain text, everything else as YAML; empty where the key
  /// has neither. References to secrets stay as they were written.
  public func value(of key: String) throws(ConfigError) -> String {
    let merged = try readable().merged
    let path = parts(key)
    if let value = merged.value(at: path) {
      if case .scalar(let text, _) = value.content { return text }
      if case .nothing = value.content, Schema.row(at: path) == nil { return "" }
      return withoutLineEnd(YAMLWriting().text(value))
    }
    try requireConnection(path, in: merged, "cannot get", "key \(printable(key))")
    guard let row = Schema.row(at: path) else {
      if !Schema.names(below: path).isEmpty { return "" }
      throw unknown(key, "cannot get")
    }
    guard let value = row.defaultValue(path) else { return "" }
    if case .scalar(let text, _) = value.content { return text }
    return withoutLineEnd(YAMLWriting().text(value))
  }

  /// The merged result as YAML, each value with the file and line that it came from, defaults included.
  public func show() throws(ConfigError) -> String {
    let content = try readable()
    guard !content.files.isEmpty else { throw files.missing }
    return ShownConfiguration.text(content.merged)
  }

  // MARK: Changing

  /// Sets keys, all together or none. Values are YAML: `'[/home, /srv]'`, `22`; where the schema wants a text, the text
  /// as it is.
  /// - Returns: what is missing yet before the configuration can be used.
  @discardableResult
  public func set(_ assignments: [(key: String, value: String)]) throws(ConfigError) -> [ConfigurationProblem] {
    var edits: [Edit] = []
    for (key, value) in assignments {
      edits.append(Edit(path: parts(key), value: try parsed(value, key: key)))
    }
    return try apply(edits)
  }

  /// Takes keys, or whole sections, out of `conf.d/90-local.yaml`.
  @discardableResult
  public func unset(_ keys: [String]) throws(ConfigError) -> [ConfigurationProblem] {
    try apply(keys.map { Edit(path: parts($0), value: nil) })
  }

  /// `hotsync activate NAME` and `deactivate NAME`.
  @discardableResult
  public func setStatus(of connection: String, isEnabled: Bool) throws(ConfigError) -> [ConfigurationProblem] {
    let path = ["connections", connection, "status"]
    try requireConnection(
      path, in: try readable().merged, isEnabled ? "cannot activate" : "cannot deactivate",
      "connection \"\(printable(connection))\"")
    let word = Value(content: .scalar(isEnabled ? "enabled" : "disabled", isPlain: true), origin: .commandLine)
    return try apply([Edit(path: path, value: word)])
  }

  // MARK: Parts

  func checked(_ content: ConfigurationFiles.Content) -> Check {
    Check.of(content.merged, root: files.root, secrets: secrets)
  }

  private func readable() throws(ConfigError) -> ConfigurationFiles.Content {
    let content = try files.read()
    if let problem = content.problems.first { throw problem.error }
    return content
  }

  func parts(_ key: String) -> [String] {
    key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  /// Scalars are taken as they are, unless they come in quotes of their own: a cron schedule begins with `*`, which
  /// YAML would take for an alias.
  private func parsed(_ text: String, key: String) throws(ConfigError) -> Value {
    let isQuoted = text.hasPrefix("\"") || text.hasPrefix("'")
    if let row = Schema.row(at: parts(key)), !row.type.isList, !isQuoted {
      return Value(content: .scalar(text, isPlain: true), origin: .commandLine)
    }
    do throws(ConfigError) { return try YAMLReading.value(of: Array(text.utf8), file: nil) } catch {
      throw ConfigError(
        .configuration, "cannot set", "key \(printable(key))", cause: error.cause,
        next: command.setting(printable(key), Schema.row(at: parts(key))?.exampleWord(parts(key)) ?? "VALUE"))
    }
  }

  private func requireConnection(
    _ path: [String], in merged: Value, _ operation: String, _ subject: String
  ) throws(ConfigError) {
    guard path.first == "connections", path.count > 1 else { return }
    let names = merged.value(at: ["connections"])?.entries?.map(\.key) ?? []
    guard !names.contains(path[1]) else { return }
    let known = names.isEmpty ? "none is configured" : "configured: " + names.map(printable).joined(separator: ", ")
    throw ConfigError(
      .usage, operation, subject, cause: "there is no connection \"\(printable(path[1]))\"; \(known)",
      next: command.setting("connections.NAME.slave_host", "ADDRESS"))
  }

  func unknown(_ key: String, _ operation: String) -> ConfigError {
    let keys = Schema.rows.map { $0.key(for: parts(key).count > 1 ? parts(key)[1] : "NAME") }
    let nearest = NearestKey.nearest(to: key, among: keys)
    return ConfigError(
      .usage, operation, "key \(printable(key))",
      cause: "there is no such key" + (nearest.map { "; the nearest is \(printable($0))" } ?? ""),
      next: command.showing)
  }

  private func withoutLineEnd(_ text: String) -> String { text.hasSuffix("\n") ? String(text.dropLast()) : text }
}
