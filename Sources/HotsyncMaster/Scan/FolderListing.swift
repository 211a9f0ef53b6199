import HotsyncSystem

/// A folder as it stood when it was listed: what it holds and no rule excludes, in byte order.
final class FolderListing: Sendable {
  struct Entry: Sendable {
    /// Its place in `names`.
    let name: Int
    /// Nil where it could not be looked at: `errors` has the reason, by the entry's place.
    let status: FileStatus?
    /// Whether it is a folder that the walk enters: the next of `below`.
    let isEntered: Bool
  }

  let names: NameList
  let entries: [Entry]
  let errors: [Int: SystemError]
  /// The folders that the walk enters, in order.
  let below: [FolderPlace]
  /// It holds more, which lies too deep for a path.
  let isCutOff: Bool

  init(names: NameList, entries: [Entry], errors: [Int: SystemError], below: [FolderPlace], isCutOff: Bool) {
    self.names = names
    self.entries = entries
    self.errors = errors
    self.below = below
    self.isCutOff = isCutOff
  }
}

/// A folder that waits to be listed, or was.
// `above` belongs to the one who lists it, `state` to the `WalkAhead`.
final class FolderPlace: @unchecked Sendable {
  enum State {
    case waiting, underWay
    case listed(FolderListing)
    case failed(SystemError)
    case taken
  }

  let path: RelativePath
  /// What the folder lies on, as its own folder's listing saw it; nil for a root.
  let home: FileSystemPlace?
  /// The open folder that holds it: let go once this one is open. Nil for a root.
  var above: OpenFolder?
  var state = State.waiting

  init(_ path: RelativePath, in above: OpenFolder? = nil, on home: FileSystemPlace? = nil) {
    self.path = path
    self.above = above
    self.home = home
  }
}

/// Tells one mounted file system from another.
struct FileSystemPlace: Equatable, Sendable {
  let device: UInt64
  let mount: UInt64

  init(_ status: FileStatus) {
    device = status.device
    mount = status.mount
  }
}
