public import HotsyncSystem

/// Whether a cycle whose line to the slave was lost tries again, and when: a pure state machine. Moments are of a clock
/// that only passes.
public struct Reconnection: Sendable, Equatable {
  public enum Decision: Sendable, Equatable {
    case tryAgain(after: Duration)
    /// The error ends the cycle.
    case giveUp
    /// So does it, because another cycle takes over from here.
    case nextIsDue
  }

  private enum State: Equatable {
    /// No slave has answered in this cycle: what is wrong now is wrong for good.
    case first
    /// The line stands since then.
    case standing(since: Duration)
    /// It was lost.
    case lost
  }

  private var state = State.first
  private var backoff = Backoff()

  public init() {}

  /// Whether the line was lost before and is not mended yet.
  public var isLost: Bool { state == .lost }

  /// The slave has greeted.
  public mutating func greeted(at now: Duration) { state = .standing(since: now) }

  /// The exchange ended with an error of that kind.
  ///
  /// - Parameter deadline: when the next cycle is due. It is asked only where it counts.
  public mutating func ended(
    with kind: FailureKind, at now: Duration, deadline: () -> Duration, using random: inout some RandomNumberGenerator
  ) -> Decision {
    switch (state, kind) {
    case (.standing(let since), .unreachable):
      // A line that stood for long was a good one: its loss is another than the last.
      if now - since >= Backoff.longest { backoff = Backoff() }
    // Busy: the agent of the lost line has not noticed yet, or still carries a commit out.
    case (.lost, .unreachable), (.lost, .busy): break
    default: return .giveUp
    }
    state = .lost
    let pause = backoff.pause(using: &random)
    return now + pause < deadline() ? .tryAgain(after: pause) : .nextIsDue
  }
}
