public import HotsyncCatalog
import HotsyncSystem

// How steps are kept between the scan and the push, on the master alone: a plan may be longer than memory.

private enum Mark: UInt8 {
  case create = 1
  case examine = 2
  case replace = 3
  case remove = 4
}

extension ByteWriter {
  public mutating func step(_ step: Step) {
    switch step {
    case .create(let sighting):
      byte(Mark.create.rawValue)
      self.sighting(sighting)
    case .examine(let sighting, let old):
      byte(Mark.examine.rawValue)
      self.sighting(sighting)
      record(old)
    case .replace(let sighting, let old):
      byte(Mark.replace.rawValue)
      self.sighting(sighting)
      record(old)
    case .remove(let old):
      byte(Mark.remove.rawValue)
      data(old.path.bytes)
      record(old)
    }
  }

  private mutating func sighting(_ sighting: Sighting) {
    data(sighting.path.bytes)
    switch sighting.kind {
    case .regular(let size):
      byte(1)
      integer(size)
    case .folder: byte(2)
    case .symbolicLink: byte(3)
    case .hardLink(let leader):
      byte(4)
      data(leader.bytes)
    case .fifo: byte(5)
    case .device(let isBlock, let number):
      byte(isBlock ? 7 : 6)
      integer(UInt64(number.major))
      integer(UInt64(number.minor))
    }
    integer(UInt64(sighting.permissions))
    for owner in [sighting.owner, sighting.group] {
      integer(UInt64(owner.id))
      data(owner.name)
    }
    timestamp(sighting.modified)
    integer(sighting.allocated)
    integer(sighting.inode)
    timestamp(sighting.changed)
    timestamp(sighting.born)
    flag(sighting.isOnTheWay)
    flag(sighting.hasFurtherNames)
  }
}

extension ByteReader {
  public mutating func step() throws(Malformed) -> Step {
    switch Mark(rawValue: try byte()) {
    case .create: return .create(try sighting())
    case .examine:
      let sighting = try sighting()
      return .examine(sighting, old: try record(at: sighting.path))
    case .replace:
      let sighting = try sighting()
      return .replace(sighting, old: try record(at: sighting.path))
    case .remove: return .remove(try record(at: try path()))
    case nil: throw Malformed("an unknown step")
    }
  }

  private mutating func sighting() throws(Malformed) -> Sighting {
    let path = try path()
    let kind: Sighting.Kind
    switch try byte() {
    case 1: kind = .regular(size: try integer())
    case 2: kind = .folder
    case 3: kind = .symbolicLink
    case 4: kind = .hardLink(leader: try self.path())
    case 5: kind = .fifo
    case 6: kind = .device(isBlock: false, try deviceNumber())
    case 7: kind = .device(isBlock: true, try deviceNumber())
    default: throw Malformed("an unknown kind")
    }
    let permissions = UInt16(try integer(atMost: 0o7777))
    let owner = try anOwner()
    let group = try anOwner()
    let modified = try timestamp()
    let allocated = try integer()
    let inode = try integer()
    let changed = try timestamp()
    let born = try timestamp()
    return Sighting(
      path: path, kind: kind, permissions: permissions, owner: owner, group: group, modified: modified,
      allocated: allocated, inode: inode, changed: changed, born: born, isOnTheWay: try flag(),
      hasFurtherNames: try flag())
  }

  private mutating func anOwner() throws(Malformed) -> Owner {
    let id = UInt32(try integer(atMost: UInt64(UInt32.max)))
    guard let owner = Owner(id: id, name: Array(try data(atMost: Limits.ownerName))) else {
      throw Malformed("an owner")
    }
    return owner
  }
}
