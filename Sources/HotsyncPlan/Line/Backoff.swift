/// Pauses that grow: 1, 2, 4, … 60 seconds, each shortened by up to a quarter at random, so that many who lost the same
/// machine do not come back to it at once.
public struct Backoff: Sendable, Equatable {
  public static let longest = Duration.seconds(60)
  private var next = Duration.seconds(1)

  public init() {}

  /// The pause before the next try.
  public mutating func pause(using random: inout some RandomNumberGenerator) -> Duration {
    defer { next = min(next * 2, Backoff.longest) }
    return next * Int.random(in: 750...1_000, using: &random) / 1_000
  }
}
