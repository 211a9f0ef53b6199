/// `max_delete`: how many deletions a cycle may bring without being asked.
public enum DeletionLimit: Sendable, Equatable {
  /// Of the entries that the catalog holds.
  case percent(Double)
  case count(UInt64)

  public func allows(_ deletions: UInt64, of entries: UInt64) -> Bool {
    switch self {
    case .percent(let percent): Double(deletions) <= Double(entries) * percent / 100
    case .count(let count): deletions <= count
    }
  }

  public var description: String {
    switch self {
    case .percent(let percent):
      percent == percent.rounded() ? "\(Int(min(max(percent, 0), 100)))%" : "\(percent)%"
    case .count(let count): "\(count)"
    }
  }
}
