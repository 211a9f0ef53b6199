import HotsyncSystem

/// `incoming/new/`: folders that the mirror does not have are made here and filled with the small files that come for them, so
/// that the commit moves a folder by one rename, with all that is in it, instead of each of its files.
///
/// Entries come in the order of their paths: what lies below a folder follows it, so that one tree is open at a time.
final class NewFolders {
  private let top: Folder
  private var tree: Tree?

  private struct Tree {
    let path: RelativePath
    let folder: OpenFolder
    /// The folder in it that the last file went into.
    var last: (path: RelativePath, folder: OpenFolder)
  }

  init(_ store: Store) throws(SystemError) {
    top = try store.incoming.makeOrOpenFolder(StoreLayout.newFolders)
  }

  /// Whether the path lies in the new folder that came last.
  func holds(_ path: RelativePath) -> Bool { tree.map { path.isBelow($0.path) } ?? false }

  /// Makes a folder that the mirror does not have.
  ///
  /// - Parameter number: its name, where it does not lie in another new one.
  /// - Returns: what the commit does with it.
  func make(_ path: RelativePath, number: UInt64) throws(SystemError) -> Action {
    if holds(path) {
      try withParent(of: path) { (folder) throws(SystemError) in try folder.makeFolder(path.name) }
      return .arrived
    }
    let opened = OpenFolder(try top.makeOrOpenFolder(StoreLayout.name(number)))
    tree = Tree(path: path, folder: opened, last: (path, opened))
    return .placeFolder(number)
  }

  /// Lends the new folder that holds the path's last name; for paths that `holds` knows.
  func withParent<Result: ~Copyable>(
    of path: RelativePath, _ body: (borrowing Folder) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    guard let tree, let parent = path.parent else { throw SystemError.missing(path.description) }
    if tree.last.path == parent { return try body(tree.last.folder.folder) }
    let opened = parent == tree.path ? tree.folder : OpenFolder(try open(parent, in: tree))
    self.tree?.last = (parent, opened)
    return try body(opened.folder)
  }

  private func open(_ path: RelativePath, in tree: Tree) throws(SystemError) -> Folder {
    guard path.isBelow(tree.path), let way = RelativePath(path.bytes.dropFirst(tree.path.bytes.count + 1)) else {
      throw SystemError.missing(path.description)
    }
    return try tree.folder.folder.folder(at: way)
  }

  /// Gives the files of a broken cycle's new folders numbers, as other staged contents have them, and removes the folders.
  ///
  /// - Parameter number: the first one that is free.
  static func giveNumbers(
    in store: Store, to contents: borrowing Folder, from number: UInt64
  ) throws(SystemError) {
    guard let top = try store.incoming.folderIfPresent(at: RelativePath(StoreLayout.newFolders)) else { return }
    var next = number
    try giveNumbers(top, contents, &next)
    try store.incoming.removeTree(StoreLayout.newFolders)
  }

  private static func giveNumbers(
    _ folder: borrowing Folder, _ contents: borrowing Folder, _ next: inout UInt64
  ) throws(SystemError) {
    for name in try folder.names() {
      switch try folder.status(name).kind {
      case .folder: try giveNumbers(try folder.folder(name), contents, &next)
      case .regular:
        try folder.rename(name, into: contents, as: StoreLayout.name(next))
        next += 1
      default: break
      }
    }
  }
}
