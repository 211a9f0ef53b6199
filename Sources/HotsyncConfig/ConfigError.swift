public import HotsyncSystem

/// Errors of the configuration: `.configuration` for what is wrong in it, `.refused` for a file that cannot be trusted,
/// `.usage` for a key on the command line that does not exist.
public enum ConfigDomain {}
public typealias ConfigError = Failure<ConfigDomain>

/// One thing that is wrong with a configuration.
public struct ConfigurationProblem: Sendable {
  public enum Gravity: Sendable {
    /// Something that stands there is wrong.
    case wrong
    /// Something that must stand there is missing yet: `set` allows it, so that a configuration can be built step
    /// by step.
    case missing
  }

  public let gravity: Gravity
  /// The dotted key that it is about; empty where a whole file is meant.
  public let key: String
  public let error: ConfigError

  /// Whether both tell the same of the same key, wherever it stands.
  func isSame(as other: ConfigurationProblem) -> Bool {
    key == other.key && error.cause == other.error.cause
  }
}

/// Where a value was written.
struct Origin: Sendable, Equatable {
  /// The path of the file as shown; nil for the command line.
  let file: String?
  /// From 1.
  let line: Int

  static let commandLine = Origin(file: nil, line: 1)

  func subject(_ key: String) -> String {
    let key = key.isEmpty ? "" : "key \(printable(key))"
    guard let file else { return key }
    return key.isEmpty ? "\(file) line \(line)" : "\(file) line \(line), \(key)"
  }
}

/// Text from a file made fit for a terminal, and not endless.
func printable(_ text: String) -> String {
  let short = text.utf8.count > 200 ? String(text.prefix(60)) + "…" : text
  return shown(short.utf8)
}
