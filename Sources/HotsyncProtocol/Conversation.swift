import HotsyncCatalog
public import HotsyncSystem

/// The order in which a master may speak, as a pure state machine: the slave's agent asks it before it does anything.
/// (docs/protocol.md, "Order", has the same as a table.)
public struct Conversation: Sendable {
  public enum State: Sendable, Equatable {
    /// Nothing was said yet.
    case silent
    /// The handshake is done; the master scans.
    case greeted(Hello.Purpose)
    /// The cycle has begun: entries and contents come.
    case pushing
    /// A content is open.
    case inContent
    /// A delta inside a content is open.
    case inDelta
    /// All was said and staged; only `commit` is left.
    case sealed
    /// The generation is committed.
    case committed
    case ended
  }

  public private(set) var state: State = .silent

  public init() {}

  /// Takes the next message, or says that it may not come now.
  public mutating func accept(_ message: MasterMessage) throws(ProtocolError) {
    guard let next = following(message) else {
      throw .malformed("message \(message.type) out of order (\(state))", handshakeDone: state != .silent)
    }
    state = next
  }

  private func following(_ message: MasterMessage) -> State? {
    switch (state, message) {
    case (.silent, .hello(let hello)): .greeted(hello.purpose)
    case (.silent, _), (.ended, _): nil
    case (_, .ping): state
    case (.greeted, .fetchCatalog), (.greeted, .listSnapshots): state
    case (.greeted(.snapshots), .askToUnpin): state
    // Also where nothing changed since the last generation.
    case (.greeted(.cycle), .pin), (.pushing, .pin), (.committed, .pin): state
    case (.greeted(.cycle), .begin): .pushing
    case (.pushing, .requestChunks), (.inContent, .requestChunks): state
    case (.pushing, .requestSignature), (.pushing, .entry), (.pushing, .file), (.pushing, .remove): .pushing
    case (.pushing, .openContent): .inContent
    // A signature for a later file may be asked for at any time.
    case (.inContent, .requestSignature), (.inDelta, .requestSignature): state
    case (.inContent, .data), (.inContent, .zeros), (.inContent, .kept), (.inContent, .copied): .inContent
    case (.inContent, .openDelta): .inDelta
    case (.inDelta, .delta): .inDelta
    case (.inDelta, .closeDelta): .inContent
    case (.inContent, .closeContent), (.inContent, .closeStream), (.inContent, .dropContent): .pushing
    case (.pushing, .seal): .sealed
    case (.sealed, .commit): .committed
    // Contents that failed their check come again.
    case (.sealed, .openContent): .inContent
    case (.greeted, .bye), (.pushing, .bye), (.sealed, .bye), (.committed, .bye): .ended
    default: nil
    }
  }
}
