import HotsyncSystem

/// `/var/lib/hotsync-state`: what must outlive a store that is not mounted.
enum StateFolder {
  private static let names = ["var", "lib", "hotsync-state"]

  /// Nil where there is none yet.
  static func open(below root: borrowing Folder) throws(SystemError) -> Folder? {
    guard let path = RelativePath(names.joined(separator: "/")) else { return nil }
    return try root.folderIfPresent(at: path)
  }

  static func make(below root: borrowing Folder) throws(SystemError) -> Folder {
    var here = try root.duplicate()
    for text in names {
      guard let name = FileName(text) else { continue }
      here = try here.makeOrOpenFolder(name, permissions: text == names.last ? 0o700 : 0o755)
    }
    return here
  }
}
