import HotsyncCatalog
import HotsyncSystem

/// What is remembered of an include root, to notice that another disk, or none, is mounted there now.
struct RootIdentity: Equatable, Sendable {
  let path: RelativePath
  let fileSystem: String
  let isMountPoint: Bool
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
    do throws(SystemError) {
      let parent = try live.parentFolder(of: root)
      let status = try parent.status(root.name)
      let isMountPoint = try status.mount != parent.descriptor.status().mount
      if status.kind == .symbolicLink {
        throw SystemError.isLink(shown(try parent.readLink(root.name)))
      }
      guard status.kind == .folder else {
        return RootIdentity(
          path: root, fileSystem: try parent.descriptor.fileSystemIdentity(), isMountPoint: false)
      }
      let folder = try parent.folder(root.name)
      let identity = RootIdentity(
        path: root, fileSystem: try folder.descriptor.fileSystemIdentity(), isMountPoint: isMountPoint)
      guard try folder.names().isEmpty else { return identity }
      return try emptyRoot(identity, accepts: accepts, isKnownEmpty: isKnownEmpty)
    } catch let error as SystemError {
      throw describe(error, root)
    }
  }
}
