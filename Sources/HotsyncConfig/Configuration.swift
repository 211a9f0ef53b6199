public import HotsyncSystem

/// A whole configuration that was found sound. Every value is there: defaults stand where nothing was written.
public struct Configuration: Sendable {
  /// As given, without a slash at its end.
  public let root: String
  public let role: Role
  /// False: no connection runs.
  public let isEnabled: Bool
  public let mailTo: String
  /// Sorted by name.
  public let connections: [ConnectionConfiguration]
  /// The slave's store, absolute, below the root.
  public let store: String
  public let history: HistoryConfiguration
  public let maintenance: MaintenanceConfiguration
  public let promote: PromoteConfiguration
  public let guardPolicy: GuardPolicy
  public let metricsFile: String

  public func connection(_ name: String) -> ConnectionConfiguration? { connections.first { $0.name == name } }
}

public struct ConnectionConfiguration: Sendable {
  public enum Transport: String, Sendable { case ssh, openssh, local }
  public enum Compression: String, Sendable { case auto, none, zstd }
  public enum UnknownOwner: String, Sendable { case numeric, nobody }

  public let name: String
  /// Its own, or that of the machine.
  public let role: Role
  /// Whether it and the machine's connections at all are switched on.
  public let isEnabled: Bool
  public let slaveHost: String?
  public let masterHost: String?
  public let transport: Transport
  public let port: Int
  public let user: String
  /// Absolute, below the root; `known_hosts` too.
  public let identity: String
  public let knownHosts: String
  /// Taken as written; only for `transport: local`.
  public let localRoot: String?
  public let schedule: Schedule
  /// Nil: as many as are useful.
  public let streams: Int?
  /// Bytes a second; nil for no limit.
  public let bandwidthLimit: UInt64?
  public internal(set) var connectTimeout: Duration
  public internal(set) var silenceTimeout: Duration
  public let compression: Compression
  public let data: DataConfiguration
  public let config: OverlayConfiguration
  public let network: Bool
  public let packages: Bool
  public let unknownOwner: UnknownOwner
  public let databases: DatabasesConfiguration
  public let maxDelete: DeletionLimit
}

extension ConnectionConfiguration {
  /// The same for a question that must be answered soon.
  public func answering(within limit: Duration) -> ConnectionConfiguration {
    var short = self
    short.connectTimeout = min(connectTimeout, limit)
    short.silenceTimeout = min(silenceTimeout, limit)
    return short
  }
}

public struct DataConfiguration: Sendable {
  /// Apart from each other, relative to the root.
  public let include: [RelativePath]
  /// Patterns as rsync means them.
  public let exclude: [String]
  public let oneFileSystem: Bool
  public let devices: Bool
  public let trustedAttributes: Bool
}

public struct OverlayConfiguration: Sendable {
  public let include: [RelativePath]
  public let exclude: [String]
}

public struct DatabasesConfiguration: Sendable {
  public enum EngineStatus: String, Sendable { case auto, enabled, disabled }

  public struct MariaDB: Sendable {
    public let status: EngineStatus
    public let socket: String
    public let defaultsFile: String
    public let include: [String]
    public let exclude: [String]
  }

  public struct PostgreSQL: Sendable {
    public let status: EngineStatus
    public let host: String
    public let port: Int
    public let user: String
    public let runAs: String
    public let passfile: String
    public let include: [String]
    public let exclude: [String]
  }

  public let isEnabled: Bool
  public let mariadb: MariaDB
  public let postgresql: PostgreSQL
  public let sqliteFiles: [RelativePath]
  public let commands: [DumpCommand]
}

public struct HistoryConfiguration: Sendable {
  public let name: String
  public let description: String
  public let schedule: RetentionSchedule
  public let keepWithin: Duration
  /// Bytes; nil for no limit.
  public let maxSize: UInt64?
  public let isDisabled: Bool
}

public struct MaintenanceConfiguration: Sendable {
  public let schedule: Schedule
  public let packages: Bool
  public let preload: Bool
  /// `hourly`, `daily`, `weekly` or `never`.
  public let rehearse: String
  /// Percent of the store that each maintenance verifies.
  public let verifyShare: Double
}

public struct PromoteConfiguration: Sendable {
  public enum Probe: String, Sendable { case arp, ping, ssh }

  public let probe: [Probe]
  public let maxAge: Duration
  /// URLs or addresses.
  public let internetCheck: [String]
}

/// What a machine does at boot when its peer does not answer.
public enum GuardPolicy: String, Sendable { case start, hold }

extension Configuration {
  /// Reads, merges and checks the configuration below a root; throws the first problem.
  /// - Parameter environment: for `${env:NAME}`.
  public static func load(
    root: String = "/", environment: @escaping (String) -> String? = { Environment.value($0) }
  ) throws(ConfigError) -> Configuration {
    let files = ConfigurationFiles(root: root)
    let content = try files.read()
    if let problem = content.problems.first { throw problem.error }
    guard !content.files.isEmpty else { throw files.missing }
    let check = Check.of(content.merged, root: files.root, secrets: Secrets(environment: environment))
    // What is wrong counts before what is missing: the one may be the cause of the other.
    if let problem = check.problems.first(where: { $0.gravity == .wrong }) ?? check.problems.first {
      throw problem.error
    }
    return Configuration(root: files.root, check.settings)
  }
}
