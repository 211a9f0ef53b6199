import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport

/// An entry of a test: what a walk sees of it, and what the catalog would keep of it.
struct Entry: Sendable {
  var path: RelativePath
  var kind: Sighting.Kind
  var permissions: UInt16 = 0o644
  var owner = Entry.owner(1_000, "anna")
  var group = Entry.owner(100, "users")
  var modified = Timestamp(seconds: 1_700_000_000)
  var allocated: UInt64 = 4_096
  var inode: UInt64 = 77
  var changed = Timestamp(seconds: 1_700_000_100)
  var born = Timestamp(seconds: 1_600_000_000)
  var isTooFresh = false
  var isOnTheWay = false

  init(_ path: String, _ kind: Sighting.Kind = .regular(size: 1_000)) throws {
    self.path = try .of(path)
    self.kind = kind
  }

  /// Also for ids and names that cannot be: nobody then.
  static func owner(_ id: UInt32, _ name: String) -> Owner {
    Owner(id: id, name: Array(name.utf8)) ?? Metadata.ofLeader.owner
  }

  var sighting: Sighting {
    Sighting(
      path: path, kind: kind, permissions: permissions, owner: owner, group: group, modified: modified,
      allocated: allocated, inode: inode, changed: changed, born: born, isOnTheWay: isOnTheWay)
  }

  var record: Record {
    let content: Content =
      switch kind {
      case .regular(let size): .regular(size: size, digest: Digest(high: 1, low: inode))
      case .folder: .folder
      case .symbolicLink: .symbolicLink(target: Array("to".utf8))
      case .fifo: .fifo
      case .device(let isBlock, let number): .device(isBlock: isBlock, number)
      case .hardLink(let leader): .hardLink(leader: leader)
      }
    if case .hardLink = content { return Record(path: path, content: content, metadata: .ofLeader) }
    let metadata = Metadata(
      permissions: permissions, owner: owner, group: group, modified: modified, attributes: [])
    return Record(path: path, content: content, metadata: metadata)
  }

  var stamp: Stamp { Stamp(inode: inode, changed: changed, born: born, isTooFresh: isTooFresh) }

  var known: (record: Record, stamp: Stamp?) { (record, stamp) }
}
