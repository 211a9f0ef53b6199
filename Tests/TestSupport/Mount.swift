import HotsyncSystem

/// A small file system of a test's own, mounted as long as this lives.
public final class Mount {
  private let path: String

  /// - Parameter options: as tmpfs(5) has them: `size=20m,nr_inodes=100`.
  public init(at path: String, _ options: String) throws {
    self.path = path
    try Pair.shell("mount -t tmpfs -o \"$0\" hotsync-test \"$1\"", options, path)
  }

  public func enlarge(_ options: String) throws { try Pair.shell("mount -o \"remount,$0\" \"$1\"", options, path) }

  deinit { try? Pair.shell("umount -l \"$0\"", path) }

  /// Whether this user may mount here: containers often forbid it to root too.
  public static let isPossible: Bool = {
    guard Environment.isRoot, let scratch = try? ScratchFolder("mount") else { return false }
    return (try? Mount(at: scratch.path, "size=1m")) != nil
  }()
}
