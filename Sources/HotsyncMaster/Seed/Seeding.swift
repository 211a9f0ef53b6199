import HotsyncCatalog
public import HotsyncConfig
import HotsyncDelta
import HotsyncPlan
public import HotsyncProtocol
public import HotsyncReport
public import HotsyncSystem
public import HotsyncTransport

/// What the store's side lends to a seeding.
public protocol SeedPlace {
  /// A file without a name, for a plan that may be longer than memory.
  func planFile() throws -> Descriptor

  /// Takes a clone of a file as staged content; false where the file system cannot.
  func clone(_ file: borrowing Descriptor) throws -> Bool
}

/// The master's part towards an agent of its own machine: what a folder holds becomes the first generation of an empty store,
/// as if that folder were a master's root. It is scanned and pushed by the same code as any cycle, and only read.
public final class Seeding {
  private let folder: Folder
  private let connection: ConnectionConfiguration
  private let wanted: [RelativePath]?
  private let owners: OwnerNames
  private let progress: Progress
  private let clocks: Clocks
  private var problems: [Problem] = []
  private var cloned: UInt64 = 0

  /// Smaller files go with their entries: a clone of them would save nothing worth a system call.
  private static let leastCloned: UInt64 = 32 << 10

  /// - Parameters:
  ///   - folder: what lies in it stands for what lies in the master's root.
  ///   - roots: below the folder, in order, none inside another; nil for all that it holds.
  public init(
    _ folder: consuming Folder, roots: [RelativePath]? = nil, of connection: ConnectionConfiguration,
    accounts: Accounts, progress: Progress, clocks: Clocks = .system
  ) {
    self.folder = folder
    self.connection = connection
    wanted = roots
    owners = OwnerNames(accounts)
    self.progress = progress
    self.clocks = clocks
  }

  private struct Scanned {
    let roots: [RelativePath]
    let spool: PlanSpool
    let totals: PlanTotals
    let departed: DepartedFiles
  }

  /// Says what would be taken; nothing is written.
  ///
  /// - Parameter key: the store's.
  public func look(key: HashKey) throws -> SeedReport {
    let start = clocks.elapsed()
    let scanned = try scan(key, PlanSpool(try Descriptor.memoryFile())) {}
    return report(scanned, generation: nil, since: start)
  }

  /// Makes the generation, with the agent at the other end of the stream.
  ///
  /// - Throws: what the agent refuses, or what keeps the folder from being read at all; the store is then as it was.
  public func run(
    over stream: any ByteStream, place: any SeedPlace, program: String, epoch: Epoch
  ) throws -> SeedReport {
    let start = clocks.elapsed()
    let line = SlaveLine(MasterChannel(stream, clocks: clocks), clocks: clocks)
    defer { line.end() }
    let welcome = try line.greet(
      Hello(
        program: program, connection: connection.name, purpose: .cycle, epoch: epoch, position: .none, store: nil,
        adopts: false))
    guard let key = welcome.hashKey else {
      throw ProtocolError.malformed("it greets without a key", handshakeDone: false)
    }
    let scanned = try scan(key, PlanSpool(try place.planFile())) { try line.check() }
    try offerClones(scanned, to: place, line)
    let pusher = try push(scanned, key, line)
    guard pusher.counts.entries > 0 else { throw nothing("nothing in it could be read") }
    progress.phase("commit")
    try Cycle.seal(Position(generation: 1, catalog: pusher.digest), pusher, line)
    try line.send(.commit)
    try line.flush()
    guard case .committed(let generation, _) = try line.next() else {
      throw ProtocolError.malformed("it did not commit", handshakeDone: true)
    }
    problems += line.problems.map(Seeding.asOwn)
    line.close(inStep: true)
    return report(scanned, generation: generation, since: start, pusher.counts)
  }

  // MARK: The folder

  private func nothing(_ cause: String) -> MasterError {
    MasterError(
      .refused, "cannot seed from", "the folder", cause: cause,
      next: "mount what should be there, or name another folder: --from DIR, with the files as DIR/<path on the master>"
    )
  }

  private func roots() throws -> [RelativePath] {
    if let wanted { return wanted }
    let roots = try folder.names().map { RelativePath($0) }.sorted()
    guard !roots.isEmpty else { throw nothing("it is empty: perhaps its disk is not mounted") }
    return roots
  }

  private func scan(_ key: HashKey, _ spool: PlanSpool, check: @escaping () throws -> Void) throws -> Scanned {
    progress.phase("scan")
    defer { progress.finish() }
    let roots = try roots()
    let maker = try PlanMaker(
      Catalog(segments: [], key: key), spool: spool, isFull: false, damaged: [],
      advance: { [progress] in progress.advance(files: 1) }, check: check)
    let scanner = try Scanner(
      live: folder, roots: roots, rules: Rules(roots: roots, excludes: []),
      isOneFileSystem: connection.data.oneFileSystem, takesDevices: connection.data.devices, owners: owners)
    try scanner.run(maker)
    try maker.finish()
    problems += maker.problems.map(Seeding.ofFolder)
    guard maker.totals.steps > 0 else { throw nothing("it holds nothing that a master would send") }
    return Scanned(roots: roots, spool: spool, totals: maker.totals, departed: maker.departed)
  }

  /// Has the store clone what it can, so that content lies on the disk once. To the agent these are what a broken cycle left
  /// behind: it digests them, and an entry takes one only where size and digest are its own.
  private func offerClones(_ scanned: Scanned, to place: any SeedPlace, _ line: SlaveLine) throws {
    progress.phase("clone")
    defer { progress.finish() }
    while let step = try scanned.spool.next() {
      guard case .create(let sighting) = step, case .regular(let size) = sighting.kind, size >= Seeding.leastCloned
      else {
        continue
      }
      try line.check()
      // What cannot be opened is told by the push.
      guard let file = try? folder.open(at: sighting.path), try file.status().kind == .regular else { continue }
      guard try place.clone(file) else { break }
      cloned &+= size
      progress.advance(files: 1)
    }
    try scanned.spool.rewind()
  }

  private func push(_ scanned: Scanned, _ key: HashKey, _ line: SlaveLine) throws -> Pusher {
    progress.phase("seed", totalFiles: scanned.totals.steps, totalBytes: scanned.totals.bytesToSend)
    defer { progress.finish() }
    let leftovers = try Cycle.begin(
      Announcement(
        entries: scanned.totals.steps, deletions: 0, bytes: scanned.totals.spaceNeeded, acceptsDeletions: false), line)
    let reader = try EntryReader(
      live: folder, owners: owners, takesTrusted: connection.data.trustedAttributes, clocks: clocks)
    let pushProgress = PushProgress(progress)
    let contents = ContentSender(
      line: line, reader: reader, state: NoMaps(), key: key, isFull: false, nextNumber: leftovers.nextNumber,
      staged: leftovers.staged, begun: leftovers.begun, patches: leftovers.patches,
      progress: pushProgress)
    let pusher = Pusher(
      line: line, reader: reader, contents: contents, key: key, departed: scanned.departed, damaged: [], writer: nil,
      digest: .empty, progress: pushProgress)
    while let step = try scanned.spool.next() { try pusher.take(step) }
    try pusher.finish()
    let told = Set(problems.compactMap(\.path))
    problems += reader.problems.map(Seeding.ofFolder)
    problems += pusher.problems.filter { problem in problem.path.map { !told.contains($0) } ?? true }
      .map(Seeding.ofFolder)
    return pusher
  }

  // MARK: What is told

  /// The master's words for what is left out name steps that help a master.
  private static func ofFolder(_ problem: Problem) -> Problem {
    Problem(
      code: problem.code, path: problem.path, message: problem.message,
      nextStep: problem.leftOut ? "nothing: what is missing comes with the master's first cycle" : problem.nextStep,
      leftOut: problem.leftOut)
  }

  /// The slave is this machine.
  private static func asOwn(_ problem: Problem) -> Problem {
    let prefix = "the slave says: "
    let next = problem.nextStep
    return Problem(
      code: problem.code, path: problem.path, message: problem.message,
      nextStep: next.hasPrefix(prefix) ? String(next.dropFirst(prefix.count)) : next, leftOut: problem.leftOut)
  }

  private func report(
    _ scanned: Scanned, generation: UInt64?, since start: Duration, _ counts: PushCounts = PushCounts()
  ) -> SeedReport {
    let skipped = problems.count { $0.path != nil }
    return SeedReport(
      connection: connection.name, generation: generation, roots: scanned.roots.map { ReportedPath($0) },
      files: scanned.totals.files, skipped: UInt64(skipped), bytes: scanned.totals.bytes, copied: counts.literal,
      cloned: cloned, duration: clocks.elapsed() - start, problems: problems)
  }
}
