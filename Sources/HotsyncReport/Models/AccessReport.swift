public import HotsyncSystem

/// What `hotsync-slave authorize` has to say.
public struct AuthorizeReport: Report {
  public enum Result: String, Sendable {
    case authorised
    case alreadyAuthorised = "already_authorised"
    case updated
  }

  public struct HostKey: Sendable, Equatable {
    public let type: String
    public let fingerprint: String

    public init(type: String, fingerprint: String) {
      self.type = type
      self.fingerprint = fingerprint
    }
  }

  public let connection: String
  public let result: Result
  /// The authorized_keys file.
  public let path: String
  public let fingerprint: String
  /// What the key is bound to.
  public let command: String
  /// Other keys of the same connection.
  public var olderKeys: [String] = []
  /// How to take the first of them out again.
  public var retiring: String?
  /// Nil where none can be read below this root.
  public var hostKey: HostKey?
  public var showingHostKey: String = ""
  /// What to type here before the first cycle; empty where nothing is missing.
  public var here: [String] = []
  public var onMaster: [String] = []

  public init(connection: String, result: Result, path: String, fingerprint: String, command: String) {
    self.connection = connection
    self.result = result
    self.path = path
    self.fingerprint = fingerprint
    self.command = command
  }

  public var json: JSONValue {
    .object([
      ("connection", .string(connection)), ("result", .string(result.rawValue)), ("path", .string(path)),
      ("fingerprint", .string(fingerprint)), ("command", .string(command)), ("older_keys", .strings(olderKeys)),
      (
        "host_key",
        hostKey.map { .object([("type", .string($0.type)), ("fingerprint", .string($0.fingerprint))]) } ?? .null
      ),
      ("next_steps", .strings(here)), ("on_master", .strings(onMaster)),
    ])
  }

  public func text(now: Timestamp) -> String {
    let done =
      switch result {
      case .authorised: "authorised"
      case .alreadyAuthorised: "already authorised"
      case .updated: "authorised anew, as this program lies elsewhere now"
      }
    var lines = [
      "\(done): \(fingerprint) in \(harmless(path))", "  runs only     \(harmless(command))",
    ]
    if let hostKey {
      lines.append("  host key here \(harmless(hostKey.fingerprint)) (\(harmless(hostKey.type)))")
    } else {
      lines.append("  host key here not readable below this root; to see it: \(harmless(showingHostKey))")
    }
    if let retiring {
      lines.append("  older keys of this connection: \(olderKeys.joined(separator: ", "))")
      lines.append("  once a cycle has run with this one: \(harmless(retiring))")
    }
    if !here.isEmpty { lines += ["next, here:"] + here.map { "  " + harmless($0) } }
    lines += ["next, on the master:"] + onMaster.map { "  " + harmless($0) }
    return lines.joined(separator: "\n")
  }
}

/// What `hotsync-slave revoke` has to say.
public struct RevokeReport: Report {
  public let connection: String
  public let path: String
  /// The fingerprints of the keys that went; a word for one of a kind that is not known.
  public let revoked: [String]
  /// Those of the connection that stay.
  public let remaining: [String]

  public init(connection: String, path: String, revoked: [String], remaining: [String]) {
    self.connection = connection
    self.path = path
    self.revoked = revoked
    self.remaining = remaining
  }

  public var json: JSONValue {
    .object([
      ("connection", .string(connection)), ("path", .string(path)), ("revoked", .strings(revoked)),
      ("remaining", .strings(remaining)),
    ])
  }

  public func text(now: Timestamp) -> String {
    let gone =
      revoked.isEmpty
      ? ["nothing to revoke: no such key of \(harmless(connection)) in \(harmless(path))"]
      : revoked.map { "revoked: \(harmless($0)) in \(harmless(path))" }
    let stay = remaining.map { "  still authorised: \(harmless($0))" }
    let lockedOut =
      remaining.isEmpty && !revoked.isEmpty
      ? [
        "no key of \(harmless(connection)) is left: its master is not let in any more. What runs already runs on to its end.",
        "to let it in again, on the master: hotsync key show \(harmless(connection)); then here: hotsync-slave authorize",
      ] : []
    return (gone + stay + lockedOut).joined(separator: "\n")
  }
}
