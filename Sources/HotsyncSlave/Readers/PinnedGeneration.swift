import HotsyncCatalog
public import HotsyncSystem

/// A generation that is being read. While this lives nothing of it is overwritten or removed: a commit displaces what it
/// replaces into history, where it is found from here.
///
/// A patch in place overwrites blocks of a file, and saves them, only where nobody had pinned the generation. Older
/// generations whose files were patched before they were pinned are not put together from those blocks yet: such a file
/// fails its digest and is told as damaged. As long as the newest generation is the only one kept, there is none.
public final class PinnedGeneration {
  public let generation: Generation
  let store: Store
  let catalog: Catalog
  private let pin: StoreLock
  /// `history/<number>/files` from this generation on, oldest first, as far as they were there when last looked.
  private var displaced: [OpenFolder] = []

  private init(_ store: Store, _ generation: Generation, _ catalog: Catalog, _ pin: StoreLock) throws(StoreError) {
    self.store = store
    self.generation = generation
    self.catalog = catalog
    self.pin = pin
    try lookForDisplaced()
  }

  // MARK: Opening

  /// A commit takes seconds; longer than this nobody waits for one.
  private static let patience = Duration.seconds(60)

  /// Pins the generation that is meant.
  ///
  /// - Parameter name: as the operator gave it; the newest where nothing was given.
  /// - Parameter accounts: owners for what an interrupted commit still has to bring.
  /// - Throws: kind `.usage` where there is no such generation, `.busy` where a commit does not end.
  public static func open(
    _ store: Store, _ name: String = "latest", accounts: Accounts, mapsUnknownOwnersToNobody: Bool = false,
    clocks: Clocks = .system
  ) throws(StoreError) -> PinnedGeneration {
    guard let wanted = GenerationName(name) else { throw .unknownGeneration(name, store.connection) }
    let metadata = MetadataWriter(
      accounts: accounts, unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric)
    let start = clocks.elapsed()
    while true {
      try settle(store, metadata, since: start, clocks)
      guard let found = try wanted.find(in: try store.generations().all, snapshots: store.snapshots) else {
        throw .unknownGeneration(name, store.connection)
      }
      if let pin = try store.tryPinForReading(found.number), try !store.hasJournal(),
        try wanted.find(in: try store.generations().all, snapshots: store.snapshots) == found
      {
        // From here on a commit sees the pin, and what this generation needs stays.
        return try PinnedGeneration(store, found, try store.catalog(of: found), pin)
      }
      try wait(store, since: start, clocks)
    }
  }

  /// Waits until no commit is being carried out; an interrupted one is carried out here.
  private static func settle(
    _ store: Store, _ metadata: MetadataWriter, since start: Duration, _ clocks: Clocks
  ) throws(StoreError) {
    while try store.hasJournal() {
      if let lock = try store.tryLock(StoreLayout.lock) {
        lock.release()
        try Committer(store: store, metadata: metadata).rollForward()
      } else {
        try wait(store, since: start, clocks)
      }
    }
  }

  private static func wait(_ store: Store, since start: Duration, _ clocks: Clocks) throws(StoreError) {
    guard clocks.elapsed() - start < patience else {
      throw StoreError(
        .busy, "cannot read", "the store of \"\(store.connection)\"",
        cause: "a commit has been under way for \(patience.components.seconds) s",
        next: "wait until the cycle has ended, then try again: hotsync-slave status")
    }
    Worker.pause(.milliseconds(50))
  }

  /// Whether the mirror still shows this generation and nothing is on its way into it.
  func isMirrored() throws(StoreError) -> Bool {
    if try store.hasJournal() { return false }
    return try store.generations().newest?.number == generation.number
  }

  // MARK: Reading

  /// A folder that is kept open.
  private final class OpenFolder {
    let folder: Folder
    init(_ folder: consuming Folder) { self.folder = folder }
  }

  private func lookForDisplaced() throws(StoreError) {
    displaced = []
    try StoreError.telling { () throws(SystemError) in
      let numbers = try store.history.names().compactMap { UInt64(String(decoding: $0.bytes, as: UTF8.self)) }
      for number in numbers.sorted() where number >= generation.number {
        do throws(SystemError) {
          let files = try store.history.folder(StoreLayout.name(number)).folder(StoreLayout.files)
          displaced.append(OpenFolder(files))
        } catch {
          guard error.isMissing else { throw error }
        }
      }
    }
  }

  /// Lends the file at a path to a reader that says whether it is what the catalog tells. What was displaced by a commit
  /// meanwhile is looked for again.
  ///
  /// - Returns: false where no file is there that the reader takes.
  func withContent(
    at path: RelativePath, _ body: (borrowing Descriptor) throws(StoreError) -> Bool
  ) throws(StoreError) -> Bool {
    var tried: Set<[UInt64]> = []
    // Between a look into history and one into the mirror a commit may take the file from there to here, and a second one
    // may have begun another part of history: after three looks it is not there.
    for attempt in 0..<3 {
      if attempt > 0 { try lookForDisplaced() }
      guard let file = try openContent(at: path) else { continue }
      let status = try StoreError.telling { () throws(SystemError) in try file.status() }
      guard status.kind == .regular, tried.insert([status.device, status.inode]).inserted else { continue }
      if try body(file) { return true }
    }
    return false
  }

  /// Nil where there is none.
  private func openContent(at path: RelativePath) throws(StoreError) -> Descriptor? {
    for history in displaced {
      if let file = try PinnedGeneration.open(path, in: history.folder) { return file }
    }
    return try PinnedGeneration.open(path, in: store.mirror)
  }

  private static func open(_ path: RelativePath, in folder: borrowing Folder) throws(StoreError) -> Descriptor? {
    do throws(SystemError) { return try folder.open(at: path) } catch {
      if error.isMissing || error.isLoop { return nil }
      throw StoreError(error)
    }
  }
}
