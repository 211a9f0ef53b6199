import HotsyncCatalog
public import HotsyncSystem

/// A generation that is being read. While this lives nothing of it is overwritten or removed: a commit displaces what it
/// replaces into history, where it is found from here, and patches nothing in place.
public final class PinnedGeneration {
  public let generation: Generation
  let store: Store
  let catalog: Catalog
  private let pin: ReaderPin
  /// Of this generation and younger ones, oldest first, as far as they were there when last looked.
  private var levels: [HistoryLevel] = []

  private init(_ store: Store, _ generation: Generation, _ catalog: Catalog, _ pin: ReaderPin) throws(StoreError) {
    self.store = store
    self.generation = generation
    self.catalog = catalog
    self.pin = pin
    try lookForLevels()
  }

  // MARK: Opening

  /// A commit takes seconds; longer than this nobody waits for one.
  private static let patience = Duration.seconds(60)

  /// Pins the generation that is meant.
  ///
  /// - Parameter name: as the operator gave it; the newest where nothing was given.
  /// - Parameter accounts: owners for what an interrupted commit still has to bring.
  /// - Parameter evenHandedOver: also where a promotion has exchanged the mirror's folders: for what of it is not live.
  /// - Parameter leavesNoTrace: nothing is written: an interrupted commit is busy, and one that comes meanwhile may not see the reader.
  /// - Throws: kind `.usage` where there is no such generation, `.busy` where a commit does not end.
  public static func open(
    _ store: Store, _ name: String = "latest", accounts: Accounts, mapsUnknownOwnersToNobody: Bool = false,
    evenHandedOver: Bool = false, leavesNoTrace: Bool = false, clocks: Clocks = .system
  ) throws(StoreError) -> PinnedGeneration {
    if !evenHandedOver { try store.requireOwn() }
    guard let wanted = GenerationName(name) else { throw .unknownGeneration(name, store.connection) }
    let metadata = MetadataWriter(
      accounts: accounts, unknownOwner: mapsUnknownOwnersToNobody ? .nobody : .numeric)
    let start = clocks.elapsed()
    while true {
      if leavesNoTrace { try requireSettled(store) } else { try settle(store, metadata, since: start, clocks) }
      guard let found = try wanted.find(in: try store.generations().all, snapshots: store.snapshots) else {
        throw .unknownGeneration(name, store.connection)
      }
      if let pin = try store.tryPinForReading(found.number, leavesNoTrace: leavesNoTrace), try !store.hasJournal(),
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

  private static func requireSettled(_ store: Store) throws(StoreError) {
    guard try store.hasJournal() else { return }
    throw .busy("the store of \"\(store.connection)\"", "a commit is under way or waits to be carried out")
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

  private func lookForLevels() throws(StoreError) {
    let store = store
    // What stands with the newest generation while no commit is under way was saved by a cycle that never came to its commit.
    // The journal is asked first: a commit that ends in between shows in the list.
    let isCommitting = try store.hasJournal()
    let newest = try store.generations().newest?.number ?? 0
    let numbers = try StoreError.telling { () throws(SystemError) in try HistoryLevel.numbers(in: store.history) }
    levels = []
    for number in numbers where number >= generation.number && (number < newest || isCommitting) {
      do throws(SystemError) { levels.append(try HistoryLevel(number, in: store.history, key: store.key)) } catch {
        // A prune has just folded it into its elder.
        guard error.isMissing else { throw StoreError(error) }
      }
    }
  }

  /// Lends the file at a path to a reader that says whether it is what the catalog tells. What was displaced by a commit, or
  /// moved by a prune, meanwhile is looked for again.
  ///
  /// - Returns: false where no file is there that the reader takes.
  func withContent(
    at path: RelativePath, _ body: (VersionFile) throws(StoreError) -> Bool
  ) throws(StoreError) -> Bool {
    var tried: [VersionFile] = []
    // Between a look into history and one into the mirror a commit may take the file from there to here, and a second one
    // may have begun another part of history; prunes move it on. After so many looks it is not there.
    for attempt in 0..<5 {
      if attempt > 0 { try lookForLevels() }
      guard let file = try openContent(at: path), file.status.kind == .regular,
        !tried.contains(where: { $0.isSame(as: file) })
      else { continue }
      tried.append(file)
      crashPoint("read")
      if try body(file) { return true }
    }
    return false
  }

  /// Nil where there is none.
  private func openContent(at path: RelativePath) throws(StoreError) -> VersionFile? {
    var undos: [Undo] = []
    for level in levels {
      crashPoint("look")
      do throws(StoreError) {
        if let undo = try level.undo(of: path) { undos.append(undo) }
      } catch {
        // One that was damaged cannot help: what is read without it is not what the catalog tells.
        guard error.kind == .damaged else { throw error }
      }
      let file = try StoreError.telling { () throws(SystemError) in try level.open(path, under: undos) }
      if let file { return file }
    }
    do throws(SystemError) { return try VersionFile(try store.mirror.openRegular(at: path), undos) } catch {
      if error.isMissing || error.isLoop { return nil }
      throw StoreError(error)
    }
  }
}
