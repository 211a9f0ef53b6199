/// So many bytes a second, and no saved-up right to a flood: says how long to wait before the next bytes go. Pure; time is
/// told to it (the virtual scheduling algorithm of ITU-T I.371, a token bucket that needs no timer).
struct RateLimit: Sendable {
  private let bytesPerSecond: UInt64
  /// How far it may run ahead after a pause.
  private let burst: Duration
  /// When all that went is paid for.
  private var paid: Duration?

  /// - Parameter chunk: as much may always go at once.
  init(bytesPerSecond: UInt64, chunk: Int) {
    self.bytesPerSecond = max(1, bytesPerSecond)
    burst = max(.milliseconds(100), RateLimit.time(for: chunk, at: self.bytesPerSecond))
  }

  /// Takes the right to send so many bytes, which may go after the pause that is returned.
  mutating func pause(before count: Int, at now: Duration) -> Duration {
    let earliest = now - burst
    let due = max(paid ?? earliest, earliest) + RateLimit.time(for: count, at: bytesPerSecond)
    paid = due
    return max(.zero, due - now)
  }

  private static func time(for count: Int, at bytesPerSecond: UInt64) -> Duration {
    .nanoseconds(Int64(Double(count) * 1e9 / Double(bytesPerSecond)))
  }
}
