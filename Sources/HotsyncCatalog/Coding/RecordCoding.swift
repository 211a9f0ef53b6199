public import HotsyncSystem

// The form of a record without its path (docs/store-format.md, "Record"). There is one encoding of a record and no other,
// because its digest is taken over these bytes.

private enum Kind: UInt8 {
  case regular = 1
  case folder = 2
  case symbolicLink = 3
  case hardLink = 4
  case fifo = 5
  case characterDevice = 6
  case blockDevice = 7
}

extension ByteWriter {
  public mutating func record(_ record: Record) {
    switch record.content {
    case .regular(let size, let digest):
      byte(Kind.regular.rawValue)
      metadata(record.metadata)
      integer(size)
      self.digest(digest)
    case .folder:
      byte(Kind.folder.rawValue)
      metadata(record.metadata)
    case .symbolicLink(let target):
      byte(Kind.symbolicLink.rawValue)
      metadata(record.metadata)
      data(target)
    case .fifo:
      byte(Kind.fifo.rawValue)
      metadata(record.metadata)
    case .device(let isBlock, let number):
      byte((isBlock ? Kind.blockDevice : Kind.characterDevice).rawValue)
      metadata(record.metadata)
      integer(UInt64(number.major))
      integer(UInt64(number.minor))
    case .hardLink(let leader):
      byte(Kind.hardLink.rawValue)
      data(leader.bytes)
    }
  }

  private mutating func metadata(_ metadata: Metadata) {
    integer(UInt64(metadata.permissions))
    owners(metadata.owner, metadata.group)
    timestamp(metadata.modified)
    integer(UInt64(metadata.attributes.count))
    for attribute in metadata.attributes {
      data(attribute.name)
      data(attribute.value)
    }
  }

  private mutating func owner(_ owner: Owner) {
    integer(UInt64(owner.id))
    data(owner.name)
  }

  /// Owner and group as they stand in a record, one behind the other.
  public mutating func owners(_ owner: Owner, _ group: Owner) {
    self.owner(owner)
    self.owner(group)
  }
}

extension ByteReader {
  public mutating func record(at path: RelativePath) throws(Malformed) -> Record {
    guard let kind = Kind(rawValue: try byte()) else { throw Malformed("an unknown kind of entry") }
    if kind == .hardLink {
      let leader = try self.path()
      guard leader < path else { throw Malformed("a hard link that leads to what comes after it") }
      return Record(path: path, content: .hardLink(leader: leader), metadata: .ofLeader)
    }
    let metadata = try metadata()
    let content: Content
    switch kind {
    case .regular:
      let size = try integer(atMost: Limits.fileSize)
      content = .regular(size: size, digest: try digest())
    case .symbolicLink:
      let target = Array(try data(atMost: Limits.linkTarget))
      guard !target.isEmpty, !target.contains(0) else { throw Malformed("a link's target with NUL or nothing in it") }
      content = .symbolicLink(target: target)
    case .fifo: content = .fifo
    case .characterDevice: content = .device(isBlock: false, try deviceNumber())
    case .blockDevice: content = .device(isBlock: true, try deviceNumber())
    case .folder, .hardLink: content = .folder
    }
    return Record(path: path, content: content, metadata: metadata)
  }

  mutating func kind() throws(Malformed) -> EntryFacts.Kind {
    switch Kind(rawValue: try byte()) {
    case .regular: .regular
    case .folder: .folder
    case .symbolicLink: .symbolicLink
    case .hardLink: .hardLink
    case .fifo: .fifo
    case .characterDevice, .blockDevice: .device
    case nil: throw Malformed("an unknown kind of entry")
    }
  }

  public mutating func deviceNumber() throws(Malformed) -> DeviceNumber {
    let major = try integer()
    guard let number = DeviceNumber(major: major, minor: try integer()) else {
      throw Malformed("a device that cannot be one")
    }
    return number
  }

  private mutating func metadata() throws(Malformed) -> Metadata {
    let permissions = UInt16(try integer(atMost: 0o7777))
    let owner = try owner()
    let group = try self.owner()
    let modified = try timestamp()
    let count = try count(atMost: Limits.attributes, minimumBytes: 2)
    var attributes: [ExtendedAttribute] = []
    var total = 0
    for _ in 0..<count {
      let attribute = try attribute()
      total += attribute.name.count + attribute.value.count
      guard total <= Limits.attributeBytes else { throw Malformed("attributes of more bytes than allowed") }
      if let last = attributes.last, !last.name.lexicographicallyPrecedes(attribute.name) {
        throw Malformed("attributes out of order")
      }
      attributes.append(attribute)
    }
    return Metadata(
      permissions: permissions, owner: owner, group: group, modified: modified, attributes: attributes)
  }

  private mutating func attribute() throws(Malformed) -> ExtendedAttribute {
    let name = Array(try data(atMost: Limits.attributeName))
    guard ExtendedAttribute.isCarried(name) else { throw Malformed("an attribute's name") }
    return ExtendedAttribute(name: name, value: Array(try data(atMost: Limits.attributeValue)))
  }

  private mutating func owner() throws(Malformed) -> Owner {
    let id = UInt32(try integer(atMost: UInt64(UInt32.max)))
    guard let owner = Owner(id: id, name: Array(try data(atMost: Limits.ownerName))) else {
      throw Malformed("an owner that cannot be one")
    }
    return owner
  }
}
