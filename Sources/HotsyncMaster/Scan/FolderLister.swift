import HotsyncPlan
import HotsyncSystem

/// Lists one folder: a descriptor for it, its names, and the status of each, asked for relative to the descriptor, so that no path
/// is joined and no link followed. Knows nothing of threads.
struct FolderLister: Sendable {
  let live: OpenFolder
  let rules: Rules
  let isOneFileSystem: Bool

  /// - Parameter buffer: of `Folder.listingRoom`, for this call only.
  func list(_ place: FolderPlace, using buffer: inout [UInt8]) throws(SystemError) -> FolderListing {
    let folder = try open(place)
    let names = try folder.folder.list(using: &buffer)
    let home: FileSystemPlace
    if let known = place.home { home = known } else { home = FileSystemPlace(try folder.folder.descriptor.status()) }
    var entries: [FolderListing.Entry] = []
    var errors: [Int: SystemError] = [:]
    var below: [FolderPlace] = []
    var isCutOff = false
    let wanted = wanted(names, in: folder)
    entries.reserveCapacity(wanted.count)
    var path = PathBuilder(place.path)
    for index in wanted {
      guard path.set(names.bytes, names[index]) else {
        isCutOff = true
        break
      }
      do throws(SystemError) {
        // What went since the folder was listed is gone.
        guard let status = try folder.folder.statusIfPresent(names, index) else { continue }
        let isFolder = status.kind == .folder
        if isExcluded(path, isFolder: isFolder) { continue }
        let isEntered = isFolder && !(isOneFileSystem && FileSystemPlace(status) != home)
        if isEntered, let child = path.path {
          below.append(FolderPlace(child, in: folder, on: FileSystemPlace(status)))
        }
        entries.append(FolderListing.Entry(name: index, status: status, isEntered: isEntered))
      } catch {
        if isExcluded(path, isFolder: false) { continue }
        errors[entries.count] = error
        entries.append(FolderListing.Entry(name: index, status: nil, isEntered: false))
      }
    }
    return FolderListing(names: names, entries: entries, errors: errors, below: below, isCutOff: isCutOff)
  }

  private func open(_ place: FolderPlace) throws(SystemError) -> OpenFolder {
    guard let above = place.above else {
      return OpenFolder(try live.folder.parentFolder(of: place.path).folder(place.path.name))
    }
    defer { place.above = nil }
    return OpenFolder(try above.folder.folder(place.path.name))
  }

  private func isExcluded(_ path: borrowing PathBuilder, isFolder: Bool) -> Bool {
    !rules.excludesNothing && rules.isExcluded(path.bytes.span, isFolder: isFolder)
  }

  /// All of a folder's names; of a folder that is marked as not to be kept, the mark alone.
  private func wanted(_ names: NameList, in folder: OpenFolder) -> Range<Int> {
    if let mark = names.index(of: NoBackupMark.name) { return mark..<(mark + 1) }
    guard let mark = names.index(of: CacheDirectoryTag.name), isTag(in: folder) else { return 0..<names.count }
    return mark..<(mark + 1)
  }

  private func isTag(in folder: OpenFolder) -> Bool {
    guard let tag = try? folder.folder.open(CacheDirectoryTag.name), (try? tag.status())?.kind == .regular else {
      return false
    }
    var head = [UInt8](repeating: 0, count: CacheDirectoryTag.signatureLength)
    let count = (try? tag.read(into: &head, count: head.count, at: 0)) ?? 0
    return CacheDirectoryTag.isValid(firstBytes: head.prefix(count))
  }
}

/// The path of one entry of a folder after the other, in the same memory.
struct PathBuilder {
  private(set) var bytes: [UInt8]
  private let start: Int
  private let mayHoldMore: Bool

  init(_ folder: RelativePath) {
    bytes = folder.bytes + [UInt8(ascii: "/")]
    start = bytes.count
    mayHoldMore = folder.levels < RelativePath.maximumLevels
  }

  /// False where the path would be too long or too deep.
  mutating func set(_ list: [UInt8], _ name: Range<Int>) -> Bool {
    guard mayHoldMore, start + name.count <= RelativePath.maximumLength else { return false }
    bytes.removeLast(bytes.count - start)
    bytes.append(contentsOf: list[name])
    return true
  }

  var path: RelativePath? { RelativePath(bytes) }
}
