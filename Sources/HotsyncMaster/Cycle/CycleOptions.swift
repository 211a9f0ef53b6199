public import HotsyncCatalog

/// What the command line says of a cycle.
public struct CycleOptions: Sendable, Equatable {
  /// Say what would be done, and write nothing on either side.
  public var isDryRun: Bool
  /// Read and digest every file, trust no stamp.
  public var isFull: Bool
  /// More deletions than `max_delete`, an emptied or exchanged include root, what a removed include leaves behind.
  public var acceptsDeletions: Bool
  /// This master's state is older than the slave's, or lost, and the operator means it.
  public var adopts: Bool
  /// Connect again where the line is lost, until the next cycle is due.
  public var reconnects: Bool
  /// The name under which the slave is to keep the generation that the cycle comes to.
  public var snapshot: SnapshotName?

  public init(
    isDryRun: Bool = false, isFull: Bool = false, acceptsDeletions: Bool = false, adopts: Bool = false,
    reconnects: Bool = true, snapshot: SnapshotName? = nil
  ) {
    self.isDryRun = isDryRun
    self.isFull = isFull
    self.acceptsDeletions = acceptsDeletions
    self.adopts = adopts
    self.reconnects = reconnects
    self.snapshot = snapshot
  }
}
