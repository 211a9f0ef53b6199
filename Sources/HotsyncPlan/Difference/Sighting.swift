public import HotsyncCatalog
public import HotsyncSystem

/// What the walk saw of one entry, before anything of it was read.
public struct Sighting: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case regular(size: UInt64)
    case folder
    case symbolicLink
    case fifo
    case device(isBlock: Bool, DeviceNumber)
    /// A further name of the file that was seen first at `leader`.
    case hardLink(leader: RelativePath)
  }

  public let path: RelativePath
  public let kind: Kind
  public let permissions: UInt16
  public let owner: Owner
  public let group: Owner
  public let modified: Timestamp
  /// Space that the entry takes, in bytes: less than its size where it has holes.
  public let allocated: UInt64
  /// What tells, with the size and the time of modification, whether the entry is still the one that was read.
  public let inode: UInt64
  public let changed: Timestamp
  public let born: Timestamp
  /// A folder above an include root: it belongs to the tree only as the way there, and its time is not ours to follow.
  public let isOnTheWay: Bool
  /// Further names may follow: what is done about this one concerns them.
  public let hasFurtherNames: Bool

  /// Whether it is the first of several names.
  public var mayLead: Bool {
    switch kind {
    case .folder, .hardLink: false
    case .regular, .symbolicLink, .fifo, .device: hasFurtherNames
    }
  }

  public init(
    path: RelativePath, kind: Kind, permissions: UInt16, owner: Owner, group: Owner, modified: Timestamp,
    allocated: UInt64, inode: UInt64, changed: Timestamp, born: Timestamp, isOnTheWay: Bool = false,
    hasFurtherNames: Bool = true
  ) {
    self.path = path
    self.kind = kind
    self.permissions = permissions
    self.owner = owner
    self.group = group
    self.modified = modified
    self.allocated = allocated
    self.inode = inode
    self.changed = changed
    self.born = born
    self.isOnTheWay = isOnTheWay
    self.hasFurtherNames = hasFurtherNames
  }
}
