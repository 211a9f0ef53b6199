import HotsyncCatalog
public import HotsyncSystem

/// Verifies a store: the mirror against the newest catalog, and history against those of the older generations; all of it, or a
/// share that moves on with each run. Damage is noted, and named for exactly the generations that have it.
public final class StoreVerification {
  private let store: Store
  private let share: Double
  private let accounts: Accounts
  private let mapsUnknownOwnersToNobody: Bool
  private let clocks: Clocks
  private let progress: (_ files: UInt64, _ bytes: UInt64) -> Void
  private let copier: ContentCopier
  private var result = VerificationResult()
  /// The generations that were read to their end.
  private var read: Set<UInt64> = []

  private static let placeName = StoreLayout.name("verified-history")

  /// - Parameter share: of what is read, 0 to 1; 1 is everything.
  public init(
    _ store: Store, share: Double, accounts: Accounts, mapsUnknownOwnersToNobody: Bool = false,
    clocks: Clocks = .system, progress: @escaping (_ files: UInt64, _ bytes: UInt64) -> Void = { _, _ in }
  ) {
    self.store = store
    self.share = min(max(share, 0), 1)
    self.accounts = accounts
    self.mapsUnknownOwnersToNobody = mapsUnknownOwnersToNobody
    self.clocks = clocks
    self.progress = progress
    copier = ContentCopier(key: store.key)
  }

  /// - Throws: kind `.damaged` where the newest catalog itself is.
  public func run() throws(StoreError) -> VerificationResult {
    let newest = try pin("latest")
    let mirror = try Verification(
      newest, share: share, accounts: accounts, mapsUnknownOwnersToNobody: mapsUnknownOwnersToNobody,
      progress: progress)
    result = try mirror.run()
    result.newest = newest.generation.number
    let inMirror = result.damaged
    let generations = try store.generations().all.filter { $0.number <= newest.generation.number }
    for path in Set(inMirror.filter(\.isContent).map(\.path)) {
      try name(path, in: generations, below: newest.generation.number)
    }
    try verifyHistory(generations)
    // Where a commit has come meanwhile, not all of the newest one was looked at.
    if try newest.isMirrored() { read.insert(newest.generation.number) }
    do throws(StoreError) { try note(inMirror) } catch {
      result.unnoted = StoreError(
        error.kind, "cannot note in the store", "what was verified", cause: error.cause, next: error.nextStep)
    }
    return result
  }

  private func note(_ inMirror: [Damage]) throws(StoreError) {
    try DamageList.note(mirror: inMirror, all: result.damaged, isFull: share >= 1, in: store)
    let damaged = Set(result.damaged.map(\.generation))
    try store.noteVerified(
      share >= 1 ? read.subtracting(damaged).sorted() : [], damaged: damaged, at: clocks.now())
  }

  private func pin(_ name: String) throws(StoreError) -> PinnedGeneration {
    try PinnedGeneration.open(
      store, name, accounts: accounts, mapsUnknownOwnersToNobody: mapsUnknownOwnersToNobody, clocks: clocks)
  }

  // MARK: History

  /// - Parameter generations: oldest first; the last one is the mirror's.
  private func verifyHistory(_ generations: [Generation]) throws(StoreError) {
    let due = try due(generations)
    for index in due {
      let generation = generations[index]
      do throws(StoreError) {
        if try verify(generation, generations) { read.insert(generation.number) }
      } catch {
        guard error.kind == .damaged else { throw error }
        noteCatalog(of: generation, error)
      }
    }
    if share < 1, let last = due.last { try notePlace(generations[last].number) }
  }

  /// False where a prune took it away meanwhile.
  private func verify(_ generation: Generation, _ generations: [Generation]) throws(StoreError) -> Bool {
    // The next one may go between the look for it and its pin; then there is another.
    for _ in 0..<10 {
      let listed = try store.generations().all
      guard listed.contains(generation), let after = listed.first(where: { $0.number > generation.number }) else {
        return false
      }
      let (pinned, next): (PinnedGeneration, PinnedGeneration)
      do throws(StoreError) {
        pinned = try pin(String(generation.number))
        next = try pin(String(after.number))
      } catch {
        if error.kind == .usage { continue }
        throw error
      }
      if share >= 1 { try pinned.checkCatalog() }
      let verification = try HistoryVerification(pinned, next: next, readsAll: share >= 1, copier) { [self] bytes in
        result.filesChecked += 1
        result.bytesChecked += bytes
        progress(result.filesChecked, result.bytesChecked)
      }
      for path in try verification.run() { try name(path, in: generations, below: generation.number + 1) }
      return true
    }
    return false
  }

  private func noteCatalog(of generation: Generation, _ error: StoreError) {
    guard let path = RelativePath("catalog") else { return }
    result.damaged.append(
      Damage(path: path, generation: generation.number, what: "the catalog of this generation: \(error.cause)"))
  }

  /// Names every kept generation below a number whose version of a file cannot be read.
  private func name(
    _ path: RelativePath, in generations: [Generation], below limit: UInt64
  ) throws(StoreError) {
    for generation in generations where generation.number < limit {
      guard !result.damaged.contains(where: { $0.path == path && $0.generation == generation.number }) else { continue }
      do throws(StoreError) {
        let pinned = try pin(String(generation.number))
        let record: Record?
        do throws(CatalogError) { record = try pinned.catalog.record(at: path) } catch { throw StoreError(error) }
        guard let record, try !pinned.hasSound(record, copier) else { continue }
        result.damaged.append(
          Damage(path: path, generation: generation.number, what: "its content is not what was stored"))
      } catch {
        guard error.kind == .usage || error.kind == .damaged else { throw error }
      }
    }
  }

  // MARK: Shares

  /// Which of the older generations are due, as indices: all, or as many as the share says, going on from the newest to the oldest
  /// after the one where the last run ended.
  private func due(_ generations: [Generation]) throws(StoreError) -> [Int] {
    let older = Array(generations.indices.dropLast().reversed())
    guard share < 1, !older.isEmpty else { return older }
    let count = max(1, Int((share * Double(older.count)).rounded(.up)))
    let bytes = try StoreError.telling { () throws(SystemError) in
      try store.top.content(of: StoreVerification.placeName, limit: 32)
    }
    let place = bytes.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) } ?? 0
    let start = older.firstIndex { generations[$0].number < place } ?? 0
    return (0..<min(count, older.count)).map { older[(start + $0) % older.count] }
  }

  private func notePlace(_ generation: UInt64) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      try store.top.replace(StoreVerification.placeName, with: Array(String(generation).utf8))
    }
  }
}
