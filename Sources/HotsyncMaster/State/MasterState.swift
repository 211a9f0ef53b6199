import HotsyncCatalog
import HotsyncDatabases
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// `var/lib/hotsync-state/<connection>/` on the master: its record, its copy of the slave's catalog, the digest maps of large files.
final class MasterState: CatalogPlace, MapPlace {
  private let folder: Folder
  private let catalogFolder: Folder
  private let mapFolder: Folder
  /// Held as long as this lives.
  private let lock: HeldLock

  private static let recordName = StateNames.name("record")

  /// Opens the state of a connection for a cycle, makes what is missing and takes the lock.
  ///
  /// - Throws: kind `.busy` at once where another cycle of the connection runs.
  init(connection: String, root: borrowing Folder) throws(MasterError) {
    do throws(SystemError) {
      folder = try StateNames.makeFolder(connection, root)
      catalogFolder = try folder.makeOrOpenFolder(StateNames.name("catalog"))
      mapFolder = try folder.makeOrOpenFolder(StateNames.name("maps"))
      let file = try folder.open(StateNames.name("lock"), [.readingAndWriting, .creating])
      guard let lock = try HeldLock(file) else { throw SystemError.locked }
      self.lock = lock
    } catch {
      guard error == SystemError.locked else { throw MasterError(error) }
      throw MasterError(
        .busy, "cannot run", "a cycle of \"\(connection)\"", cause: "another run holds its lock",
        next: "wait until that has ended; hotsync status shows it")
    }
  }

  // MARK: The record

  /// Nil where there is none, or none that can be read: the slave then wants `--adopt`.
  func record() throws(MasterError) -> MasterRecord? { try MasterState.record(in: folder) }

  static func record(in folder: borrowing Folder) throws(MasterError) -> MasterRecord? {
    let bytes = try MasterError.telling { () throws(SystemError) in
      try folder.content(of: recordName, limit: MasterRecord.limit)
    }
    return bytes.flatMap { try? MasterRecord(decoding: $0) }
  }

  func save(_ record: MasterRecord) throws(MasterError) {
    try MasterError.telling { () throws(SystemError) in
      try folder.replace(MasterState.recordName, with: record.encode())
    }
  }

  // MARK: The catalog

  func catalog(_ known: KnownPosition, key: HashKey) throws -> Catalog {
    try Catalog.open(known.segments, in: catalogFolder, key: key)
  }

  /// A new segment under a name that no other has.
  func newSegment() throws -> SegmentPlace {
    let numbers = try catalogFolder.names().compactMap { UInt64(String(decoding: $0.bytes, as: UTF8.self)) }
    let name = StateNames.name(String((numbers.max() ?? 0) + 1))
    return SegmentPlace(name: name, try catalogFolder.open(name, [.readingAndWriting, .exclusively]))
  }

  /// Makes segments durable.
  func flushCatalog(_ names: some Sequence<FileName>) throws(MasterError) {
    try MasterError.telling { () throws(SystemError) in
      for name in names { try catalogFolder.open(name).synchronize() }
      try catalogFolder.synchronize()
    }
  }

  func removeSegments(except kept: [FileName]) {
    guard let names = try? catalogFolder.names() else { return }
    for name in names where !kept.contains(name) { try? catalogFolder.unlink(name) }
  }

  // MARK: Plans and maps

  /// A file without a name, which goes when it is closed: a plan needs no more.
  func unnamedFile() throws(MasterError) -> Descriptor {
    try MasterError.telling { () throws(SystemError) in
      let name = StateNames.name("plan")
      let file = try folder.open(name, [.readingAndWriting, .creating, .truncating])
      try folder.unlink(name)
      return file
    }
  }

  func map(of digest: Digest) -> MapFile? {
    openMap(StateNames.name(digest.hexadecimal))
  }

  /// A file for a new map; `keepMap` gives it its name.
  func newMap() throws(MasterError) -> Descriptor? {
    try MasterError.telling { () throws(SystemError) in
      try mapFolder.open(StateNames.name("new"), [.readingAndWriting, .creating, .truncating])
    }
  }

  func keepMap(as digest: Digest) throws(MasterError) {
    try MasterError.telling { () throws(SystemError) in
      try mapFolder.rename(StateNames.name("new"), into: mapFolder, as: StateNames.name(digest.hexadecimal))
    }
  }

  func openNewMap() -> MapFile? { openMap(StateNames.name("new")) }

  private func openMap(_ name: FileName) -> MapFile? {
    guard let file = try? mapFolder.open(name) else { return nil }
    return MapFile(file)
  }

  /// Where the facts of the last gathering are kept.
  func factsFolder() throws(MasterError) -> Folder {
    try MasterError.telling { () throws(SystemError) in try folder.makeOrOpenFolder(StateNames.name("facts")) }
  }

  /// What PostgreSQL's dumps are locked with: of this connection alone, and always the same.
  func restrictKey() throws -> String { try PostgreSQLSettings.keptRestrictKey(in: folder) }

  func removeMap(of digest: Digest) { try? mapFolder.unlink(StateNames.name(digest.hexadecimal)) }
}

/// The state of a connection for a dry run: it is read where it is there, and nothing of it is written.
final class ObservedState: CatalogPlace {
  private let folder: Folder?

  init(connection: String, root: borrowing Folder) throws(MasterError) {
    do throws(SystemError) { folder = try StateNames.folder(connection, root) } catch { throw MasterError(error) }
  }

  func record() throws(MasterError) -> MasterRecord? {
    guard folder != nil else { return nil }
    return try MasterState.record(in: folder!)
  }

  func catalog(_ known: KnownPosition, key: HashKey) throws -> Catalog {
    guard folder != nil else { return Catalog(segments: [], key: key) }
    return try Catalog.open(known.segments, in: try folder!.folder(StateNames.name("catalog")), key: key)
  }

  func newSegment() throws -> SegmentPlace {
    SegmentPlace(name: StateNames.name("fetched"), try Descriptor.memoryFile())
  }
}

/// Where the state lies below a root.
enum StateNames {
  static let top = ["var", "lib", "hotsync-state"].map(name)

  static func name(_ text: String) -> FileName {
    guard let name = FileName(text) else { preconditionFailure("\(text) is no name") }
    return name
  }

  static func makeFolder(_ connection: String, _ root: borrowing Folder) throws(SystemError) -> Folder {
    var here = try root.duplicate()
    for name in top.dropLast() { here = try here.makeOrOpenFolder(name, permissions: 0o755) }
    return try here.makeOrOpenFolder(top[top.count - 1]).makeOrOpenFolder(name(connection))
  }

  /// Nil where there is no state yet.
  static func folder(_ connection: String, _ root: borrowing Folder) throws(SystemError) -> Folder? {
    do throws(SystemError) {
      var here = try root.duplicate()
      for name in top { here = try here.folder(name) }
      return try here.folder(name(connection))
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }
}

extension SystemError {
  fileprivate static let locked = SystemError(number: 11, operation: "cannot lock", subject: "the state")
}
