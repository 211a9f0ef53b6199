import Glibc
public import HotsyncSystem

/// The entries of a tree as the kernel tells them, folders before what they hold.
public struct TreeEntry: Sendable {
  public let path: RelativePath
  public let status: FileStatus
}

/// All entries below a folder; the folder itself is not among them.
public func walkTree(_ root: borrowing Folder) throws -> [TreeEntry] {
  var entries: [TreeEntry] = []
  try walk(root, nil, root, &entries)
  return entries
}

// Each folder is opened from the root on, so that a deep tree needs no descriptor for each level.
private func walk(
  _ root: borrowing Folder, _ path: RelativePath?, _ folder: borrowing Folder, _ entries: inout [TreeEntry]
) throws {
  for name in try folder.names() {
    guard let below = path.map({ $0.appending(name) }) ?? RelativePath(name) else {
      throw SupportError("a path in the tree is too long")
    }
    let status = try folder.status(name)
    entries.append(TreeEntry(path: below, status: status))
    if status.kind == .folder { try walk(root, below, try root.folder(at: below), &entries) }
  }
}

/// Opens a file for writing, also one whose own mode forbids that to its owner.
public func openForEditing(_ path: RelativePath, _ root: borrowing Folder) throws -> Descriptor {
  do throws(SystemError) { return try root.open(at: path, .readingAndWriting) } catch {
    guard error.number == EACCES else { throw error }
    let closed = try root.open(at: path, .nameOnly)
    let permissions = try closed.status().permissions
    try closed.setPermissions(permissions | 0o600)
    let file = try root.open(at: path, .readingAndWriting)
    try file.setPermissions(permissions)
    return file
  }
}
