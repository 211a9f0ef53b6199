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
