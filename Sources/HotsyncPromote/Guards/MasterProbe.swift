public import HotsyncSystem

/// What one way of asking for the master says.
public struct Signal: Sendable, Equatable {
  public enum State: String, Sendable {
    /// The master answered.
    case alive
    case silent
    /// Somebody else has the address.
    case addressTaken = "address-taken"
    /// This way of asking is not possible here.
    case impossible
  }

  /// As in `promote.probe`: `arp`, `ping`, `ssh`; of a hook its path.
  public let name: String
  public let state: State
  /// One sentence without its end.
  public let words: String

  public init(_ name: String, _ state: State, _ words: String) {
    self.name = name
    self.state = state
    self.words = words
  }
}

/// A way of asking whether the master is alive.
public protocol MasterProbe: Sendable {
  var name: String { get }
  func ask(_ world: PromotionWorld) throws(PromoteError) -> Signal
}
