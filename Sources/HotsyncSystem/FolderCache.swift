/// Opens the folders of paths that come in order, and keeps the last one open: most entries share theirs with the one before.
public final class FolderCache {
  private let top: Folder
  private let makesMissing: Bool
  private let rights: UInt16
  private var path: RelativePath?
  // An object of its own, so that what is lent stays open when it is forgotten meanwhile.
  private var opened: OpenFolder?
  /// Folders whose mode stood in the way of a user that is not root, and was opened up.
  public private(set) var loosened: [RelativePath] = []

  /// - Parameter makesMissing: whether folders on the way are made (0700) where they are missing.
  /// - Parameter rights: what a user who is not root gives himself at his own folders where it is missing: never on the
  ///   master's side, whose tree is only read.
  public init(_ top: borrowing Folder, makesMissing: Bool = false, rights: UInt16 = 0) throws(SystemError) {
    self.top = try top.duplicate()
    self.makesMissing = makesMissing
    self.rights = rights
  }

  /// Lends the folder that holds the path's last name.
  public func withParent<Result: ~Copyable>(
    of path: RelativePath, _ body: (borrowing Folder) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    guard let parent = path.parent else { return try body(top) }
    if let opened, self.path == parent { return try body(opened.folder) }
    forget()
    let opened = OpenFolder(try open(parent))
    (self.opened, self.path) = (opened, parent)
    return try body(opened.folder)
  }

  /// Forgets what is open: its folder may have been moved or removed.
  public func forget() {
    opened = nil
    path = nil
  }

  private func open(_ path: RelativePath) throws(SystemError) -> Folder {
    if makesMissing || (rights != 0 && !Environment.isRoot) { return try openStepwise(path) }
    return try top.folder(at: path)
  }

  private func openStepwise(_ path: RelativePath) throws(SystemError) -> Folder {
    var here = try top.duplicate()
    var walked: RelativePath?
    for name in path.names {
      walked = walked?.appending(name) ?? RelativePath(name)
      if makesMissing {
        here = try here.makeOrOpenFolder(name)
      } else {
        let status = try here.status(name)
        if status.kind == .folder, status.permissions & rights != rights, status.owner == Environment.userID {
          try here.open(name, [.nameOnly, .folder]).setPermissions(status.permissions | rights)
          if let walked { loosened.append(walked) }
        }
        here = try here.folder(name)
      }
    }
    return here
  }
}
