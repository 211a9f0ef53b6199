/// What is known of a phase that runs.
struct ProgressState: Sendable, Equatable {
  var phase = ""
  var files: UInt64 = 0
  var bytes: UInt64 = 0
  /// Nil where it is not known beforehand.
  var totalFiles: UInt64?
  var totalBytes: UInt64?
  /// What passes in a second now: bytes, or files where a phase moves no bytes. Nil before anything is measured.
  var bytesPerSecond: Double?
  var filesPerSecond: Double?

  /// Between 0 and 1, by bytes where there are any to come, else by files.
  var fraction: Double? {
    if let totalBytes, totalBytes > 0 { return min(1, Double(bytes) / Double(totalBytes)) }
    if let totalFiles, totalFiles > 0 { return min(1, Double(files) / Double(totalFiles)) }
    return nil
  }

  /// What is left at this rate; nil where nobody can tell, and beyond four weeks.
  var remaining: Duration? {
    let left: Double
    let rate: Double?
    if let totalBytes, totalBytes > 0 {
      left = Double(totalBytes) - Double(bytes)
      rate = bytesPerSecond
    } else if let totalFiles, totalFiles > 0 {
      left = Double(totalFiles) - Double(files)
      rate = filesPerSecond
    } else {
      return nil
    }
    guard let rate, rate > 0, left > 0 else { return nil }
    let seconds = left / rate
    return seconds < 2_419_200 ? .seconds(Int64(seconds.rounded(.up))) : nil
  }
}

/// How progress reads. Pure: the same state and width give the same text.
enum ProgressLine {
  /// One line for a terminal, at least one column narrower than it is.
  static func render(_ state: ProgressState, columns: Int) -> String {
    let room = max(0, columns - 1)
    let percent = state.fraction.map { "\(Int($0 * 100))%" }
    var parts = [files(state), bytes(state), rate(state), left(state)]
    // The least wanted leave first where the terminal is narrow.
    for place in [2, 0, 1, 3] where width(state.phase, percent, parts) > room { parts[place] = nil }
    let used = width(state.phase, percent, parts)
    let gauge = state.fraction.flatMap { bar($0, room: room - used - 2) }
    let pieces: [String?] = [state.phase, gauge, percent] + parts
    return fitting(pieces.compactMap(\.self).joined(separator: "  "), columns: room)
  }

  /// One line for a log.
  static func sentence(_ state: ProgressState) -> String {
    let parts = [
      state.fraction.map { "\(Int($0 * 100))%" }, files(state), bytes(state), rate(state), left(state),
    ].compactMap(\.self)
    return "\(state.phase): " + (parts.isEmpty ? "at work" : parts.joined(separator: ", "))
  }

  private static func width(_ phase: String, _ percent: String?, _ parts: [String?]) -> Int {
    displayWidth(([phase, percent] + parts).compactMap(\.self).joined(separator: "  "))
  }

  private static func bar(_ fraction: Double, room: Int) -> String? {
    let cells = min(room - 2, 30)
    guard cells >= 8 else { return nil }
    let full = Int(fraction * Double(cells))
    return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: cells - full) + "]"
  }

  private static func files(_ state: ProgressState) -> String? {
    if let total = state.totalFiles, total > 0 { return "\(Units.count(state.files))/\(Units.count(total)) files" }
    return state.files > 0 ? Units.count(state.files, "file") : nil
  }

  private static func bytes(_ state: ProgressState) -> String? {
    if let total = state.totalBytes, total > 0 { return "\(Units.size(state.bytes))/\(Units.size(total))" }
    return state.bytes > 0 ? Units.size(state.bytes) : nil
  }

  private static func rate(_ state: ProgressState) -> String? {
    if let rate = state.bytesPerSecond, rate >= 1 { return "\(Units.size(whole(rate)))/s" }
    if let rate = state.filesPerSecond, rate >= 1 { return "\(Units.count(whole(rate), "file"))/s" }
    return nil
  }

  private static func whole(_ rate: Double) -> UInt64 { UInt64(min(rate.rounded(), 1e18)) }

  private static func left(_ state: ProgressState) -> String? {
    state.remaining.map { "\(Units.duration($0)) left" }
  }
}
