import HotsyncSystem

/// Goes through the mirror in the order of the catalog. What vanishes meanwhile, as a commit displaces it, is passed over.
final class MirrorWalk {
  private final class Level {
    let path: RelativePath?
    let folder: Folder
    var names: ArraySlice<FileName>

    init(_ path: RelativePath?, _ folder: consuming Folder) throws(SystemError) {
      self.path = path
      names = try folder.names()[...]
      self.folder = folder
    }
  }

  private var levels: [Level]

  init(_ mirror: borrowing Folder) throws(StoreError) {
    levels = [try StoreError.telling { () throws(SystemError) in try Level(nil, try mirror.duplicate()) }]
  }

  /// The entry under the walk; nil at the end.
  func current() throws(StoreError) -> (path: RelativePath, status: FileStatus)? {
    while let level = levels.last {
      guard let name = level.names.first else {
        levels.removeLast()
        continue
      }
      let path = level.path.map { $0.appending(name) } ?? RelativePath(name)
      let status = try StoreError.telling { () throws(SystemError) in try level.folder.statusIfPresent(name) }
      if let path, let status { return (path, status) }
      level.names.removeFirst()
    }
    return nil
  }

  /// Passes the entry with all below it.
  func skip() { levels.last?.names.removeFirst() }

  /// Lends the folder that holds the entry, then goes on: into it, where it is a folder and is to be entered.
  func enter(_ isFolder: Bool, _ body: (borrowing Folder) throws(StoreError) -> Void) throws(StoreError) {
    guard let level = levels.last, let name = level.names.first else { return }
    do throws(StoreError) { try body(level.folder) } catch {
      // A commit took it away between a look and the next.
      guard try StoreError.telling({ () throws(SystemError) in try level.folder.statusIfPresent(name) }) == nil else {
        throw error
      }
    }
    level.names.removeFirst()
    guard isFolder, let path = level.path.map({ $0.appending(name) }) ?? RelativePath(name) else { return }
    do throws(SystemError) { levels.append(try Level(path, try level.folder.folder(name))) } catch {
      guard error.isMissing || error.isLoop else { throw StoreError(error) }
    }
  }
}
