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

/// Who takes what the walk comes upon, in the order of the paths.
protocol ScanTaker: AnyObject {
  /// Asked of what may be as it was: takes it where it is.
  ///
  /// - Parameter path: of the entry.
  /// - Returns: false where it has to be given as a sighting.
  func passesUnchanged(_ path: [UInt8], _ status: FileStatus, owners: [UInt8], isOnTheWay: Bool) throws -> Bool
  func take(_ event: ScanEvent) throws
}

/// Walks the include roots once, in the catalog's order. Folders are listed by a `WalkAhead`, from `begin` on.
final class Scanner {
  private let live: Folder
  private let roots: [FolderPlace]
  private let takesDevices: Bool
  private var hasToldOfFlags = false
  let owners: OwnerNames
  private let ahead: WalkAhead
  private var worker: Worker?
  private var buffer = [UInt8](repeating: 0, count: Folder.listingRoom)
  /// Entries with several names, by device and inode: the path that was seen first.
  private var leaders: [FileIdentity: RelativePath] = [:]

  private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  /// Listed entries that wait for the walk: some 10 MB of them.
  static let limit = 1 << 16

  /// - Parameter roots: in order, none inside another.
  init(
    live: borrowing Folder, roots: [RelativePath], rules: Rules, isOneFileSystem: Bool, takesDevices: Bool,
    owners: OwnerNames, limit: Int = Scanner.limit
  ) throws(SystemError) {
    self.live = try live.duplicate()
    self.roots = roots.map { FolderPlace($0) }
    self.takesDevices = takesDevices
    self.owners = owners
    ahead = WalkAhead(
      self.roots,
      lister: FolderLister(
        live: OpenFolder(try live.duplicate()), rules: rules, isOneFileSystem: isOneFileSystem),
      limit: limit)
  }

  deinit { end() }

  /// Lets the second thread list folders, however long it takes until `run`.
  func begin() {
    guard worker == nil else { return }
    worker = Worker { [ahead] in ahead.work() }
  }

  /// Ends the second thread and waits for it.
  func end() {
    ahead.end()
    worker.take()?.join()
  }

  func run(_ taker: some ScanTaker) throws {
    begin()
    defer { end() }
    var ways: Set<RelativePath> = []
    for root in roots {
      var above: [RelativePath] = []
      var next = root.path.parent
      while let way = next {
        above.append(way)
        next = way.parent
      }
      for way in above.reversed() where ways.insert(way).inserted {
        try see(way.bytes, try live.parentFolder(of: way).status(way.name), taker, isOnTheWay: true)
      }
      try walk(root: root, taker)
    }
  }

  private func walk(root: FolderPlace, _ taker: some ScanTaker) throws {
    let status = try live.parentFolder(of: root.path).status(root.path.name)
    guard status.kind == .folder else { return try visit(root.path.bytes, status, taker) }
    try see(root.path.bytes, status, taker)
    try descend(root, taker)
  }

  private func descend(_ place: FolderPlace, _ taker: some ScanTaker) throws {
    let listing: FolderListing
    do throws(SystemError) { listing = try ahead.listing(of: place, using: &buffer) } catch {
      return try taker.take(.unknownBelow(place.path, error))
    }
    var path = PathBuilder(place.path)
    var below = listing.below.makeIterator()
    for (index, entry) in listing.entries.enumerated() {
      guard path.set(listing.names.bytes, listing.names[entry.name]) else { continue }
      guard let status = entry.status else {
        if let error = listing.errors[index] { try taker.take(.unknown(try checked(path.bytes), error)) }
        continue
      }
      guard status.kind == .folder else {
        try visit(path.bytes, status, taker)
        continue
      }
      try see(path.bytes, status, taker)
      if entry.isEntered, let place = below.next() {
        try descend(place, taker)
      } else {
        try taker.take(.skipped(try checked(path.bytes), .otherFileSystem))
      }
    }
    guard listing.isCutOff else { return }
    try taker.take(.skipped(place.path, .tooDeep))
    try taker.take(.unknownBelow(place.path, SystemError.tooDeep))
  }

  private func checked(_ bytes: [UInt8]) throws -> RelativePath {
    guard let path = RelativePath(bytes) else {
      throw MasterError(.bug, "cannot walk", shown(bytes), cause: "it is no path", next: "report this")
    }
    return path
  }

  /// Anything but a folder.
  private func visit(_ path: [UInt8], _ status: FileStatus, _ taker: some ScanTaker) throws {
    switch status.kind {
    case .folder, .regular, .symbolicLink, .fifo: try see(path, status, taker)
    case .socket: try taker.take(.skipped(try checked(path), .socket))
    case .blockDevice, .characterDevice, .unknown:
      guard takesDevices, status.special != nil else { return try taker.take(.skipped(try checked(path), .device)) }
      try see(path, status, taker)
    }
  }

  private func see(
    _ bytes: [UInt8], _ status: FileStatus, _ taker: some ScanTaker, isOnTheWay: Bool = false
  ) throws {
    guard let encoded = owners.encoded(status.owner, status.group) else {
      return try taker.take(.skipped(try checked(bytes), .oddOwner))
    }
    if !hasToldOfFlags, status.isImmutable || status.isAppendOnly {
      hasToldOfFlags = true
      try taker.take(.skipped(try checked(bytes), .flags))
    }
    let hasFurtherNames = status.kind != .folder && status.links > 1
    // Of several names each concerns the others.
    if !hasFurtherNames, status.special == nil,
      try taker.passesUnchanged(bytes, status, owners: encoded, isOnTheWay: isOnTheWay)
    {
      return
    }
    guard let owner = owners.user(status.owner), let group = owners.group(status.group) else { return }
    let path = try checked(bytes)
    try taker.take(
      .sighting(
        Sighting(
          path: path, kind: kind(of: path, status), permissions: status.permissions, owner: owner, group: group,
          modified: status.modified,
          allocated: status.blocks.multipliedReportingOverflow(by: 512).partialValue, inode: status.inode,
          changed: status.changed, born: status.born, isOnTheWay: isOnTheWay, hasFurtherNames: hasFurtherNames)))
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

extension SystemError {
  fileprivate static let tooDeep = SystemError(number: 36, operation: "cannot walk", subject: "a folder")
}
