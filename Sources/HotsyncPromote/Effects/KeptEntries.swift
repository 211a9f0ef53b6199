import HotsyncSystem

/// What a promotion displaces and has to give back: copies of files and links with all that surrounds them, in its folder
/// below `kept/`.
struct KeptEntries: ~Copyable {
  static let name = FileName(checked: "kept")

  private let folder: Folder

  /// - Parameter promotion: the folder of the promotion.
  init(in promotion: borrowing Folder) throws(SystemError) {
    folder = try promotion.makeOrOpenFolder(KeptEntries.name)
  }

  /// Keeps a regular file or a link; durable when this returns, unless whoever keeps many flushes them together.
  func keep(
    _ name: FileName, of source: borrowing Folder, as kept: FileName, isDurable: Bool = true
  ) throws(SystemError) {
    try folder.removeTree(kept)
    try source.copyEntry(name, into: folder, as: kept, isDurable: isDurable)
    if isDurable { try folder.synchronize() }
  }

  /// Puts it back in the place of whatever stands there now; it stays kept.
  func putBack(_ kept: FileName, as name: FileName, in target: borrowing Folder) throws(SystemError) {
    try target.removeTree(Folder.aside)
    do throws(SystemError) {
      try folder.copyEntry(kept, into: target, as: Folder.aside, isDurable: true)
      try target.rename(Folder.aside, into: target, as: name)
    } catch {
      try? target.removeTree(Folder.aside)
      throw error
    }
    try target.synchronize()
  }
}

extension Folder {
  /// What is made aside, before it gets its name. There is one promotion at a time, so that one name is enough, and what a kill left
  /// under it goes with the next try.
  static let aside = FileName(checked: ".hotsync-promotion-aside")

  /// Writes a file whole or not at all, with this mode and owner.
  func put(_ content: [UInt8], _ owner: FileOwner, as name: FileName) throws(SystemError) {
    try removeTree(Folder.aside)
    do throws(SystemError) {
      let file = try open(Folder.aside, [.writing, .exclusively])
      try file.write(content)
      let status = try file.status()
      if status.owner != owner.user || status.group != owner.group {
        try file.setOwner(owner.user, group: owner.group)
      }
      try file.setPermissions(owner.mode)
      try file.synchronize()
      try rename(Folder.aside, into: self, as: name)
    } catch {
      try? removeTree(Folder.aside)
      throw error
    }
    try synchronize()
  }

  /// Removes what a kill left of files that were written aside under names that nobody else uses.
  func removeLeftovers(beginningWith prefix: String) throws(SystemError) {
    for name in try names() where name.bytes.starts(with: prefix.utf8) { try removeTree(name) }
  }

  /// The same of a restore: `.hotsync-` and 16 digits.
  func removeRestoreLeftovers() throws(SystemError) {
    let prefix = Array(".hotsync-".utf8)
    for name in try names() where name.bytes.starts(with: prefix) {
      let digits = name.bytes.dropFirst(prefix.count)
      guard digits.count == 16, parseHexadecimal(Substring(decoding: digits, as: UTF8.self)) != nil else { continue }
      try removeTree(name)
    }
  }

  /// Copies a regular file or a symbolic link with owner, mode, attributes and time, to a name that is free.
  func copyEntry(
    _ name: FileName, into target: borrowing Folder, as other: FileName, isDurable: Bool
  ) throws(SystemError) {
    let status = try status(name)
    if status.kind == .symbolicLink {
      try target.makeSymbolicLink(other, to: try readLink(name))
      let link = try target.open(other, .nameOnly)
      if Environment.isRoot { try link.setOwner(status.owner, group: status.group) }
      return try link.setModified(status.modified)
    }
    let source = try openRegular(name)
    let copy = try target.open(other, [.readingAndWriting, .exclusively])
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    try source.copy(0..<status.size, into: copy, buffer: &buffer)
    try copy.takeMetadata(of: source)
    if isDurable { try copy.synchronize() }
  }
}

extension Descriptor {
  /// Owner, attributes, mode, time of another file.
  func takeMetadata(of source: borrowing Descriptor) throws(SystemError) {
    let status = try source.status()
    if Environment.isRoot { try setOwner(status.owner, group: status.group) }
    for attribute in try source.extendedAttributes() { try setExtendedAttribute(attribute) }
    try setPermissions(status.permissions)
    try setModified(status.modified)
  }
}
