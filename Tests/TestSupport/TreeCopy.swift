import HotsyncSystem

/// Copies a folder with all that it holds into another: contents with their holes, links, hard links, owners, modes, times,
/// attributes.
public func copyTree(_ source: String, into target: String) throws {
  var copy = TreeCopy()
  try copy.fill(try Folder.open(target), from: try Folder.open(source), path: target)
}

private struct TreeCopy {
  private var names: [UInt64: String] = [:]
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  mutating func fill(_ target: borrowing Folder, from source: borrowing Folder, path: String) throws {
    for name in try source.names() {
      let status = try source.status(name)
      let place = "\(path)/\(name)"
      if status.kind != .folder, status.links > 1 {
        if let first = names[status.inode] {
          try link(first, into: target, as: name)
          continue
        }
        names[status.inode] = place
      }
      try make(name, status, in: target, from: source)
      if status.kind == .folder { try fill(try target.folder(name), from: try source.folder(name), path: place) }
      try setMetadata(name, status, in: target, from: source)
    }
  }

  private func link(_ first: String, into target: borrowing Folder, as name: FileName) throws {
    let end = first.lastIndex(of: "/") ?? first.startIndex
    try Folder.open(String(first[..<end])).link(.of(String(first[end...].dropFirst())), into: target, as: name)
  }

  private mutating func make(
    _ name: FileName, _ status: FileStatus, in target: borrowing Folder, from source: borrowing Folder
  ) throws {
    switch status.kind {
    case .folder: try target.makeFolder(name)
    case .symbolicLink: try target.makeSymbolicLink(name, to: try source.readLink(name))
    case .regular:
      let from = try source.open(name)
      let into = try target.open(name, [.writing, .exclusively])
      try into.truncate(to: status.size)
      var position: UInt64 = 0
      while status.blocks > 0, let data = try from.nextData(after: position, size: status.size) {
        try from.copy(data, into: into, buffer: &buffer)
        position = data.upperBound
      }
    default: throw SupportError("\(name) is of a kind that is not copied")
    }
  }

  private func setMetadata(
    _ name: FileName, _ status: FileStatus, in target: borrowing Folder, from source: borrowing Folder
  ) throws {
    let entry = try target.open(name, .nameOnly)
    if status.owner != Environment.userID || status.group != Environment.groupID {
      try entry.setOwner(status.owner, group: status.group)
    }
    if status.kind != .symbolicLink {
      for attribute in try source.open(name, .nameOnly).extendedAttributes() {
        try entry.setExtendedAttribute(attribute)
      }
      try entry.setPermissions(status.permissions)
    }
    try entry.setModified(status.modified)
  }
}
