public import HotsyncSystem

/// What `hotsync guard` found and did.
public struct GuardReport: Report {
  public enum State: String, Sendable {
    case free
    /// It waits for a peer's answer.
    case held
    case fenced
  }

  public struct Peer: Sendable, Equatable {
    public enum Answer: String, Sendable { case accepted, fenced, silent }

    public let connection: String
    public let answer: Answer
    /// Why; empty where it accepted.
    public let message: String

    public init(connection: String, answer: Answer, message: String) {
      self.connection = connection
      self.answer = answer
      self.message = message
    }
  }

  public var state: State
  /// RFC 3339, of a fence.
  public var since: String?
  public var cause = ""
  public var peers: [Peer] = []
  public var done: [String] = []

  public init(state: State) { self.state = state }

  public var exitCode: ExitCode { state == .free ? .done : .refused }
  public var isRoutine: Bool { state == .free && done.isEmpty }

  public var json: JSONValue {
    .object([
      ("state", .string(state.rawValue)), ("since", .known(since)),
      ("cause", state == .free ? .null : .string(cause)),
      (
        "peers",
        .array(
          peers.map {
            .object([
              ("connection", .string($0.connection)), ("answer", .string($0.answer.rawValue)),
              ("message", $0.message.isEmpty ? .null : .string($0.message)),
            ])
          })
      ),
      ("done", .strings(done)),
    ])
  }

  public func text(now: Timestamp) -> String {
    var lines: [String]
    switch state {
    case .free: lines = ["this machine may serve"]
    case .held: lines = ["HELD: this machine waits for its peer", "  cause: \(harmless(cause))"]
    case .fenced:
      let moment = since.map { " since \(harmless($0))" } ?? ""
      lines = ["FENCED\(moment): another machine is the master now", "  cause: \(harmless(cause))"]
    }
    lines += peers.map { peer in
      "  \(harmless(peer.connection)): \(peer.answer.rawValue)"
        + (peer.message.isEmpty ? "" : ", \(harmless(peer.message))")
    }
    return (lines + done.map { "  \(harmless($0))" }).joined(separator: "\n")
  }
}
