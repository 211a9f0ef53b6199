import HotsyncSystem
import Synchronization

/// A time of day that stands still until a test moves it.
final class MovedClock: Sendable {
  private let time: Mutex<Timestamp>

  init(_ start: Timestamp) { time = Mutex(start) }

  var now: Timestamp { time.withLock { $0 } }

  func move(by seconds: Int64) { time.withLock { $0 = Timestamp(seconds: $0.seconds + seconds) } }

  /// Time that only passes goes on as it is.
  var clocks: Clocks { Clocks(now: { [self] in now }, elapsed: Clocks.system.elapsed) }
}
