import HotsyncCatalog
public import HotsyncSystem

extension Store {
  /// Opens the store of a connection below `<root><path>`. It never makes one: a disk that is not mounted must be an
  /// error and not a full root file system.
  ///
  /// - Throws: kind `.unwritable` where there is none, `.damaged` for a format that this program does not know.
  public static func open(
    connection: String, root: borrowing Folder, path: String
  ) throws(StoreError) -> Store {
    guard let place = StorePlace(path: path, connection: connection) else { throw .noStore(connection, path) }
    let top = try folder(at: place.store, root, missing: .noStore(connection, path))
    let bytes = try StoreError.telling { () throws(SystemError) in
      try top.content(of: StoreLayout.format, limit: 4_096)
    }
    guard let bytes else { throw .noStore(connection, path) }
    let format = try StoreFormat.parse(bytes, of: connection)
    do throws(SystemError) { return try Store(connection: connection, format: format, top: top) } catch {
      throw error.isMissing
        ? .damaged("the store of \"\(connection)\"", "a folder of it is missing") : StoreError(error)
    }
  }

  private static func folder(
    at path: RelativePath, _ root: borrowing Folder, missing: StoreError
  ) throws(StoreError) -> Folder {
    do throws(SystemError) { return try root.folder(at: path) } catch {
      throw error.isMissing ? missing : StoreError(error)
    }
  }

  /// Makes the store of a connection where there is none; what is there stays. `hotsync-slave apply` alone does this.
  ///
  /// - Returns: what was made, for the operator; empty where all was there.
  public static func create(
    connection: String, root: borrowing Folder, path: String, random: (Int) -> [UInt8] = Environment.randomBytes
  ) throws(StoreError) -> [String] {
    guard let place = StorePlace(path: path, connection: connection) else { throw .noStore(connection, path) }
    return try StoreError.telling { () throws(SystemError) in
      var made: [String] = []
      var here = try root.duplicate()
      for name in place.store.names {
        if try here.statusIfPresent(name) == nil { made.append("folder \(place.store)") }
        here = try here.makeOrOpenFolder(name)
      }
      try here.makeMissing(StoreLayout.folders)
      let mirror = try here.makeOrOpenFolder(StoreLayout.mirror)
      try mirror.makeMissing([StoreLayout.files])
      for (name, path) in StoreLayout.mirrorLinks { try mirror.linkToReserved(name, path) }
      try here.setAsideBallast()
      // The format comes last: a store without it is none.
      if try here.statusIfPresent(StoreLayout.format) == nil {
        try here.replace(StoreLayout.format, with: Array(StoreFormat.new(random: random).text.utf8))
        made.append("store of \"\(connection)\" at \(place.store)")
      }
      return made.last.map { [$0] } ?? []
    }
  }
}

extension Folder {
  fileprivate func makeMissing(_ names: [FileName]) throws(SystemError) {
    for name in names { _ = try makeOrOpenFolder(name) }
  }

  /// Stores of older versions have empty folders there. What is no empty folder stays as it is.
  fileprivate func linkToReserved(_ name: FileName, _ path: RelativePath) throws(SystemError) {
    if let status = try statusIfPresent(name) {
      guard status.kind == .folder, try folder(name).names().isEmpty else { return }
      try removeFolder(name)
    }
    try makeSymbolicLink(name, to: StoreLayout.files.bytes + [UInt8(ascii: "/")] + path.bytes)
  }

  /// Enough for the folders, the list and the new files of a roll-forward that meets a full disk.
  private static let ballastLength: UInt64 = 16 << 20

  /// Sets space aside in the store's folder, unless it is there already.
  func setAsideBallast() throws(SystemError) {
    if let status = try statusIfPresent(StoreLayout.ballast), status.blocks * 512 >= Folder.ballastLength { return }
    let file = try open(StoreLayout.ballast, [.writing, .creating])
    _ = try file.allocate(offset: 0, length: Folder.ballastLength)
  }
}
