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
    let aside = FileName(checked: ".hotsync-" + hexadecimal(Environment.randomBytes(8)))
    do throws(SystemError) {
      try folder.copyEntry(kept, into: target, as: aside, isDurable: true)
      try target.rename(aside, into: target, as: name)
    } catch {
      try? target.removeTree(aside)
      throw error
    }
    try target.synchronize()
  }
}

extension Folder {
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
