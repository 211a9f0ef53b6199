public import HotsyncSystem

/// `max_delete`: how many deletions a cycle may bring without being asked, held by both sides.
public enum DeletionLimit: Sendable, Equatable {
  /// Of the files that the slave holds, 0 to 100.
  case percent(Double)
  case count(Int)

  init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let percent = DeletionLimit.percentage(text) else { return nil }
      self = .percent(percent)
    } else {
      guard let count = wholeNumber(text) else { return nil }
      self = .count(count)
    }
  }

  /// `50%` or `2.5%`; nil for what is no percentage from 0 to 100.
  static func percentage(_ text: String) -> Double? {
    let number = text.dropLast()
    guard text.hasSuffix("%"), number.utf8.first.map(isDigit) == true, number.utf8.count <= 8,
      number.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") }), let percent = Double(number), percent <= 100
    else { return nil }
    return percent
  }

  public var description: String {
    switch self {
    case .percent(let percent): percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%"
    case .count(let count): "\(count)"
    }
  }

  /// - Parameter entries: what the catalog holds.
  public func allows(_ deletions: UInt64, of entries: UInt64) -> Bool {
    switch self {
    case .percent(let percent): Double(deletions) <= Double(entries) * percent / 100
    case .count(let count): deletions <= UInt64(max(0, count))
    }
  }

  /// The refusal of a cycle that would delete too much, as both sides say it.
  public func refusal(of deletions: UInt64, of entries: UInt64) -> ConfigError {
    ConfigError(
      .refused, "cannot go on with", "the cycle",
      cause: "it would delete \(deletions) of \(entries) entries, and max_delete is \(description)",
      next: "if they are meant to go: hotsync sync --accept-deletes")
  }
}
