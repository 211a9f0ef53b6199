public import HotsyncConfig
public import HotsyncSystem

/// What a promotion stands in. Steps look at the machine through it, and leave changing it to their actions.
public struct PromotionWorld: Sendable {
  /// Everything lies below it.
  public let root: OpenFolder
  /// In front of paths; empty for the machine's own root.
  public let rootPath: String
  /// False in a root folder that is not the machine's own: actions that need the machine are told, not done.
  public var isMachine: Bool { rootPath.isEmpty }
  public let configuration: Configuration
  public let connection: ConnectionConfiguration
  /// Of this promotion, from 1; 0 in a check.
  public let number: Int
  /// That is promoted.
  public let generation: UInt64
  public let options: PromotionOptions
  public let clocks: Clocks
  /// Of a check: nothing may be written, not even by looking.
  public let isTrial: Bool
  private let readFacts: @Sendable (String) throws(PromoteError) -> [UInt8]?

  /// - Parameter facts: what the generation holds as `.hotsync/facts/<subject>.json`.
  public init(
    root: OpenFolder, rootPath: String, configuration: Configuration, connection: ConnectionConfiguration, number: Int,
    generation: UInt64, options: PromotionOptions, clocks: Clocks = .system, isTrial: Bool = false,
    facts: @escaping @Sendable (String) throws(PromoteError) -> [UInt8]?
  ) {
    self.root = root
    self.rootPath = rootPath
    self.configuration = configuration
    self.connection = connection
    self.number = number
    self.generation = generation
    self.options = options
    self.clocks = clocks
    self.isTrial = isTrial
    readFacts = facts
  }

  /// The master's facts of a subject (`machine`, `network`, `services` …), as JSON; nil where the generation has none.
  public func facts(_ subject: String) throws(PromoteError) -> [UInt8]? { try readFacts(subject) }

  /// Puts on the disk what hooks have written: only then may the journal say that they ran.
  func flush() throws(PromoteError) {
    try PromoteError.telling { () throws(SystemError) in try root.folder.descriptor.synchronizeFileSystem() }
  }

  /// The folder of this connection's state below `var/lib/hotsync-state`; not made here.
  public var state: LivePath { LivePath.state(connection.name) }
  /// The folder of this promotion.
  public var folder: LivePath { LivePath.promotion(connection.name, number) }
}

/// What stood on the command line.
public struct PromotionOptions: Codable, Hashable, Sendable {
  public enum Network: String, Codable, Sendable, CaseIterable { case restore, manual, skip }
  public enum Files: String, Codable, Sendable, CaseIterable { case exchange, copy }

  /// As the operator named it; nil for the newest.
  public var generation: String?
  public var network: Network?
  public var files: Files?
  /// Guards that are accepted by name.
  public var accepted: Set<String> = []
  public var allowsStale = false
  /// The master's host name, as it was given with `--confirm-master-off`.
  public var confirmedMaster: String?
  public var isInteractive = true

  public init() {}
}

extension LivePath {
  static func state(_ connection: String) -> LivePath { LivePath(checked: "var/lib/hotsync-state/\(connection)") }

  static func promotion(_ connection: String, _ number: Int) -> LivePath {
    LivePath(checked: "var/lib/hotsync-state/\(connection)/promotion/\(number)")
  }

  /// Of our own names only.
  init(checked text: String) {
    guard let path = LivePath(text) else { preconditionFailure("\(text) is no path") }
    self = path
  }
}
