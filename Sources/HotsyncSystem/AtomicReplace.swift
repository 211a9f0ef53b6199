import Glibc

extension Folder {
  /// A name for a file aside that nobody else uses: two who write at once do not meet in it. What a kill leaves of it is
  /// never read.
  private static func aside(_ name: FileName) -> FileName {
    FileName(
      checked: Array(".new-".utf8) + name.bytes.prefix(200) + Array("-\(hexadecimal(Environment.randomBytes(6)))".utf8))
  }

  /// Writes a small file whole or not at all: aside, flushed, renamed into place, the folder flushed.
  public func replace(_ name: FileName, with content: [UInt8], permissions: UInt32 = 0o600) throws(SystemError) {
    try write(content, permissions: UInt16(permissions), aside: Folder.aside(name)) { (aside) throws(SystemError) in
      try rename(aside, into: self, as: name)
    }
  }

  /// The same for a file in somebody else's folder, with that one's owner.
  public func replace(
    _ name: FileName, with content: [UInt8], permissions: UInt16, owner: UInt32, group: UInt32
  ) throws(SystemError) {
    try write(
      content, permissions: permissions, owner: (owner, group), aside: Folder.aside(name)
    ) { (aside) throws(SystemError) in try rename(aside, into: self, as: name) }
  }

  /// Writes a small file under a name that is free; EEXIST where it is not.
  public func create(_ name: FileName, with content: [UInt8], permissions: UInt16 = 0o600) throws(SystemError) {
    try write(content, permissions: permissions, aside: Folder.aside(name)) { (aside) throws(SystemError) in
      try renameWithoutReplacing(aside, into: self, as: name)
    }
  }

  /// Writes a file aside, closed to others until it is whole, and moves it into place; nothing of it stays where that fails.
  private func write(
    _ content: [UInt8], permissions: UInt16, owner: (user: UInt32, group: UInt32)? = nil, aside: FileName,
    thenMove move: (FileName) throws(SystemError) -> Void
  ) throws(SystemError) {
    do throws(SystemError) {
      let file = try open(aside, [.writing, .exclusively], permissions: 0o600)
      try file.write(content)
      if let owner {
        let status = try file.status()
        if status.owner != owner.user || status.group != owner.group {
          try file.setOwner(owner.user, group: owner.group)
        }
      }
      try file.setPermissions(permissions)
      try file.synchronize()
      try move(aside)
    } catch {
      try? unlink(aside)
      throw error
    }
    try synchronize()
  }

  /// Whether this user may make entries in it (faccessat(2)); no change is made.
  public func isWritable() -> Bool {
    // SAFETY: the literal lives through the call.
    unsafe faccessat(descriptor.number, ".", W_OK, AT_EACCESS) == 0
  }

  /// The whole of a small file; nil where it is missing.
  public func content(of name: FileName, limit: Int) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try open(name)
      guard let content = try file.readAll(limit: limit) else {
        throw SystemError(number: EFBIG, operation: "cannot read", subject: name.description)
      }
      return content
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }
}
