import HotsyncSystem

/// Where the slave's sshd is, as whom we log in there, and by which files: the same for both transports over SSH.
public struct SSHTarget: Sendable {
  /// Also the name under which the host key is pinned, so that trust outlives a changed address.
  public let connection: String
  /// A name or an address; never with `-` in front.
  public let host: String
  public let port: UInt16
  public let user: String
  /// The private key's file, and that of the known hosts: absolute paths, any root in front.
  public let identity: String
  public let knownHosts: String
  /// For everything up to the first byte of the slave's own: name, connection, handshake, login.
  public let connectTimeout: Duration
  /// How long the other side may let us wait after that.
  public let silence: Duration
  /// Added to the agent's environment where its sshd accepts that: tests plant faults by them.
  public let agentVariables: [String: String]
  /// What follows a command of ours that is told to be typed: ` --root DIR`, or nothing for the machine's own root.
  public let rootOption: String

  public init(
    connection: String, host: String, port: UInt16 = 22, user: String = "root", identity: String, knownHosts: String,
    connectTimeout: Duration = .seconds(30), silence: Duration = .seconds(120), agentVariables: [String: String] = [:],
    rootOption: String = ""
  ) {
    self.connection = connection
    self.host = host
    self.port = port
    self.user = user
    self.identity = identity
    self.knownHosts = knownHosts
    self.connectTimeout = connectTimeout
    self.silence = silence
    self.agentVariables = agentVariables
    self.rootOption = rootOption
  }

  /// `192.0.2.20 port 22`.
  public var place: String { "\(shown(host.utf8)) port \(port)" }

  /// What we ask sshd to run. A key that is bound to `hotsync-slave serve` runs that whatever we ask for; one that is not
  /// must run nothing at all.
  static let requestedCommand = "exit \(unboundStatus)"
  static let unboundStatus: Int32 = 126
}
