internal import CHotsyncShims
import Glibc

/// An open folder. Everything below it is done relative to its descriptor, and no link is ever followed.
public struct Folder: ~Copyable, Sendable {
  public let descriptor: Descriptor

  /// Takes over a descriptor of a folder.
  public init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Opens a folder by a path as written: only for what stands on the command line or in the configuration.
  public static func open(_ path: String) throws(SystemError) -> Folder {
    Folder(try Descriptor.open(path, .folder))
  }

  public func duplicate() throws(SystemError) -> Folder { Folder(try descriptor.duplicate()) }

  /// Whether this is the machine's own root folder.
  public func isMachineRoot() throws(SystemError) -> Bool {
    let own = try Folder.open("/").descriptor.status()
    let this = try descriptor.status()
    return own.inode == this.inode && own.device == this.device
  }

  // MARK: Opening

  /// Opens an entry of this folder itself; a link in its place is an error (ELOOP).
  public func open(
    _ name: FileName, _ mode: OpenMode = .reading, permissions: UInt32 = 0o600
  ) throws(SystemError) -> Descriptor {
    let flags = mode.union(.noLinks).rawValue
    let number = try systemCall("openat", "cannot open", name.description) {
      // SAFETY: the name is lent for the call, which keeps nothing of it.
      unsafe withCString(name) { unsafe hs_openat(descriptor.number, $0, flags, permissions) }
    }
    return Descriptor(owning: number)
  }

  public func folder(_ name: FileName) throws(SystemError) -> Folder {
    Folder(try open(name, .folder))
  }

  /// Opens what lies at a path below, through real folders only (openat2(2), `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`).
  public func open(
    at path: RelativePath, _ mode: OpenMode = .reading
  ) throws(SystemError) -> Descriptor {
    if path.bytes.count < Folder.longestWay { return try openBeneath(path.bytes, mode) }
    var here = try duplicate()
    var rest = path.bytes[...]
    // A name is shorter than that, so that there is a slash.
    while rest.count >= Folder.longestWay, let cut = rest.prefix(Folder.longestWay).lastIndex(of: UInt8(ascii: "/")) {
      here = Folder(try here.openBeneath(Array(rest[..<cut]), .folder))
      rest = rest[(cut + 1)...]
    }
    return try here.openBeneath(Array(rest), mode)
  }

  /// Opens a regular file for reading and nothing else: what stands there is looked at before it is opened, as opening
  /// alone makes some devices act. Another kind of entry counts as a link in its place does (ELOOP).
  public func openRegular(at path: RelativePath, _ mode: OpenMode = .reading) throws(SystemError) -> Descriptor {
    try open(at: path, .nameOnly).reopenedAsRegular(mode, path.description)
  }

  /// The same of an entry of this folder itself.
  public func openRegular(_ name: FileName, _ mode: OpenMode = .reading) throws(SystemError) -> Descriptor {
    try open(name, .nameOnly).reopenedAsRegular(mode, name.description)
  }

  /// The kernel takes at most 4,095 bytes at a time.
  private static let longestWay = 4_000

  public func folder(at path: RelativePath) throws(SystemError) -> Folder {
    Folder(try open(at: path, .folder))
  }

  /// Nil where there is no folder at the path.
  public func folderIfPresent(at path: RelativePath) throws(SystemError) -> Folder? {
    do throws(SystemError) { return try folder(at: path) } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  /// The folder that holds the path's last name: this one where the path has no other.
  public func parentFolder(of path: RelativePath) throws(SystemError) -> Folder {
    guard let parent = path.parent else { return try duplicate() }
    return try folder(at: parent)
  }

  private func openBeneath(_ way: [UInt8], _ mode: OpenMode) throws(SystemError) -> Descriptor {
    let flags = mode.union(.noLinks).rawValue
    var attempts = 0
    while true {
      do throws(SystemError) {
        let number = try systemCall("openat2", "cannot open", shown(way)) {
          // SAFETY: the path is lent for the call, which keeps nothing of it.
          unsafe withCString(way) { unsafe hs_open_beneath(descriptor.number, $0, flags, 0o600) }
        }
        return Descriptor(owning: number)
      } catch {
        // EAGAIN: somebody renamed a folder on the way meanwhile, and the kernel could not be sure.
        attempts += 1
        guard error.number == EAGAIN, attempts < 100 else { throw error }
      }
    }
  }

  // MARK: Looking

  public func status(_ name: FileName) throws(SystemError) -> FileStatus {
    var raw = hs_status()
    // SAFETY: the pointers live through the call.
    try systemCall("statx", "cannot look at", name.description) {
      unsafe withCString(name) { unsafe hs_status_of(descriptor.number, $0, &raw) }
    }
    return FileStatus(raw)
  }

  /// Nil where there is no such entry.
  public func statusIfPresent(_ name: FileName) throws(SystemError) -> FileStatus? {
    do throws(SystemError) { return try status(name) } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// What a symbolic link holds, at most 4,096 bytes (readlinkat(2)).
  public func readLink(_ name: FileName) throws(SystemError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4_097)
    // SAFETY: at most the buffer's length is written.
    let count = try systemCall("readlinkat", "cannot read the link", name.description) {
      // SAFETY: both names are lent for the call, which keeps nothing of them.
      unsafe withCString(name) { name in
        unsafe buffer.withUnsafeMutableBytes {
          unsafe readlinkat(descriptor.number, name, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
      }
    }
    return Array(buffer.prefix(count))
  }

  // MARK: Changing

  public func makeFolder(_ name: FileName, permissions: UInt32 = 0o700) throws(SystemError) {
    try systemCall("mkdirat", "cannot make the folder", name.description) {
      // SAFETY: the name is lent for the call, which keeps nothing of it.
      unsafe withCString(name) { unsafe mkdirat(descriptor.number, $0, permissions) }
    }
  }

  /// The folder of that name, made where it is missing.
  public func makeOrOpenFolder(_ name: FileName, permissions: UInt32 = 0o700) throws(SystemError) -> Folder {
    do throws(SystemError) { try makeFolder(name, permissions: permissions) } catch {
      guard error.number == EEXIST else { throw error }
    }
    return try folder(name)
  }

  public func makeSymbolicLink(_ name: FileName, to target: [UInt8]) throws(SystemError) {
    try systemCall("symlinkat", "cannot make the link", name.description) {
      // SAFETY: both texts are lent for the call, which keeps nothing of them.
      unsafe withCString(name) { name in
        unsafe withCString(target) { target in unsafe symlinkat(target, descriptor.number, name) }
      }
    }
  }

  /// Makes a FIFO, closed to all others (mknodat(2)).
  public func makeFIFO(_ name: FileName) throws(SystemError) {
    try makeNode(name, mode: 0o010600, number: 0, "cannot make the FIFO")
  }

  /// Makes a device node, closed to all others; root's alone to make (mknodat(2)).
  public func makeDevice(_ name: FileName, isBlock: Bool, _ device: DeviceNumber) throws(SystemError) {
    // As makedev(3) puts them together.
    let minor = dev_t(device.minor)
    let number = dev_t(device.major) << 8 | (minor & 0xFF) | (minor & ~0xFF) << 12
    try makeNode(name, mode: isBlock ? 0o060600 : 0o020600, number: number, "cannot make the device node")
  }

  private func makeNode(
    _ name: FileName, mode: mode_t, number: dev_t, _ operation: String
  ) throws(SystemError) {
    try systemCall("mknodat", operation, name.description) {
      // SAFETY: the name is lent for the call, which keeps nothing of it.
      unsafe withCString(name) { unsafe mknodat(descriptor.number, $0, mode, number) }
    }
  }

  /// Another name in `folder` for the entry itself (linkat(2), which follows no link here).
  public func link(_ name: FileName, into folder: borrowing Folder, as other: FileName) throws(SystemError) {
    let target = folder.descriptor.number
    try systemCall("linkat", "cannot link", other.description) {
      // SAFETY: both names are lent for the call, which keeps nothing of them.
      unsafe withCString(name) { from in
        unsafe withCString(other) { to in unsafe linkat(descriptor.number, from, target, to, 0) }
      }
    }
  }

  /// Moves an entry, replacing what stands there (renameat(2)).
  public func rename(_ name: FileName, into folder: borrowing Folder, as other: FileName) throws(SystemError) {
    let target = folder.descriptor.number
    try systemCall("renameat", "cannot move", name.description) {
      // SAFETY: both names are lent for the call, which keeps nothing of them.
      unsafe withCString(name) { from in
        unsafe withCString(other) { to in unsafe renameat(descriptor.number, from, target, to) }
      }
    }
  }

  /// Moves an entry to a name that is free; EEXIST where it is not (renameat2(2), or linkat(2) where the file system cannot).
  public func renameWithoutReplacing(
    _ name: FileName, into folder: borrowing Folder, as other: FileName
  ) throws(SystemError) {
    guard try !renameIfPossible(name, into: folder, as: other) else { return }
    try link(name, into: folder, as: other)
    try unlink(name)
  }

  /// The same by renameat2(2) alone: false where the file system cannot.
  public func renameIfPossible(
    _ name: FileName, into folder: borrowing Folder, as other: FileName
  ) throws(SystemError) -> Bool {
    let target = folder.descriptor.number
    do throws(SystemError) {
      try systemCall("renameat2", "cannot make", other.description) {
        // SAFETY: both names live through the call.
        unsafe withCString(name) { from in
          unsafe withCString(other) { to in unsafe hs_rename_no_replace(descriptor.number, from, target, to) }
        }
      }
      return true
    } catch {
      guard error.number == EINVAL else { throw error }
      return false
    }
  }

  /// Two entries change places at once (renameat2(2) with `RENAME_EXCHANGE`).
  public func exchange(
    _ name: FileName, with other: FileName, in folder: borrowing Folder
  ) throws(SystemError) {
    let target = folder.descriptor.number
    try systemCall("renameat2", "cannot exchange", name.description) {
      // SAFETY: both names are lent for the call, which keeps nothing of them.
      unsafe withCString(name) { from in
        unsafe withCString(other) { to in unsafe hs_rename_exchange(descriptor.number, from, target, to) }
      }
    }
  }

  public func unlink(_ name: FileName) throws(SystemError) {
    try systemCall("unlinkat", "cannot remove", name.description) {
      // SAFETY: the name is lent for the call, which keeps nothing of it.
      unsafe withCString(name) { unsafe unlinkat(descriptor.number, $0, 0) }
    }
  }

  /// Nothing where it is missing.
  public func unlinkIfPresent(_ name: FileName) throws(SystemError) {
    do throws(SystemError) { try unlink(name) } catch {
      guard error.number == ENOENT else { throw error }
    }
  }

  public func removeFolder(_ name: FileName) throws(SystemError) {
    try systemCall("unlinkat", "cannot remove the folder", name.description) {
      // SAFETY: the name is lent for the call, which keeps nothing of it.
      unsafe withCString(name) { unsafe unlinkat(descriptor.number, $0, AT_REMOVEDIR) }
    }
  }

  /// Removes an entry with all below it; nothing where it is missing.
  public func removeTree(_ name: FileName) throws(SystemError) {
    do throws(SystemError) {
      guard let status = try statusIfPresent(name) else { return }
      guard status.kind == .folder else { return try unlink(name) }
      do throws(SystemError) {
        let below = try folder(name)
        for child in try below.names() { try below.removeTree(child) }
      } catch {
        // A folder of ours that we may not read or write: without root its own mode is in the way.
        guard error.number == EACCES, status.permissions & 0o700 != 0o700 else { throw error }
        let closed = try open(name, [.nameOnly, .folder])
        try closed.setPermissions(0o700)
        return try removeTree(name)
      }
      try removeFolder(name)
    } catch {
      if error.number == ENOENT { return }
      throw error
    }
  }

  /// Makes what was done to this folder's entries durable.
  public func synchronize() throws(SystemError) { try descriptor.synchronize() }
}

/// Lends a name to C. Names hold no NUL by their type.
func withCString<Result>(_ name: FileName, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  // SAFETY: the body must not keep the pointer, as below.
  unsafe withCString(name.bytes, body)
}

func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  // SAFETY: the temporary memory holds the bytes and the NUL that ends them, and outlives the body.
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { buffer in
    for index in bytes.indices { unsafe buffer[index] = CChar(bitPattern: bytes[index]) }
    unsafe buffer[bytes.count] = 0
    return unsafe body(UnsafePointer(buffer.baseAddress!))
  }
}
