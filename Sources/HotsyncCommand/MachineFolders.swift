public import HotsyncSystem

/// The folders that HotSync needs on either machine, below a root.
public enum MachineFolders {
  private static let wanted: [(path: String, permissions: UInt16)] = [
    ("etc/hotsync", 0o755), ("etc/hotsync/conf.d", 0o755), ("etc/hotsync/keys", 0o700),
    ("var/lib/hotsync-state", 0o700), ("run/hotsync", 0o755),
  ]

  /// Makes what is missing, and gives all of them their modes.
  ///
  /// - Returns: what was changed, in words; empty where all was as it should be.
  public static func make(below root: borrowing Folder) throws -> [String] {
    var changed: [String] = []
    for (text, permissions) in wanted {
      guard let path = RelativePath(text) else { continue }
      let parent = try makeWay(to: path, below: root)
      let isNew = try parent.statusIfPresent(path.name) == nil
      let folder = try parent.makeOrOpenFolder(path.name)
      guard try isNew || folder.descriptor.status().permissions != permissions else { continue }
      try folder.descriptor.setPermissions(permissions)
      changed.append("\(isNew ? "folder" : "mode of") \(path)")
    }
    return changed
  }

  /// The folder that holds the path's last name; what leads there is for everybody to pass.
  public static func makeWay(to path: RelativePath, below root: borrowing Folder) throws -> Folder {
    var here = try root.duplicate()
    for name in path.parent?.names ?? [] { here = try here.makeOrOpenFolder(name, permissions: 0o755) }
    return here
  }
}
