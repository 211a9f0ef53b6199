import HotsyncCatalog
import HotsyncPlan
import HotsyncReport
import HotsyncSystem

/// An entry as it is now, opened and looked at once.
struct OpenedEntry: ~Copyable {
  let file: Descriptor
  let status: FileStatus
  let metadata: Metadata
  let stamp: Stamp
}

/// Why an entry could not be had.
enum LeftOut: Error {
  /// It went between the walk and now.
  case vanished
  /// It changed whenever it was read, or turned into something else.
  case changed
  case unreadable(any HotsyncError)
  case oversized
}

/// Opens entries below the live root as their sightings say they are, and reads their metadata.
final class EntryReader {
  private let folders: FolderCache
  private let live: Folder
  private let owners: OwnerNames
  private let clocks: Clocks
  private let takesTrusted: Bool
  private var told: Set<[UInt8]> = []
  /// What does not go along.
  private(set) var problems: [Problem] = []

  /// A file that changed less than this before it is read may change again without a later time: the kernel's clock for
  /// files ticks every 1 to 10 ms.
  private static let tick = Duration.milliseconds(50)

  init(live: borrowing Folder, owners: OwnerNames, takesTrusted: Bool, clocks: Clocks) throws(SystemError) {
    self.live = try live.duplicate()
    folders = try FolderCache(live)
    self.owners = owners
    self.takesTrusted = takesTrusted
    self.clocks = clocks
  }

  private static func mode(for kind: Sighting.Kind) -> (OpenMode, FileStatus.Kind?) {
    switch kind {
    case .regular: (.reading, .regular)
    case .folder: (.folder, .folder)
    case .symbolicLink: (.nameOnly, .symbolicLink)
    // Opening these would do something, or wait.
    case .fifo: (.nameOnly, .fifo)
    case .device(let isBlock, _): (.nameOnly, isBlock ? .blockDevice : .characterDevice)
    case .hardLink: (.nameOnly, nil)
    }
  }

  /// - Throws: `LeftOut`.
  func open(_ sighting: Sighting) throws -> OpenedEntry {
    let now = clocks.now()
    do {
      let (mode, kind) = EntryReader.mode(for: sighting.kind)
      let file = try openFile(sighting.path, mode)
      let status = try file.status()
      guard kind.map({ $0 == status.kind }) ?? (status.kind != .folder) else { throw LeftOut.changed }
      let attributes = try self.attributes(of: file, sighting.path)
      guard let owner = owners.user(status.owner), let group = owners.group(status.group) else { throw LeftOut.changed }
      let metadata = Metadata(
        permissions: status.permissions, owner: owner, group: group, modified: status.modified, attributes: attributes)
      let isTooFresh = now.since(status.changed) < EntryReader.tick
      let stamp = Stamp(
        inode: status.inode, changed: status.changed, born: status.born, isTooFresh: isTooFresh)
      return OpenedEntry(file: file, status: status, metadata: metadata, stamp: stamp)
    } catch let error as SystemError {
      folders.forget()
      if error.isMissing { throw LeftOut.vanished }
      // A socket stands there now (ENXIO).
      if error.isLoop || error.number == 6 { throw LeftOut.changed }
      throw LeftOut.unreadable(error)
    }
  }

  private func openFile(_ path: RelativePath, _ mode: OpenMode) throws(SystemError) -> Descriptor {
    try folders.withParent(of: path) { (folder) throws(SystemError) in try folder.open(path.name, mode) }
  }

  private func attributes(of file: borrowing Descriptor, _ path: RelativePath) throws -> [ExtendedAttribute] {
    let carried = try file.extendedAttributes().filter { attribute in
      switch ExtendedAttribute.standing(of: attribute.name) {
      case .ordinary: return true
      case .bound: return false
      case .trusted:
        if !takesTrusted { tell(attribute.name, at: path) }
        return takesTrusted
      }
    }
    let size = carried.reduce(0) { $0 + $1.name.count + $1.value.count }
    guard carried.count <= Limits.attributes, size <= Limits.attributeBytes else { throw LeftOut.oversized }
    return carried
  }

  private func tell(_ name: [UInt8], at path: RelativePath) {
    // Names are as many as somebody wants there to be.
    guard told.count < 20, told.insert(name).inserted else { return }
    problems.append(LeftOutText.problem(path, trustedAttribute: name))
  }

  func target(of sighting: Sighting) throws -> [UInt8] {
    do {
      return try folders.withParent(of: sighting.path) { (folder) throws(SystemError) in
        try folder.readLink(sighting.path.name)
      }
    } catch {
      throw error.isMissing ? LeftOut.vanished : LeftOut.unreadable(error)
    }
  }
}
