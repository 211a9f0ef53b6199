public import HotsyncCatalog
public import HotsyncSystem

/// What is to be done about one path.
public enum Step: Hashable, Sendable {
  /// The catalog has nothing there.
  case create(Sighting)
  /// Something about it may have changed: only reading it tells.
  case examine(Sighting, old: Record)
  /// The catalog has another kind of entry there, or a further name of another file.
  case replace(Sighting, old: Record)
  /// The walk saw nothing there.
  case remove(Record)

  public var path: RelativePath {
    switch self {
    case .create(let sighting), .examine(let sighting, _), .replace(let sighting, _): sighting.path
    case .remove(let old): old.path
    }
  }

  public var sighting: Sighting? {
    switch self {
    case .create(let sighting), .examine(let sighting, _), .replace(let sighting, _): sighting
    case .remove: nil
    }
  }

  public var old: Record? {
    switch self {
    case .create: nil
    case .examine(_, let old), .replace(_, let old), .remove(let old): old
    }
  }
}

/// Holds what the walk saw against what the catalog knows. Pure: the same two always give the same step.
public struct Difference: Sendable {
  /// Trust no stamp: every file is read.
  public let isFull: Bool
  /// What the slave found damaged: it is looked at, whatever its stamp says.
  private let damaged: Set<RelativePath>
  /// Leaders of hard links that may get another inode on the slave: their further names must be linked anew.
  private var unsettledLeaders: Set<RelativePath> = []

  public init(isFull: Bool, damaged: Set<RelativePath> = []) {
    self.isFull = isFull
    self.damaged = damaged
  }

  /// - Returns: nil where nothing is to be done.
  public mutating func step(_ old: (record: Record, stamp: Stamp?)?, _ sighting: Sighting) -> Step? {
    let step = decide(old, sighting)
    if sighting.mayLead, step != nil { unsettledLeaders.insert(sighting.path) }
    return step
  }

  /// Whether `step` would give nothing for an entry with one name, whose owners are those of the catalog: told without making a
  /// record of the one and a sighting of the other.
  public func isSettled(_ facts: EntryFacts, _ status: FileStatus, isOnTheWay: Bool) -> Bool {
    guard !isFull, damaged.isEmpty, let stamp = facts.stamp, !stamp.isTooFresh, stamp.inode == status.inode,
      Difference.isSameKind(facts.kind, status.kind)
    else { return false }
    if isOnTheWay, facts.permissions == status.permissions { return true }
    guard stamp.changed == status.changed, facts.modified == status.modified else { return false }
    return facts.kind != .regular || facts.size == status.size
  }

  private static func isSameKind(_ old: EntryFacts.Kind, _ new: FileStatus.Kind) -> Bool {
    switch (old, new) {
    case (.regular, .regular), (.folder, .folder), (.symbolicLink, .symbolicLink), (.fifo, .fifo): true
    default: false
    }
  }

  private func decide(_ old: (record: Record, stamp: Stamp?)?, _ sighting: Sighting) -> Step? {
    guard let (record, stamp) = old else { return .create(sighting) }
    guard Difference.isSameKind(record, sighting) else { return .replace(sighting, old: record) }
    if damaged.contains(sighting.path) { return .examine(sighting, old: record) }
    if case .hardLink(let leader) = sighting.kind {
      // A cycle that replaced the leader could not look at this name: the slave has the former file there.
      if let stamp, stamp.inode != sighting.inode { return .replace(sighting, old: record) }
      let isSettled = record.content == .hardLink(leader: leader) && !unsettledLeaders.contains(leader)
      return isSettled && stamp != nil ? nil : .examine(sighting, old: record)
    }
    return !isFull && Difference.isUnchanged(record, stamp, sighting) ? nil : .examine(sighting, old: record)
  }

  private static func isSameKind(_ record: Record, _ sighting: Sighting) -> Bool {
    switch (record.content, sighting.kind) {
    case (.regular, .regular), (.folder, .folder), (.symbolicLink, .symbolicLink), (.hardLink, .hardLink),
      (.fifo, .fifo):
      true
    case (.device(let wasBlock, let old), .device(let isBlock, let new)): wasBlock == isBlock && old == new
    default: false
    }
  }

  /// Whether the entry is the very one that was read, and nobody touched it since.
  private static func isUnchanged(_ record: Record, _ stamp: Stamp?, _ sighting: Sighting) -> Bool {
    let metadata = record.metadata
    guard let stamp, !stamp.isTooFresh, stamp.inode == sighting.inode, metadata.owner == sighting.owner,
      metadata.group == sighting.group
    else { return false }
    if sighting.isOnTheWay, metadata.permissions == sighting.permissions { return true }
    guard stamp.changed == sighting.changed, metadata.modified == sighting.modified else { return false }
    if case .regular(let size) = sighting.kind { return size == record.size }
    return true
  }
}

/// Files that left their path: an inode that is seen again under another, with the same birth, size and time of modification,
/// was renamed, and its content need not cross the wire.
public struct DepartedFiles: Sendable {
  private struct Identity: Hashable {
    let inode: UInt64
    let size: UInt64
  }

  private struct Departed {
    let record: Record
    let stamp: Stamp
  }

  private var files: [Identity: Departed] = [:]
  /// Beyond this many, renames are sent as new files: memory stays bounded.
  public static let limit = 200_000

  public init() {}

  public var isEmpty: Bool { files.isEmpty }

  /// Notes that the catalog's file is no longer at its path as what it was.
  public mutating func note(_ record: Record, _ stamp: Stamp?) {
    guard let stamp, record.size > 0, files.count < DepartedFiles.limit else { return }
    guard case .regular(let size, _) = record.content else { return }
    files[Identity(inode: stamp.inode, size: size)] = Departed(record: record, stamp: stamp)
  }

  /// Where a file came from.
  public struct Origin: Sendable {
    /// The catalog's, at the path that the file had.
    public let record: Record
    /// False where the file could have changed unseen after it was read: only reading it again tells.
    public let isCertain: Bool
  }

  /// The file that the walk now sees here; nil where the catalog knew no such file elsewhere.
  public func origin(of sighting: Sighting) -> Origin? {
    guard case .regular(let size) = sighting.kind,
      let departed = files[Identity(inode: sighting.inode, size: size)],
      departed.stamp.born == sighting.born, departed.record.metadata.modified == sighting.modified
    else { return nil }
    // A folder's new name leaves what is below it untouched; a file's own new name hides whether it was written to, too.
    let isCertain = !departed.stamp.isTooFresh && departed.stamp.changed == sighting.changed
    return Origin(record: departed.record, isCertain: isCertain)
  }
}
