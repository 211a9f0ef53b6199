internal import CHotsyncShims
import Glibc

/// The device that a device node stands for.
public struct DeviceNumber: Hashable, Sendable {
  public let major: UInt32
  public let minor: UInt32

  /// The kernel keeps 12 and 20 bits of them.
  public static let largestMajor: UInt64 = 0xFFF
  public static let largestMinor: UInt64 = 0xF_FFFF

  /// Nil for what the kernel could not keep.
  public init?(major: UInt64, minor: UInt64) {
    guard major <= DeviceNumber.largestMajor, minor <= DeviceNumber.largestMinor else { return nil }
    self.major = UInt32(major)
    self.minor = UInt32(minor)
  }
}

/// What statx(2) tells of one entry.
public struct FileStatus: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case regular, folder, symbolicLink, fifo, socket, blockDevice, characterDevice, unknown
  }

  public let kind: Kind
  /// Permission, set-id and sticky bits.
  public let permissions: UInt16
  public let owner: UInt32
  public let group: UInt32
  public let size: UInt64
  /// Allocated space in blocks of 512 bytes.
  public let blocks: UInt64
  public let links: UInt32
  public let inode: UInt64
  public let device: UInt64
  public let mount: UInt64
  public let modified: Timestamp
  public let changed: Timestamp
  public let born: Timestamp
  /// Of a device node.
  public let special: DeviceNumber?
  /// Nobody may change it (`chattr +i`).
  public let isImmutable: Bool
  /// Nobody may change what it holds already (`chattr +a`).
  public let isAppendOnly: Bool

  init(_ raw: hs_status) {
    // The kinds of inode(7).
    switch raw.mode & 0o170000 {
    case 0o100000: kind = .regular
    case 0o040000: kind = .folder
    case 0o120000: kind = .symbolicLink
    case 0o010000: kind = .fifo
    case 0o140000: kind = .socket
    case 0o060000: kind = .blockDevice
    case 0o020000: kind = .characterDevice
    default: kind = .unknown
    }
    permissions = UInt16(raw.mode & 0o7777)
    owner = raw.owner
    group = raw.group
    size = raw.size
    blocks = raw.blocks
    links = raw.links
    inode = raw.inode
    device = raw.device
    mount = raw.mount
    modified = Timestamp(kernelSeconds: raw.modified_seconds, nanoseconds: raw.modified_nanoseconds)
    changed = Timestamp(kernelSeconds: raw.changed_seconds, nanoseconds: raw.changed_nanoseconds)
    born = Timestamp(kernelSeconds: raw.born_seconds, nanoseconds: raw.born_nanoseconds)
    let isDevice = kind == .blockDevice || kind == .characterDevice
    special = isDevice ? DeviceNumber(major: raw.special >> 32, minor: raw.special & 0xFFFF_FFFF) : nil
    // STATX_ATTR_IMMUTABLE and STATX_ATTR_APPEND of statx(2).
    isImmutable = raw.attributes & 0x10 != 0
    isAppendOnly = raw.attributes & 0x20 != 0
  }

  /// Whether both tell of the same state of the same entry, as far as the kernel knows.
  public func isSameState(as other: FileStatus) -> Bool {
    inode == other.inode && device == other.device && size == other.size
      && modified == other.modified && changed == other.changed
  }
}
