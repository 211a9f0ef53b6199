import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPlan

@Suite struct ReconnectionTests {
  private static let never = Duration.seconds(1 << 40)

  /// The pause that is decided on in seconds, nil for an end.
  private func pause(
    _ line: inout Reconnection, _ kind: FailureKind, at seconds: Int, until deadline: Duration = never,
    seed: UInt64 = 1
  ) -> Double? {
    var random = SeededGenerator(seed: seed)
    guard
      case .tryAgain(let pause) = line.ended(
        with: kind, at: .seconds(seconds), deadline: { deadline }, using: &random)
    else { return nil }
    return pause / .seconds(1)
  }

  @Test("pauses double from one second to a minute, each shortened by a quarter at most")
  func pauses() {
    for seed in 0..<20 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var backoff = Backoff()
      for nominal in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let pause = backoff.pause(using: &random)
        #expect(pause <= .seconds(nominal) && pause >= .seconds(nominal) * 3 / 4, "\(pause), seed \(seed)")
      }
    }
  }

  @Test("pauses differ from one to the other who lost the same machine")
  func jitter() {
    let pauses = (0..<20 as Range<UInt64>).map { seed in
      var random = SeededGenerator(seed: seed)
      var backoff = Backoff()
      return backoff.pause(using: &random)
    }
    #expect(Set(pauses).count > 10)
  }

  @Test("a first connection that fails is not tried again", arguments: FailureKind.allCases)
  func first(_ kind: FailureKind) {
    var line = Reconnection()
    #expect(pause(&line, kind, at: 0) == nil)
  }

  @Test("after a greeting only the loss of the line is tried again", arguments: FailureKind.allCases)
  func afterGreeting(_ kind: FailureKind) {
    var line = Reconnection()
    line.greeted(at: .zero)
    #expect((pause(&line, kind, at: 1) != nil) == (kind == .unreachable))
  }

  @Test("while the line is lost a slave that is away or busy is tried again, every other answer ends it")
  func whileLost() {
    for kind in FailureKind.allCases {
      var line = Reconnection()
      line.greeted(at: .zero)
      _ = pause(&line, .unreachable, at: 1)
      #expect(line.isLost)
      #expect((pause(&line, kind, at: 3) != nil) == (kind == .unreachable || kind == .busy), "\(kind)")
    }
  }

  @Test("a line that is lost at once each time is tried ever more rarely, one that stood a minute at once again")
  func resets() throws {
    var line = Reconnection()
    var now = 0
    for nominal in [1, 2, 4, 8, 16] {
      line.greeted(at: .seconds(now))
      now += 1
      let pause = try #require(pause(&line, .unreachable, at: now))
      #expect(pause <= Double(nominal) && pause >= Double(nominal) * 0.75)
    }
    line.greeted(at: .seconds(now))
    #expect(try #require(pause(&line, .unreachable, at: now + 60)) <= 1)
  }

  @Test("no try begins when the next cycle is due")
  func deadline() {
    var line = Reconnection()
    var random = SeededGenerator(seed: 1)
    line.greeted(at: .zero)
    #expect(pause(&line, .unreachable, at: 50, until: .seconds(60)) != nil)
    #expect(pause(&line, .unreachable, at: 51, until: .seconds(60)) != nil)
    let decision = line.ended(with: .unreachable, at: .seconds(58), deadline: { .seconds(60) }, using: &random)
    #expect(decision == .nextIsDue)
  }

  @Test("when the next cycle is due is asked only where it counts")
  func asksLate() {
    var line = Reconnection()
    var random = SeededGenerator(seed: 1)
    var asked = 0
    func end(_ kind: FailureKind) {
      _ = line.ended(
        with: kind, at: .zero,
        deadline: {
          asked += 1
          return .seconds(60)
        }, using: &random)
    }
    end(.unreachable)
    line.greeted(at: .zero)
    end(.refused)
    #expect(asked == 0)
    end(.unreachable)
    #expect(asked == 1)
  }
}
