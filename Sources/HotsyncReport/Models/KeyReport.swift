public import HotsyncSystem

/// What `hotsync key …` has to say.
public struct KeyReport: Report {
  public enum Result: String, Sendable { case generated, present, waiting }

  public let connection: String
  public let result: Result
  /// `ssh-ed25519 … hotsync:standby`.
  public let publicKey: String
  public let fingerprint: String
  /// The private half's file.
  public let path: String
  /// Whether the slave's host key is recorded here.
  public let trusted: Bool
  /// What to type on the slave, then here.
  public let onSlave: String
  public let here: [String]

  public init(
    connection: String, result: Result, publicKey: String, fingerprint: String, path: String, trusted: Bool,
    onSlave: String, here: [String]
  ) {
    self.connection = connection
    self.result = result
    self.publicKey = publicKey
    self.fingerprint = fingerprint
    self.path = path
    self.trusted = trusted
    self.onSlave = onSlave
    self.here = here
  }

  public var json: JSONValue {
    .object([
      ("connection", .string(connection)), ("result", .string(result.rawValue)), ("public_key", .string(publicKey)),
      ("fingerprint", .string(fingerprint)), ("path", .string(path)), ("trusted", .bool(trusted)),
      ("on_slave", .string(onSlave)), ("next_steps", .strings(here)),
    ])
  }

  public func text(now: Timestamp) -> String {
    let made =
      switch result {
      case .generated: "made the key of \(harmless(connection)): \(harmless(path))"
      case .present: "the key of \(harmless(connection)): \(harmless(path))"
      case .waiting:
        "made the next key of \(harmless(connection)), which waits until the slave has it: \(harmless(path))"
      }
    return ([made, "  public half  \(harmless(publicKey))", "  fingerprint  \(fingerprint)"] + steps).joined(
      separator: "\n")
  }

  /// The commands that come next, a line each.
  public var steps: [String] {
    ["next, on the slave:", "  " + harmless(onSlave)]
      + (here.isEmpty ? [] : ["then here:"] + here.map { "  " + harmless($0) })
  }
}
