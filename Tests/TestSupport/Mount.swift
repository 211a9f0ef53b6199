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

/// A file system of a kind of its own in an image file, mounted as long as this lives.
public final class LoopImage {
  public enum Kind: String, CaseIterable, Sendable {
    case ext4, xfs, btrfs

    fileprivate var maker: [String] {
      switch self {
      case .ext4: ["mkfs.ext4", "-q", "-F"]
      case .xfs: ["mkfs.xfs", "-q", "-f"]
      case .btrfs: ["mkfs.btrfs", "-q", "-f"]
      }
    }

    /// Those that can be mounted here; what is missing for the others is printed once.
    public static let possible: [Kind] = allCases.filter { kind in
      guard let reason = kind.obstacle else { return true }
      print("no tests on \(kind): \(reason)")
      return false
    }

    private var obstacle: String? {
      guard Environment.isRoot else { return "only root mounts" }
      do { _ = try LoopImage(self) } catch { return "\(error)" }
      return nil
    }
  }

  /// Where it is mounted.
  public let path: String
  private let scratch: ScratchFolder

  /// - Parameter size: of the file system in bytes; its image takes no more than what is written.
  public init(_ kind: Kind, size: UInt64 = 512 << 20) throws {
    scratch = try ScratchFolder("image")
    let image = try scratch.write([], to: "image")
    try Descriptor.open(image, .writing).truncate(to: size)
    path = try scratch.makeFolder("mounted")
    let made = try RunningProgram.run("/usr/bin/env", kind.maker + [image])
    guard made.exitCode == 0 else { throw SupportError("\(kind.maker[0]): \(made)") }
    try Pair.shell("mount -t \"$0\" -o loop \"$1\" \"$2\"", kind.rawValue, image, path)
  }

  deinit { try? Pair.shell("umount -l \"$0\"", path) }
}
