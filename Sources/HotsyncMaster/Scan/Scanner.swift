import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem

/// What the walk comes upon, in the order of the paths.
enum ScanEvent {
  case sighting(Sighting)
  /// Nothing can be said about what is below: it must not be taken for gone.
  case unknownBelow(RelativePath, SystemError)
  /// Nor of this entry itself.
  case unknown(RelativePath, SystemError)
  case skipped(RelativePath, SkipReason)
}

/// Why an entry that is there does not go to the slave.
enum SkipReason {
  case socket, device, otherFileSystem, tooDeep, oddOwner
  /// The entry goes there, but for its immutable or append-only flag; told of the first one.
  case flags
}

/// Walks the include roots once, in the catalog's order, with a descriptor for each folder on the way and no joined path.
final class Scanner {
  private let live: Folder
  private let roots: [RelativePath]
  private let rules: Rules
  private let isOneFileSystem: Bool
  private let takesDevices: Bool
  private var hasToldOfFlags = false
  private let owners: OwnerNames
  private let sink: (ScanEvent) throws -> Void
  /// Entries with several names, by device and inode: the path that was seen first.
  private var leaders: [FileIdentity: RelativePath] = [:]

  private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  fileprivate struct FileSystem {
    let device: UInt64
    let mount: UInt64
  }

  /// - Parameter roots: in order, none inside another.
  init(
    live: borrowing Folder, roots: [RelativePath], rules: Rules, isOneFileSystem: Bool, takesDevices: Bool,
    owners: OwnerNames,
    sink: @escaping (ScanEvent) throws -> Void
  ) throws(SystemError) {
    self.live = try live.duplicate()
    self.roots = roots
    self.rules = rules
    self.isOneFileSystem = isOneFileSystem
    self.takesDevices = takesDevices
    self.owners = owners
    self.sink = sink
  }

  func run() throws {
    var ways: Set<RelativePath> = []
    for root in roots {
      var above: [RelativePath] = []
      var next = root.parent
      while let way = next {
        above.append(way)
        next = way.parent
      }
      for way in above.reversed() where ways.insert(way).inserted {
        try see(way, try live.parentFolder(of: way).status(way.name), isOnTheWay: true)
      }
      try walk(root: root)
    }
  }

  private func walk(root: RelativePath) throws {
    let parent = try live.parentFolder(of: root)
    let status = try parent.status(root.name)
    guard status.kind == .folder else { return try visit(root, status, in: parent, FileSystem(status)) }
    try see(root, status)
    try descend(root, in: parent, FileSystem(status))
  }

  private func descend(_ path: RelativePath, in parent: borrowing Folder, _ home: FileSystem) throws {
    let listed: ListedFolder
    do throws(SystemError) { listed = try ListedFolder(parent.folder(path.name)) } catch {
      return try sink(.unknownBelow(path, error))
    }
    try descend(path, listed, home)
  }

  private func descend(_ path: RelativePath, _ listed: ListedFolder, _ home: FileSystem) throws {
    for name in try wanted(listed) {
      guard let child = path.appending(name) else {
        try sink(.skipped(path, .tooDeep))
        return try sink(.unknownBelow(path, SystemError.tooDeep))
      }
      let status: FileStatus
      do throws(SystemError) {
        // What went since the folder was listed is gone.
        guard let present = try listed.folder.statusIfPresent(name) else { continue }
        status = present
      } catch {
        if !rules.isExcluded(child, isFolder: false) { try sink(.unknown(child, error)) }
        continue
      }
      guard !rules.isExcluded(child, isFolder: status.kind == .folder) else { continue }
      try visit(child, status, in: listed.folder, home)
    }
  }

  private func visit(
    _ path: RelativePath, _ status: FileStatus, in folder: borrowing Folder, _ home: FileSystem
  ) throws {
    switch status.kind {
    case .folder:
      try see(path, status)
      let isElsewhere = status.device != home.device || status.mount != home.mount
      if isOneFileSystem, isElsewhere { return try sink(.skipped(path, .otherFileSystem)) }
      try descend(path, in: folder, FileSystem(status))
    case .regular, .symbolicLink, .fifo: try see(path, status)
    case .socket: try sink(.skipped(path, .socket))
    case .blockDevice, .characterDevice, .unknown:
      guard takesDevices, status.special != nil else { return try sink(.skipped(path, .device)) }
      try see(path, status)
    }
  }

  /// All of a folder's names; of a folder that is marked as not to be kept, the mark alone.
  private func wanted(_ listed: ListedFolder) throws -> [FileName] {
    let names = listed.names
    if names.contains(NoBackupMark.name) { return [NoBackupMark.name] }
    guard names.contains(CacheDirectoryTag.name), let tag = try? listed.folder.open(CacheDirectoryTag.name),
      try tag.status().kind == .regular
    else { return names }
    var head = [UInt8](repeating: 0, count: CacheDirectoryTag.signatureLength)
    let count = (try? tag.read(into: &head, count: head.count, at: 0)) ?? 0
    return CacheDirectoryTag.isValid(firstBytes: head.prefix(count)) ? [CacheDirectoryTag.name] : names
  }

  private func see(_ path: RelativePath, _ status: FileStatus, isOnTheWay: Bool = false) throws {
    guard let owner = owners.user(status.owner), let group = owners.group(status.group) else {
      return try sink(.skipped(path, .oddOwner))
    }
    if !hasToldOfFlags, status.isImmutable || status.isAppendOnly {
      hasToldOfFlags = true
      try sink(.skipped(path, .flags))
    }
    let kind = kind(of: path, status)
    try sink(
      .sighting(
        Sighting(
          path: path, kind: kind, permissions: status.permissions, owner: owner, group: group,
          modified: status.modified,
          allocated: status.blocks.multipliedReportingOverflow(by: 512).partialValue, inode: status.inode,
          changed: status.changed, born: status.born, isOnTheWay: isOnTheWay,
          hasFurtherNames: status.kind != .folder && status.links > 1)))
  }

  private func kind(of path: RelativePath, _ status: FileStatus) -> Sighting.Kind {
    if status.kind == .folder { return .folder }
    if status.links > 1 {
      let identity = FileIdentity(device: status.device, inode: status.inode)
      if let leader = leaders[identity] { return .hardLink(leader: leader) }
      leaders[identity] = path
    }
    switch (status.kind, status.special) {
    case (.symbolicLink, _): return .symbolicLink
    case (.fifo, _): return .fifo
    case (_, let number?): return .device(isBlock: status.kind == .blockDevice, number)
    default: return .regular(size: status.size)
    }
  }
}

/// A folder that is being walked.
private final class ListedFolder {
  let folder: Folder
  let names: [FileName]

  init(_ folder: consuming Folder) throws(SystemError) {
    names = try folder.names()
    self.folder = folder
  }
}

extension Scanner.FileSystem {
  fileprivate init(_ status: FileStatus) {
    device = status.device
    mount = status.mount
  }
}

extension SystemError {
  fileprivate static let tooDeep = SystemError(number: 36, operation: "cannot walk", subject: "a folder")
}
