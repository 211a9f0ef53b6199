import HotsyncCatalog
public import HotsyncSystem

/// What a plan amounts to, known before anything is sent.
public struct PlanTotals: Equatable, Sendable {
  /// Entries that the walk saw, folders among them.
  public var seen: UInt64 = 0
  /// Of these, what are no folders.
  public var files: UInt64 = 0
  public var bytes: UInt64 = 0
  public var steps: UInt64 = 0
  public var removals: UInt64 = 0
  /// Bytes of the files that may have to be sent.
  public var bytesToSend: UInt64 = 0
  /// Space that the new files need on the slave, and the old ones by growing.
  public var spaceNeeded: UInt64 = 0

  public init() {}

  public mutating func noteSighting(_ sighting: Sighting) {
    seen += 1
    if sighting.kind != .folder { files += 1 }
    if case .regular(let size) = sighting.kind { bytes &+= size }
  }

  /// The same of an entry about which nothing is to be done.
  public mutating func noteSettled(_ status: FileStatus) {
    seen += 1
    if status.kind != .folder { files += 1 }
    if status.kind == .regular { bytes &+= status.size }
  }

  public mutating func note(_ step: Step) {
    steps += 1
    switch step {
    case .remove: removals += 1
    case .create(let sighting), .examine(let sighting, _), .replace(let sighting, _):
      guard case .regular(let size) = sighting.kind else { return }
      bytesToSend &+= size
      let oldSize = if case .examine(_, let old) = step { old.size } else { UInt64(0) }
      spaceNeeded &+= min(size, sighting.allocated) - min(oldSize, size, sighting.allocated)
    }
  }
}
