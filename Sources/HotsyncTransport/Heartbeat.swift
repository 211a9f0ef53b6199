public import HotsyncProtocol
public import HotsyncSystem
import Synchronization

/// Says now and then, from a thread of its own, that this side is alive: whatever the others are busy with, a long walk, a flush, a
/// commit, the peer's limit of silence never runs out for that.
public final class Heartbeat: Sendable {
  private let isEnded = Atomic<Bool>(false)

  /// Often enough for the shortest limit of silence that can be configured, 5 s.
  public static let interval = Duration.seconds(2)

  /// Beats until `end`, or until the line fails.
  public init<Sent: WireMessage, Received: WireMessage>(
    _ message: Sent, over channel: MessageChannel<Sent, Received>, clocks: Clocks = .system
  ) {
    _ = Worker { [weak self] in
      var last = clocks.elapsed()
      while let self, !self.isEnded.load(ordering: .acquiring) {
        Worker.pause(.milliseconds(100))
        guard clocks.elapsed() - last > Heartbeat.interval else { continue }
        last = clocks.elapsed()
        do {
          try channel.send(message)
          try channel.flush()
        } catch { return }
      }
    }
  }

  deinit { end() }

  public func end() { isEnded.store(true, ordering: .releasing) }
}
