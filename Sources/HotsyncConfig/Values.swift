/// What a machine is in a connection.
public enum Role: String, Sendable, CaseIterable { case master, slave }

/// When something runs, in local time.
public enum Schedule: Sendable, Equatable {
  /// The five fields of crontab(5), valid each.
  case cron(minute: String, hour: String, dayOfMonth: String, month: String, dayOfWeek: String)
  /// An expression for `OnCalendar=` (systemd.time(7)); only its characters are checked.
  case calendar(String)

  /// As it was written, with single spaces.
  public var text: String {
    switch self {
    case .cron(let minute, let hour, let dayOfMonth, let month, let dayOfWeek):
      "\(minute) \(hour) \(dayOfMonth) \(month) \(dayOfWeek)"
    case .calendar(let text): text
    }
  }

  init?(_ text: String) {
    guard text.utf8.count <= 200 else { return nil }
    let fields = text.split(separator: " ").map(String.init)
    if fields.count == 5 {
      let cron = Schedule.cron(
        minute: fields[0], hour: fields[1], dayOfMonth: fields[2], month: fields[3], dayOfWeek: fields[4])
      guard CronSchedule(cron) != nil else { return nil }
      self = cron
    } else {
      guard (1...4).contains(fields.count), let first = text.utf8.first, first != UInt8(ascii: "-"),
        text.utf8.contains(where: { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "*") }),
        text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || " *:,./~-_+".utf8.contains($0) })
      else { return nil }
      self = .calendar(fields.joined(separator: " "))
    }
  }
}

/// A database that HotSync knows nothing of: programs that write it to their standard output and read it back.
public struct DumpCommand: Sendable, Equatable {
  public let name: String
  public let dump: [String]
  public let load: [String]
  public let fingerprint: [String]
}

/// Bytes of `64KiB`, `10MiB`, `2GiB`, `1TiB`, or of a plain number; nil for anything else.
func byteCount(_ text: String) -> UInt64? {
  let units: [(String, UInt64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]
  let unit = units.first { text.hasSuffix($0.0) }
  guard let number = wholeNumber(text.dropLast(unit == nil ? 0 : 3)) else { return nil }
  let (product, isOver) = UInt64(number).multipliedReportingOverflow(by: unit?.1 ?? 1)
  return isOver || product > UInt64(Int64.max) ? nil : product
}

/// Digits only: no sign, no separators, at most 18 of them.
func wholeNumber(_ text: Substring) -> Int? {
  guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy(isDigit) else { return nil }
  return Int(text)
}

func wholeNumber(_ text: String) -> Int? { wholeNumber(text[...]) }

func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isLetter(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

func isLowercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

/// `[a-z0-9][a-z0-9-]{0,62}`: it becomes part of file names, unit names and key comments.
func isConnectionName(_ text: String) -> Bool {
  guard (1...63).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "-") else { return false }
  return text.utf8.allSatisfy { isLowercase($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
}

/// A host's name or address as it may stand in an argument vector: it never begins with `-`.
func isHost(_ text: String) -> Bool {
  guard (1...253).contains(text.utf8.count) else { return false }
  if text.utf8.contains(UInt8(ascii: ":")) { return isIPv6(text) }
  let labels = text.split(separator: ".", omittingEmptySubsequences: false)
  if text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }) {
    return labels.count == 4 && labels.allSatisfy { wholeNumber($0).map { $0 <= 255 } ?? false }
  }
  return labels.allSatisfy { label in
    (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
      && label.utf8.last != UInt8(ascii: "-")
      && label.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }
}

private func isIPv6(_ text: String) -> Bool {
  let halves = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
  if halves.count == 2 {
    guard (1...15).contains(halves[1].utf8.count), halves[1].utf8.first != UInt8(ascii: "-"),
      halves[1].utf8.allSatisfy({ isLetter($0) || isDigit($0) || "-_.".utf8.contains($0) })
    else { return false }
  }
  let groups = halves[0].split(separator: ":", omittingEmptySubsequences: false)
  guard (3...8).contains(groups.count), halves[0].utf8.count <= 45 else { return false }
  let tail = groups.last.map { $0.contains(".") ? isHost(String($0)) : true } ?? false
  return tail
    && groups.allSatisfy { group in
      group.contains(".")
        || (group.utf8.count <= 4 && group.utf8.allSatisfy { UInt8($0).isHexadecimalDigit })
    }
}

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool {
    isDigit(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(self)
  }
}
