public import HotsyncConfig
public import HotsyncProtocol
public import HotsyncSystem

/// What an agent is given: where it stands, whom it serves, and the world around it.
public struct AgentContext: Sendable {
  public let connection: String
  public let program: String
  /// A cycle that would delete more than this of the catalog's entries needs the operator's word.
  public let deletionLimit: DeletionLimit
  public let mapsUnknownOwnersToNobody: Bool
  public let takesDevices: Bool
  public let takesTrustedAttributes: Bool
  /// The other end is no master but this machine itself, which makes the first generation out of a folder of its own.
  public let isSeeding: Bool
  public let clocks: Clocks
  /// What maintenance last said of a promotion; nil where there was none.
  public let readiness: SlaveReadiness?
  /// Throws where this machine serves nobody any more: asked at the greeting, and again once cycles are kept away.
  public let mayServe: @Sendable () throws(StoreError) -> Void

  public init(
    connection: String, program: String, deletionLimit: DeletionLimit,
    mapsUnknownOwnersToNobody: Bool, takesDevices: Bool = false, takesTrustedAttributes: Bool = false,
    isSeeding: Bool = false, clocks: Clocks = .system, readiness: SlaveReadiness? = nil,
    mayServe: @escaping @Sendable () throws(StoreError) -> Void = { () throws(StoreError) in }
  ) {
    self.connection = connection
    self.program = program
    self.deletionLimit = deletionLimit
    self.mapsUnknownOwnersToNobody = mapsUnknownOwnersToNobody
    self.takesDevices = takesDevices
    self.takesTrustedAttributes = takesTrustedAttributes
    self.isSeeding = isSeeding
    self.clocks = clocks
    self.readiness = readiness
    self.mayServe = mayServe
  }
}
