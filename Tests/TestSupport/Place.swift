import Glibc
public import HotsyncSystem

/// A folder that a test works in, by paths relative to it; names are bytes, so that odd ones can be made.
public struct Place: Sendable {
  /// Absolute, without a slash at its end.
  public let path: String

  public init(path: String) { self.path = path }

  public func below(_ relative: String) -> Place { Place(path: "\(path)/\(relative)") }

  private func relative(_ bytes: [UInt8]) throws -> RelativePath {
    guard let path = RelativePath(bytes) else { throw SupportError("not a path: \(shown(bytes))") }
    return path
  }

  /// The folder that holds a path, made with those above it where they are missing.
  private func parent(of path: RelativePath) throws -> Folder {
    var folder = try Folder.open(self.path)
    for name in path.names.dropLast() { folder = try folder.makeOrOpenFolder(name, permissions: 0o755) }
    return folder
  }

  // MARK: Making

  public func makeFolder(_ text: String) throws { try makeFolder(bytes: Array(text.utf8)) }

  public func makeFolder(bytes: [UInt8]) throws {
    let path = try relative(bytes)
    _ = try parent(of: path).makeOrOpenFolder(path.name, permissions: 0o755)
  }

  /// Writes a file, and the folders above where they are missing; one of that name keeps its inode.
  public func write(_ text: String, to path: String, permissions: UInt16 = 0o644) throws {
    try write(Array(text.utf8), to: path, permissions: permissions)
  }

  public func write(_ content: [UInt8], to path: String, permissions: UInt16 = 0o644) throws {
    try write(content, bytes: Array(path.utf8), permissions: permissions)
  }

  public func write(_ content: [UInt8], bytes: [UInt8], permissions: UInt16 = 0o644) throws {
    let path = try relative(bytes)
    let file = try parent(of: path).open(path.name, [.writing, .creating, .truncating], permissions: 0o644)
    try file.write(content)
    try file.setPermissions(permissions)
  }

  /// An executable of `/bin/sh`.
  public func writeScript(_ lines: String, to path: String, permissions: UInt16 = 0o755) throws {
    try write("#!/bin/sh\n\(lines)\n", to: path, permissions: permissions)
  }

  public func link(_ path: String, as other: String) throws {
    let (from, to) = (try relative(Array(path.utf8)), try relative(Array(other.utf8)))
    try parent(of: from).link(from.name, into: try parent(of: to), as: to.name)
  }

  public func makeSymbolicLink(_ path: String, to target: String) throws {
    let path = try relative(Array(path.utf8))
    try parent(of: path).makeSymbolicLink(path.name, to: Array(target.utf8))
  }

  public func makeFIFO(_ path: String) throws { try make(path) { try $0.makeFIFO($1) } }

  /// What only root can make.
  public func makeDevice(_ path: String, isBlock: Bool = false, _ major: UInt64, _ minor: UInt64) throws {
    guard let number = DeviceNumber(major: major, minor: minor) else { throw SupportError("no device") }
    try make(path) { try $0.makeDevice($1, isBlock: isBlock, number) }
  }

  /// The name of a socket at which nobody listens (mknod(2) makes one for everybody).
  public func makeSocket(_ path: String) throws {
    try make(path) { (folder, name) in
      // SAFETY: the text is lent for the call, which keeps nothing of it.
      let made = unsafe "/proc/self/fd/\(folder.descriptor.number)/\(name)".withCString {
        unsafe mknod($0, 0o140644, 0)
      }
      guard made == 0 else { throw SupportError("no socket at \(name): \(errno)") }
    }
  }

  private func make(_ text: String, _ body: (borrowing Folder, FileName) throws -> Void) throws {
    let path = try relative(Array(text.utf8))
    try body(try parent(of: path), path.name)
  }

  // MARK: Changing

  public func setAttribute(_ name: String, _ value: [UInt8], of path: String) throws {
    let attribute = ExtendedAttribute(name: Array(name.utf8), value: value)
    try open(path, .nameOnly).setExtendedAttribute(attribute)
  }

  public func removeAttribute(_ name: String, of path: String) throws {
    try open(path, .nameOnly).removeExtendedAttribute(named: Array(name.utf8))
  }

  public func setOwner(_ owner: UInt32, _ group: UInt32, of path: String) throws {
    try open(path, .nameOnly).setOwner(owner, group: group)
  }

  public func setModified(_ seconds: Int64, _ nanoseconds: UInt32, of path: String) throws {
    let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds) ?? .zero
    try open(path, .nameOnly).setModified(time)
  }

  public func open(_ path: String, _ mode: OpenMode = .readingAndWriting) throws -> Descriptor {
    try Folder.open(self.path).open(at: try relative(Array(path.utf8)), mode)
  }

  public func append(_ content: [UInt8], to path: String) throws {
    let file = try open(path)
    try file.write(content, at: try file.status().size)
  }

  public func rename(_ path: String, to other: String) throws {
    let (from, to) = (try relative(Array(path.utf8)), try relative(Array(other.utf8)))
    try parent(of: from).rename(from.name, into: try parent(of: to), as: to.name)
  }

  public func remove(_ path: String) throws {
    let path = try relative(Array(path.utf8))
    try parent(of: path).removeTree(path.name)
  }

  public func setPermissions(_ permissions: UInt16, of path: String) throws {
    try open(path, .nameOnly).setPermissions(permissions)
  }

  // MARK: Looking

  public func read(_ path: String) throws -> String {
    guard let bytes = try open(path, .reading).readAll(limit: 1 << 28) else { throw SupportError("\(path) is large") }
    return String(decoding: bytes, as: UTF8.self)
  }

  public func status(_ path: String) throws -> FileStatus { try open(path, .nameOnly).status() }

  public func holds(_ path: String) throws -> Bool {
    let path = try relative(Array(path.utf8))
    guard let parent = path.parent else { return try Folder.open(self.path).statusIfPresent(path.name) != nil }
    return try Folder.open(self.path).folderIfPresent(at: parent)?.statusIfPresent(path.name) != nil
  }

  public func snapshot(leavingOut: [String] = []) throws -> TreeSnapshot {
    try TreeSnapshot(of: path, leavingOut: leavingOut.map { try relative(Array($0.utf8)) })
  }
}
