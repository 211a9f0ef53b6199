import HotsyncCatalog
import HotsyncSystem

/// What is remembered of an include root, to notice that another disk, or none, is mounted there now.
struct RootIdentity: Equatable, Sendable {
  let path: RelativePath
  let fileSystem: String
  let isMountPoint: Bool
  let isFolder: Bool
}

/// Looks at the include roots before anything is walked: a wiped source is not news to be mirrored.
enum IncludeRoots {
  /// - Parameters:
  ///   - known: what the last good cycle saw.
  ///   - isKnownEmpty: whether the catalog holds this root as an empty folder.
  ///   - accepts: the operator said `--accept-deletes`.
  /// - Returns: what they are now, to be remembered once the cycle is good.
  static func check(
    _ roots: [RelativePath], live: borrowing Folder, known: [RootIdentity], accepts: Bool,
    isKnownEmpty: (RelativePath) throws -> Bool
  ) throws -> [RootIdentity] {
    guard !roots.isEmpty else {
      throw MasterError(
        .configuration, "cannot run", "a cycle", cause: "nothing is included",
        next: "hotsync config set connections.NAME.data.include '[/home, /srv]'")
    }
    if !accepts { try checkRemoved(known.map(\.path), roots) }
    var identities: [RootIdentity] = []
    for root in roots {
      let identity = try look(at: root, live: live, accepts: accepts, isKnownEmpty: isKnownEmpty)
      if !accepts, let before = known.first(where: { $0.path == root }) { try compare(before, identity) }
      identities.append(identity)
    }
    return identities
  }

  private static func refusal(_ root: RelativePath, _ cause: String, next: String? = nil) -> MasterError {
    MasterError(
      .refused, "cannot go on with", "the include \(root)", cause: cause,
      next: next ?? "mount or mend it; if it is meant to be so: hotsync sync --accept-deletes")
  }

  private static func checkRemoved(_ known: [RelativePath], _ roots: [RelativePath]) throws {
    for gone in known where !roots.contains(where: { $0 == gone || gone.isBelow($0) }) {
      throw refusal(
        gone, "it is no longer included, and the slave would delete what it holds of it",
        next: "include it again; if it is meant to go: hotsync sync --accept-deletes")
    }
  }

  private static func look(
    at root: RelativePath, live: borrowing Folder, accepts: Bool, isKnownEmpty: (RelativePath) throws -> Bool
  ) throws -> RootIdentity {
    do {
      let parent = try live.parentFolder(of: root)
      let status = try parent.status(root.name)
      if status.kind == .symbolicLink {
        throw refusal(
          root, "it is a symbolic link to \(shown(try parent.readLink(root.name)))",
          next: "include the folder that it leads to")
      }
      let isMountPoint = try status.mount != parent.descriptor.status().mount
      guard status.kind == .folder else {
        let fileSystem = try parent.descriptor.fileSystemIdentity()
        return RootIdentity(path: root, fileSystem: fileSystem, isMountPoint: false, isFolder: false)
      }
      let folder = try parent.folder(root.name)
      let isEmpty = try folder.names().isEmpty
      guard try !isEmpty || accepts || isKnownEmpty(root) else {
        throw refusal(root, "the folder is empty: perhaps its disk is not mounted, or somebody wiped it")
      }
      let fileSystem = try folder.descriptor.fileSystemIdentity()
      return RootIdentity(path: root, fileSystem: fileSystem, isMountPoint: isMountPoint, isFolder: true)
    } catch let error as SystemError {
      throw refusal(
        root, error.isMissing ? "it does not exist, or a symbolic link is on the way to it" : error.cause,
        next: "mount or make it, or take it out: hotsync config set connections.NAME.data.include '[…]'")
    }
  }

  private static func compare(_ before: RootIdentity, _ now: RootIdentity) throws {
    guard before.isFolder == now.isFolder else {
      throw refusal(now.path, "it was a \(before.isFolder ? "folder" : "file") in the last cycle, and is none now")
    }
    if before.isMountPoint, !now.isMountPoint {
      throw refusal(now.path, "it was a mount point in the last cycle and is none now: its disk is not mounted")
    }
    guard before.fileSystem == now.fileSystem else {
      throw refusal(now.path, "it lies on another file system than in the last cycle")
    }
  }
}
