import HotsyncCatalog
public import HotsyncSystem

/// The store of one connection: its folders, its format, its generations (docs/store-format.md, "Layout").
public final class Store: Sendable {
  public let connection: String
  public let uuid: [UInt8]
  public let key: HashKey
  let top: Folder
  /// `mirror/files`: the master's tree.
  let mirror: Folder
  let incoming: Folder
  let history: Folder
  let catalogFolder: Folder
  let signatures: Folder
  let pins: Folder

  init(connection: String, format: StoreFormat, top: consuming Folder) throws(SystemError) {
    self.connection = connection
    uuid = format.uuid
    key = format.key
    mirror = try top.folder(StoreLayout.mirror).folder(StoreLayout.files)
    incoming = try top.folder(StoreLayout.incoming)
    history = try top.folder(StoreLayout.history)
    catalogFolder = try top.folder(StoreLayout.catalog)
    signatures = try top.folder(StoreLayout.signatures)
    pins = try top.folder(StoreLayout.pins)
    self.top = top
  }

  // MARK: What it holds

  func generations() throws(StoreError) -> GenerationList {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try top.content(of: StoreLayout.generations, limit: GenerationList.limit)
    }
    if let bytes { return try GenerationList.parse(bytes, key: key) }
    // Taken for a new store it would begin again at 1, over all that is there.
    let isUsed = try StoreError.telling { () throws(SystemError) in
      try top.statusIfPresent(StoreLayout.contact) != nil
    }
    guard !isUsed else { throw .damaged("the list of generations", "it is missing, and the store is not new") }
    return .empty
  }

  /// The catalog of a generation; of none where there is none yet.
  func catalog(of generation: Generation?) throws(StoreError) -> Catalog {
    do throws(CatalogError) {
      return try Catalog.open(generation?.segments ?? [], in: catalogFolder, key: key)
    } catch { throw StoreError(error) }
  }

  /// Notes that the master was seen in step now: a cycle with nothing to change commits no generation, and yet the
  /// copy is as young as this.
  func noteContact(_ time: Timestamp, generation: UInt64) throws(SystemError) {
    try top.replace(StoreLayout.contact, with: Array("\(generation) \(time.seconds)\n".utf8))
  }

  /// When the master was last seen in step, and with which generation.
  public func lastContact() throws(StoreError) -> (generation: UInt64, time: Timestamp)? {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try top.content(of: StoreLayout.contact, limit: 256)
    }
    let words = String(decoding: bytes ?? [], as: UTF8.self).split { $0 == " " || $0 == "\n" }
    guard words.count == 2, let generation = UInt64(words[0]), let seconds = Int64(words[1]) else { return nil }
    return (generation, Timestamp(seconds: seconds))
  }

  // MARK: Locks

  /// Takes a lock of the store; nil where somebody else holds it. It is held until its owner ends.
  func tryLock(_ name: FileName) throws(StoreError) -> HeldLock? {
    try StoreError.telling { () throws(SystemError) in
      try HeldLock(top.open(name, [.readingAndWriting, .creating]))
    }
  }

  /// Takes the writer's lock, which a prune gives up every few seconds.
  func lockForWriting(atMost limit: Duration = .seconds(60), clocks: Clocks = .system) throws(StoreError) -> HeldLock {
    try requireOwn()
    let start = clocks.elapsed()
    while true {
      if let lock = try tryLock(StoreLayout.lock) { return lock }
      guard clocks.elapsed() - start < limit else {
        throw .busy("the store of \"\(connection)\"", "another run has held its lock for \(limit.components.seconds) s")
      }
      Worker.pause(.milliseconds(50))
    }
  }

  func historyFolder(_ generation: UInt64) throws(SystemError) -> Folder {
    try history.makeOrOpenFolder(StoreLayout.name(generation))
  }

  func hasJournal() throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in try top.statusIfPresent(StoreLayout.journal) != nil }
  }
}
