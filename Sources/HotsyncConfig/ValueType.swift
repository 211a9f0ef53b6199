import HotsyncSystem

/// What may stand at a key.
indirect enum ValueType: Sendable {
  case choice([String])
  /// A number, or one word in its place.
  case integer(ClosedRange<Int>, orWord: String? = nil)
  case boolean
  case duration(ClosedRange<Duration>)
  case size(atLeast: UInt64 = 0, orWord: String? = nil)
  case percentage
  case limit
  case schedule
  case retention
  case text
  case pattern
  case user
  case host
  /// What an answer from shows that there is an Internet: a URL or an address.
  case probeTarget
  /// Absolute, without `.`, `..` and empty names, below `/`.
  case path(mayBeEmpty: Bool = false)
  case command
  case list(ValueType)
}

/// A value that passed its type.
enum CheckedValue: Sendable, Equatable {
  /// Choices, words, texts and paths.
  case text(String)
  case integer(Int)
  case boolean(Bool)
  case duration(Duration)
  case size(UInt64)
  case percentage(Double)
  case limit(DeletionLimit)
  case schedule(Schedule)
  case retention(RetentionSchedule)
  case command(DumpCommand)
  case list([CheckedValue])
}

/// A value that its type does not allow.
struct Mismatch: Error {
  let expected: String
  let found: String
  let origin: Origin
}

extension ValueType {
  /// What the operator is told to write, as the end of "expected …".
  var expectation: String {
    switch self {
    case .choice(let words): words.joined(separator: " or ")
    case .integer(let range, let word):
      (word.map { "\($0) or " } ?? "") + "a number from \(range.lowerBound) to \(range.upperBound)"
    case .boolean: "true or false"
    case .duration(let range):
      "a duration from \(range.lowerBound.written) to \(range.upperBound.written), like 90s, 15m, 1h or 7d"
    case .size(let least, let word):
      (word.map { "\($0) or " } ?? "") + "a size like 64KiB or 10MiB"
        + (least > 0 ? ", \(least >> 10)KiB at least" : "")
    case .percentage: "a percentage like 2%"
    case .limit: "a percentage like 50% or a number of files"
    case .schedule: "five cron fields like \"*/15 * * * *\" or an OnCalendar expression"
    case .retention: "a retention schedule like \"15m,1h,1d/7d\", each interval a multiple of the one before"
    case .text: "a text"
    case .pattern: "a pattern like *.tmp or /var/log"
    case .user: "a user's name"
    case .host: "a host name or an address"
    case .probeTarget: "a URL (http, https) or an address"
    case .path(let mayBeEmpty): "an absolute path without \".\" and \"..\"" + (mayBeEmpty ? ", or \"\"" : "")
    case .command: "a map of name, dump, load and fingerprint, the last three lists of words"
    case .list(let element): "a list, each element \(element.expectation)"
    }
  }

  /// The same for what stands there, where its type can say more about it.
  private func expectation(of value: Value) -> String {
    guard case .retention = self, case .scalar(let text, _) = value.content, !value.isSecret else { return expectation }
    do throws(RetentionSchedule.Malformed) { _ = try RetentionSchedule(text) } catch { return error.expected }
    return expectation
  }

  var isList: Bool {
    if case .list = self { true } else { false }
  }

  func check(_ value: Value) throws(Mismatch) -> CheckedValue {
    switch (self, value.content) {
    case (.list(let element), .list(let values)):
      var checked: [CheckedValue] = []
      for value in values { checked.append(try element.check(value)) }
      return .list(checked)
    case (.command, .map(let entries)):
      if let command = ValueType.command(entries) { return .command(command) }
    case (_, .scalar(let text, let isPlain)):
      // Byte order marks are invisible, and YAML readers drop them.
      if text.utf8.count <= 4_096, !text.unicodeScalars.contains("\u{FEFF}"),
        let checked = check(text, isPlain: isPlain)
      {
        return checked
      }
    default: break
    }
    throw Mismatch(expected: expectation(of: value), found: found(value), origin: value.origin)
  }

  private func check(_ text: String, isPlain: Bool) -> CheckedValue? {
    switch self {
    case .choice(let words): words.contains(text) ? .text(text) : nil
    case .integer(let range, let word):
      if let word, text == word {
        .text(text)
      } else {
        isPlain ? wholeNumber(text).flatMap { range.contains($0) ? .integer($0) : nil } : nil
      }
    case .boolean: isPlain ? (text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil) : nil
    case .duration(let range):
      Duration(written: text).flatMap { range.contains($0) ? .duration($0) : nil }
    case .size(let least, let word):
      text == word ? .text(text) : byteCount(text).flatMap { $0 >= least ? .size($0) : nil }
    case .percentage: DeletionLimit.percentage(text).map { .percentage($0) }
    case .limit: DeletionLimit(text).map { .limit($0) }
    case .schedule: Schedule(text).map { .schedule($0) }
    case .retention: (try? RetentionSchedule(text)).map { .retention($0) }
    case .text: isOneLine(text) ? .text(text) : nil
    case .pattern: !text.isEmpty && isOneLine(text) ? .text(text) : nil
    case .user: isUser(text) ? .text(text) : nil
    case .host: isHost(text) ? .text(text) : nil
    case .probeTarget: isHost(text) || isURL(text) ? .text(text) : nil
    case .path(let mayBeEmpty): mayBeEmpty && text.isEmpty ? .text(text) : normalisedPath(text).map { .text($0) }
    case .command, .list: nil
    }
  }

  private func found(_ value: Value) -> String {
    switch value.content {
    case .nothing: "nothing"
    case .list: "a list"
    case .map: "a map"
    case .scalar where value.isSecret: "a value that is not shown"
    case .scalar(let text, let isPlain): isPlain ? printable(text) : "\"\(printable(text))\""
    }
  }

  private static func command(_ entries: [Value.Entry]) -> DumpCommand? {
    var name = ""
    var words: [String: [String]] = [:]
    for entry in entries {
      switch (entry.key, entry.value.content) {
      case ("name", .scalar(let text, _)): name = text
      case ("dump", .list(let values)), ("load", .list(let values)), ("fingerprint", .list(let values)):
        words[entry.key] = values.compactMap { value in
          if case .scalar(let text, _) = value.content, isOneLine(text) { text } else { nil }
        }
        guard words[entry.key]?.count == values.count else { return nil }
      default: return nil
      }
    }
    guard isConnectionName(name), let dump = words["dump"], let load = words["load"], !dump.isEmpty, !load.isEmpty
    else { return nil }
    return DumpCommand(name: name, dump: dump, load: load, fingerprint: words["fingerprint"] ?? [])
  }
}

private func isOneLine(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

/// The form that useradd(8) makes.
private func isUser(_ text: String) -> Bool {
  guard (1...32).contains(text.utf8.count), let first = text.utf8.first,
    isLowercase(first) || first == UInt8(ascii: "_")
  else { return false }
  return text.utf8.allSatisfy { isLowercase($0) || isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
}

private func isURL(_ text: String) -> Bool {
  guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else { return false }
  let rest = text.dropFirst(scheme.count)
  return !rest.isEmpty && rest.utf8.first != UInt8(ascii: "-") && rest.utf8.allSatisfy { (0x21...0x7E).contains($0) }
}

/// Without a slash at its end; nil for what is not absolute, `/` itself, or has `.`, `..` or empty names in it.
func normalisedPath(_ text: String) -> String? {
  guard text.hasPrefix("/"), text.utf8.count <= 4_095, isOneLine(text) else { return nil }
  let rest = text.dropFirst()
  let trimmed = rest.hasSuffix("/") ? rest.dropLast() : rest
  return RelativePath(String(trimmed)).map { _ in "/" + trimmed }
}
