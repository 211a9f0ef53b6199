public import HotsyncCatalog
public import HotsyncSystem

/// How an operator names a generation: a number, `latest`, `latest-N`, a snapshot's name, or a time
/// (`2026-11-20 14:00`: the newest at or before it), in UTC as all times are that are shown.
public enum GenerationName: Sendable, Equatable {
  case number(UInt64)
  /// The Nth before the newest.
  case latest(before: Int)
  case time(Timestamp)
  case snapshot(SnapshotName)

  /// Nil for what is none of these.
  public init?(_ text: String) {
    if let number = GenerationName.wholeNumber(text[...]) {
      self = .number(UInt64(number))
    } else if text == "latest" {
      self = .latest(before: 0)
    } else if text.hasPrefix("latest-"), let before = GenerationName.wholeNumber(text.dropFirst(7)) {
      self = .latest(before: before)
    } else if let time = GenerationName.time(text) {
      self = .time(time)
    } else if let name = SnapshotName(text) {
      self = .snapshot(name)
    } else {
      return nil
    }
  }

  /// Digits only, at most 18.
  private static func wholeNumber(_ text: Substring) -> Int? {
    guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  private static func time(_ text: String) -> Timestamp? {
    let suffix = [" UTC", "Z"].first { text.hasSuffix($0) } ?? ""
    let halves = text.dropLast(suffix.count).split(omittingEmptySubsequences: false) { $0 == " " || $0 == "T" }
    guard (1...2).contains(halves.count) else { return nil }
    let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).compactMap(wholeNumber)
    // A day alone means all of it.
    let clock =
      halves.count == 2 ? halves[1].split(separator: ":", omittingEmptySubsequences: false) : ["23", "59", "59"]
    let parts = clock.compactMap(wholeNumber)
    guard date.count == 3, (2...3).contains(parts.count), parts.count == clock.count else { return nil }
    return Timestamp(
      year: date[0], month: date[1], day: date[2], hour: parts[0], minute: parts[1],
      second: parts.count == 3 ? parts[2] : 0, isUTC: true)
  }

  /// The one that is meant of those that there are, oldest first.
  ///
  /// - Parameter snapshots: asked for only where one is meant, as a damaged list of them is in nobody else's way.
  func find(
    in generations: [Generation], snapshots: () throws(StoreError) -> [Snapshot]
  ) throws(StoreError) -> Generation? {
    switch self {
    case .number(let number): return generations.first { $0.number == number }
    case .latest(let before):
      return before < generations.count ? generations[generations.count - 1 - before] : nil
    // Whole seconds were asked for, so that a part of one counts as within it.
    case .time(let time): return generations.last { $0.time.seconds <= time.seconds }
    case .snapshot(let name):
      guard let snapshot = try snapshots().first(where: { $0.name == name }) else { return nil }
      return generations.first { $0.number == snapshot.generation }
    }
  }
}

extension StoreError {
  static func unknownGeneration(_ text: String, _ connection: String) -> StoreError {
    StoreError(
      .usage, "cannot find", "generation \(shown(text.utf8.prefix(100)))",
      cause: "the store of \"\(connection)\" keeps none that this names\(hint(text))", next: "hotsync-slave generations"
    )
  }

  private static func hint(_ text: String) -> String {
    switch GenerationName(text) {
    case .number, .latest: ""
    case .time(let time): " (the newest at or before \(time.rfc3339))"
    case .snapshot: " (taken for a snapshot's name: it is no number, latest, latest-N or time as 2026-11-20 14:00)"
    case nil: " (it is no number, latest, latest-N, snapshot's name or time as 2026-11-20 14:00)"
    }
  }
}
