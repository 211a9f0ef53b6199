/// What one run of either tool cost.
struct Measurement: Sendable {
  /// Up to and with the flush of the target's file system.
  var seconds: Double
  /// How much of that the flush took that follows the program's end.
  var flushSeconds = 0.0
  /// Bytes that both ends gave to their sockets, SSH's own included.
  var wire: Int
  /// On a processor, of all processes of both sides.
  var processorSeconds: Double
  /// The most memory that a process of that name held, in bytes.
  var peaks: [String: Int]
}

/// The runs of one contestant.
struct Series: Sendable {
  var measurements: [Measurement] = []

  var seconds: [Double] { measurements.map(\.seconds) }
  var wire: [Double] { measurements.map { Double($0.wire) } }
  var processorSeconds: [Double] { measurements.map(\.processorSeconds) }

  var peaks: [String: Int] {
    measurements.reduce(into: [:]) { $0.merge($1.peaks) { max($0, $1) } }
  }
}

extension [Double] {
  /// Half of them are at most this; the middle between two where they are even in number; nil without any.
  var median: Double? {
    guard !isEmpty else { return nil }
    let ordered = sorted()
    let middle = count / 2
    return count % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2
  }

  /// How often the median of others is contained in the median of these.
  func ratio(to others: [Double]) -> Double? {
    guard let own = median, let other = others.median, other > 0 else { return nil }
    return own / other
  }
}
