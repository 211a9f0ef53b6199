public import Logging

/// The log of a command: lines on standard error, which under systemd are the journal's. `--verbose` shows from `debug`
/// on, `--quiet` errors only.
public struct ConsoleLog: LogHandler {
  private let console: Console
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  public var logLevel: Logger.Level

  public init(console: Console) {
    self.console = console
    logLevel = console.options.quiet ? .error : console.options.verbose ? .debug : .notice
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var facts = metadata
    if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
    if let own = event.metadata { facts.merge(own) { $1 } }
    var text = "\(event.message)"
    if let error = event.error { text += ": \(error)" }
    for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
      text += " \(console.isJournal ? ConsoleLog.journalField(key) : key)=\(ConsoleLog.word("\(value)"))"
    }
    console.message(console.isJournal ? text : ConsoleLog.prefix(event.level) + text, event.level)
  }

  private static func prefix(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "debug: "
    case .info, .notice: ""
    case .warning: "warning: "
    case .error, .critical: "error: "
    }
  }

  /// `connection` is `HOTSYNC_CONNECTION` there; what is in capitals already keeps its name.
  private static func journalField(_ key: String) -> String {
    if key == key.uppercased() { return key }
    return "HOTSYNC_" + String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// In quotes where a reader would not see its end otherwise.
  private static func word(_ value: String) -> String {
    guard value.isEmpty || value.contains(where: { " \"=".contains($0) }) else { return value }
    return "\"" + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
  }
}

extension Console {
  /// A logger whose lines go through this console.
  public func logger(_ label: String = "hotsync") -> Logger {
    Logger(label: label, factory: { _ in ConsoleLog(console: self) })
  }
}
