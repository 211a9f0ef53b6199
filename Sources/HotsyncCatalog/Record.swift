public import HotsyncSystem

/// A user or a group as the master knows it. Names count, as ids differ between machines.
public struct Owner: Hashable, Sendable {
  public let id: UInt32
  /// Empty where the id has no name.
  public let name: [UInt8]

  /// Nil for -1, which means "leave it" to chown(2), and for a name that cannot be one.
  public init?(id: UInt32, name: [UInt8]) {
    guard id != .max, name.count <= Limits.ownerName,
      !name.contains(where: { $0 < 0x21 || $0 == 0x7F || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") })
    else { return nil }
    self.id = id
    self.name = name
  }

  private init(root: Void) {
    id = 0
    name = []
  }

  static let none = Owner(root: ())
}

/// What surrounds an entry's content.
public struct Metadata: Hashable, Sendable {
  /// Permission, set-id and sticky bits: 12 of them.
  public var permissions: UInt16
  public var owner: Owner
  public var group: Owner
  public var modified: Timestamp
  /// In byte order of their names, each name once; ACLs among them.
  public var attributes: [ExtendedAttribute]

  public init(
    permissions: UInt16, owner: Owner, group: Owner, modified: Timestamp, attributes: [ExtendedAttribute]
  ) {
    self.permissions = permissions & 0o7777
    self.owner = owner
    self.group = group
    self.modified = modified
    self.attributes = attributes
  }

  /// What the record of a further hard link has in place of its own: the leader's record tells.
  public static let ofLeader = Metadata(
    permissions: 0, owner: .none, group: .none, modified: .zero, attributes: [])
}

/// What an entry is.
public enum Content: Hashable, Sendable {
  case regular(size: UInt64, digest: Digest)
  case folder
  case symbolicLink(target: [UInt8])
  case fifo
  case device(isBlock: Bool, DeviceNumber)
  /// A further name of the file whose record stands at `leader`, which comes first of all its names.
  case hardLink(leader: RelativePath)
}

/// One entry of the master's tree as the slave holds it.
public struct Record: Hashable, Sendable {
  public let path: RelativePath
  public var content: Content
  public var metadata: Metadata

  public init(path: RelativePath, content: Content, metadata: Metadata) {
    self.path = path
    self.content = content
    self.metadata = metadata
  }

  /// Whether it holds nothing that would have to be sent: its record alone makes it.
  public var isMadeOfRecord: Bool {
    switch content {
    case .symbolicLink, .fifo, .device: true
    case .regular, .folder, .hardLink: false
    }
  }

  /// Whether further hard links may lead to it.
  public var mayLead: Bool { isMadeOfRecord || kindIsRegular }

  private var kindIsRegular: Bool { if case .regular = content { true } else { false } }

  public var isFolder: Bool { content == .folder }

  public var size: UInt64 {
    if case .regular(let size, _) = content { size } else { 0 }
  }

  /// Its share of the catalog's digest.
  public func digest(key: HashKey) -> Digest {
    var writer = ByteWriter(reserving: 160 + path.bytes.count)
    writer.data(path.bytes)
    writer.record(self)
    return key.digest(of: writer.bytes)
  }
}

/// The digest of a whole catalog: the sum modulo 2¹²⁸ of its records' keyed digests. A change costs what changed, and
/// the order in which changes come does not matter (docs/decisions/0003-catalog-digest.md).
public struct CatalogDigest: Hashable, Sendable {
  public private(set) var sum: Digest
  public private(set) var records: UInt64

  public static let empty = CatalogDigest(sum: .zero, records: 0)

  public init(sum: Digest, records: UInt64) {
    self.sum = sum
    self.records = records
  }

  public mutating func add(_ record: Digest) {
    sum = sum &+ record
    records &+= 1
  }

  public mutating func remove(_ record: Digest) {
    sum = sum &- record
    records &-= 1
  }
}

/// What the master alone remembers of an entry, to know next time that it has not changed.
public struct Stamp: Hashable, Sendable {
  public let inode: UInt64
  public let changed: Timestamp
  public let born: Timestamp
  /// It was read within the clock tick of its last change, so that a later change may show nowhere: read it again.
  public let isTooFresh: Bool

  public init(inode: UInt64, changed: Timestamp, born: Timestamp, isTooFresh: Bool) {
    self.inode = inode
    self.changed = changed
    self.born = born
    self.isTooFresh = isTooFresh
  }
}
