import HotsyncCatalog
public import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
public import HotsyncReport
public import HotsyncSystem
import HotsyncTransport

/// One run for one connection: scan, plan, push, commit. Each phase is a function with its name.
public final class Cycle {
  let connection: ConnectionConfiguration
  let root: Folder
  private let options: CycleOptions
  private let progress: Progress
  private let clocks: Clocks
  private let program: String
  private let agentVariables: [String: String]
  private var report: ConnectionReport

  /// - Parameters:
  ///   - root: the live root, which configuration, state and hooks lie below.
  ///   - program: this program's version, told to the other side.
  ///   - agentVariables: added to the environment of an embedded agent; tests plant faults by them.
  public init(
    _ connection: ConnectionConfiguration, root: consuming Folder, options: CycleOptions, progress: Progress,
    program: String, clocks: Clocks = .system, agentVariables: [String: String] = [:]
  ) {
    self.connection = connection
    self.root = root
    self.options = options
    self.progress = progress
    self.program = program
    self.clocks = clocks
    self.agentVariables = agentVariables
    report = ConnectionReport(connection: connection.name, started: clocks.now())
  }

  /// Runs the cycle; what went wrong stands in the report.
  public func run() -> ConnectionReport {
    let start = clocks.elapsed()
    guard connection.isEnabled else {
      report.result = .disabled
      return report
    }
    do {
      if options.isDryRun { try look() } else { try cycle(start) }
    } catch { report.fail(error) }
    report.duration = clocks.elapsed() - start
    return report
  }

  /// Times a phase and puts it into the report.
  private func phase<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let start = clocks.elapsed()
    defer { report.phases.append(ConnectionReport.Phase(name: name, duration: clocks.elapsed() - start)) }
    return try body()
  }

  // MARK: A real cycle

  private func cycle(_ start: Duration) throws {
    let state = try MasterState(connection: connection.name, root: root)
    var record = try state.record()
    do {
      try runHooks("pre-sync", stopsAtFailure: true)
      try exchange(state, &record)
    } catch {
      if (error as? any HotsyncError)?.kind == .refused { record?.isFenced = Cycle.isFencing(error) }
      try? remember(state, &record, result: "failed", start)
      throw error
    }
    try remember(state, &record, result: report.result.rawValue, start)
    try runHooks("post-sync", stopsAtFailure: false)
  }

  private static func isFencing(_ error: any Error) -> Bool {
    (error as? any HotsyncError)?.cause.contains("was promoted") ?? false
  }

  private func remember(
    _ state: MasterState, _ record: inout MasterRecord?, result: String, _ start: Duration
  ) throws {
    guard record != nil else { return }
    let passed = clocks.elapsed() - start
    record?.lastCycle = MasterRecord.LastCycle(
      result: result, time: clocks.now(), milliseconds: UInt64(max(0, passed / .milliseconds(1))))
    if let record { try state.save(record) }
  }

  private func exchange(_ state: MasterState, _ record: inout MasterRecord?) throws {
    let includes = try Includes.gather(connection, live: root, variables: hookVariables)
    let (line, welcome, key) = try connect(.cycle, record)
    defer { note(line) }
    let base = try BaseCatalog.find(welcome, key: key, record: record, state: state, line: line)
    let isSameStore = record?.store == welcome.store
    var known = MasterRecord(store: welcome.store, key: key)
    known.roots = isSameStore ? record?.roots ?? [] : []
    known.inStep = record?.inStep
    known.lastCycle = record?.lastCycle
    known.current = base.known
    record = known
    try state.save(known)
    let scanned = try scan(base, includes, known.roots, spool: PlanSpool(try state.unnamedFile()), line: line)
    if scanned.totals.steps > 0 {
      try push(scanned, base, welcome, key, state, &known, line)
    } else {
      report.generation = base.known.position.generation
    }
    known.roots = scanned.roots
    known.inStep = clocks.now()
    record = known
    try state.save(known)
    state.removeSegments(except: known.current.segments)
    line.close()
    conclude(scanned)
  }

  private func conclude(_ scanned: Scanned) {
    report.files.total = scanned.totals.files
    report.bytes.total = scanned.totals.bytes
    report.files.skipped = UInt64(report.problems.count)
    if report.problems.contains(where: \.leftOut) { report.result = .incomplete }
  }

  private func note(_ line: SlaveLine) {
    report.problems += line.problems
    report.bytes.wireSent = line.bytesSent
    report.bytes.wireReceived = line.bytesReceived
  }

  // MARK: Connect

  func connect(
    _ purpose: Hello.Purpose, _ record: MasterRecord?
  ) throws -> (SlaveLine, Welcome, HashKey) {
    try phase("connect") {
      let epoch = try Cycle.epoch(root)
      report.epoch = epoch.number
      let line = SlaveLine(MasterChannel(try openStream()), clocks: clocks)
      let welcome = try line.greet(
        Hello(
          program: program, connection: connection.name, purpose: purpose, epoch: epoch,
          position: (record?.pending ?? record?.current)?.position ?? .none, store: record?.store,
          adopts: options.adopts))
      if let refusal = Epoch.refusal(mine: epoch, theirs: welcome.epoch) {
        throw MasterError(
          .refused, "cannot go on with", "the cycle", cause: refusal, next: "leave this machine fenced")
      }
      guard welcome.version == ProtocolVersion.current, let key = welcome.hashKey else {
        throw ProtocolError.malformed("it greets in a version that was not offered", handshakeDone: false)
      }
      return (line, welcome, key)
    }
  }

  static func epoch(_ root: borrowing Folder) throws -> Epoch {
    guard let path = RelativePath("var/lib/hotsync-state"), let folder = try root.folderIfPresent(at: path) else {
      return .first
    }
    return try EpochFile.read(in: folder)
  }

  private func openStream() throws -> any ByteStream {
    guard connection.transport == .local, let slaveRoot = connection.localRoot else {
      throw MasterError(
        .configuration, "cannot reach", "the slave of \"\(connection.name)\"",
        cause: "transport \(connection.transport.rawValue) is not available in this version",
        next: "hotsync config set connections.\(connection.name).transport local")
    }
    return try LocalTransport(
      program: AgentProgram.path(), connection: connection.name, root: slaveRoot,
      silence: connection.silenceTimeout, environment: agentVariables)
  }

  // MARK: Scan

  struct Scanned {
    let spool: PlanSpool
    let totals: PlanTotals
    let departed: DepartedFiles
    let roots: [RootIdentity]
    let owners: OwnerNames
  }

  private func scan(
    _ base: BaseCatalog, _ includes: Includes, _ knownRoots: [RootIdentity], spool: PlanSpool, line: SlaveLine
  ) throws -> Scanned {
    try phase("scan") {
      progress.phase("scan")
      let roots = try IncludeRoots.check(
        includes.roots, live: root, known: knownRoots, accepts: options.acceptsDeletions
      ) { root in try Cycle.isKnownEmpty(root, base.catalog) }
      let owners = OwnerNames(try Cycle.accounts(connection, root))
      let maker = try PlanMaker(base.catalog, spool: spool, isFull: options.isFull) { try line.beat() }
      let scanner = try Scanner(
        live: root, roots: includes.roots, rules: includes.rules,
        isOneFileSystem: connection.data.oneFileSystem, owners: owners
      ) { [progress] event in
        try maker.take(event)
        if case .sighting = event { progress.advance(files: 1) }
      }
      try scanner.run()
      try maker.finish()
      report.problems += maker.problems
      let limit = Cycle.deletionLimit(connection.maxDelete)
      let records = base.known.position.catalog.records
      guard options.acceptsDeletions || limit.allows(maker.totals.removals, of: records) else {
        throw DeletionRefusal.error(maker.totals.removals, of: records, limit: limit)
      }
      return Scanned(
        spool: spool, totals: maker.totals, departed: maker.departed, roots: roots, owners: owners)
    }
  }

  private static func isKnownEmpty(_ root: RelativePath, _ catalog: Catalog) throws -> Bool {
    guard try catalog.record(at: root)?.isFolder == true else { return false }
    let cursor = try catalog.cursor()
    try cursor.seek(to: root)
    try cursor.advance()
    return cursor.current.map { !$0.path.isBelow(root) } ?? true
  }

  static func deletionLimit(_ limit: Limit) -> DeletionLimit {
    switch limit {
    case .percent(let percent): .percent(percent)
    case .count(let count): .count(UInt64(max(0, count)))
    }
  }

  private static func accounts(_ connection: ConnectionConfiguration, _ root: borrowing Folder) throws -> Accounts {
    try root.isMachineRoot() ? Accounts() : Accounts(root: root)
  }

  // MARK: Push and commit

  private func push(
    _ scanned: Scanned, _ base: BaseCatalog, _ welcome: Welcome, _ key: HashKey, _ state: MasterState,
    _ record: inout MasterRecord, _ line: SlaveLine
  ) throws {
    let place = try state.newSegment()
    let pusher = try phase("push") {
      progress.phase("push", totalFiles: scanned.totals.steps, totalBytes: scanned.totals.bytesToSend)
      defer { progress.finish() }
      return try pushAll(scanned, base, key, state, place, line)
    }
    report.note(pusher.counts)
    report.problems += pusher.problems
    let segments = try fold(place, base, state, key)
    guard pusher.counts.entries > 0 else {
      // Only stamps are new: nothing for the slave, something for the next walk.
      record.current = KnownPosition(position: base.known.position, segments: segments)
      report.generation = base.known.position.generation
      return
    }
    try phase("commit") {
      let position = Position(generation: base.known.position.generation + 1, catalog: pusher.digest)
      try seal(position, pusher, line)
      record.pending = KnownPosition(position: position, segments: segments)
      try state.flushCatalog(segments)
      try state.save(record)
      crashPoint("before-commit")
      try line.send(.commit)
      try line.flush()
      guard case .committed(let generation, _) = try line.next(), generation == position.generation else {
        throw ProtocolError.malformed("it committed another generation", handshakeDone: true)
      }
      crashPoint("after-commit")
      record.current = KnownPosition(position: position, segments: segments)
      record.pending = nil
      report.generation = generation
      report.result = .committed
      for digest in pusher.obsoleteMaps { state.removeMap(of: digest) }
    }
  }

  private func pushAll(
    _ scanned: Scanned, _ base: BaseCatalog, _ key: HashKey, _ state: MasterState, _ place: SegmentPlace,
    _ line: SlaveLine
  ) throws -> Pusher {
    let leftovers = try begin(scanned.totals, line)
    let reader = try EntryReader(live: root, owners: scanned.owners, clocks: clocks)
    let contents = ContentSender(
      line: line, reader: reader, state: state, key: key, isFull: options.isFull, nextNumber: leftovers.nextNumber,
      staged: leftovers.staged, begun: leftovers.begun)
    let progress = self.progress
    let pusher = Pusher(
      line: line, reader: reader, contents: contents, key: key, departed: scanned.departed,
      writer: try SegmentWriter(try place.file(), key: key),
      digest: base.known.position.catalog
    ) { files, bytes in progress.advance(files: files, bytes: bytes) }
    while let step = try scanned.spool.next() { try pusher.take(step) }
    try pusher.finish()
    return pusher
  }

  private struct Leftovers {
    var staged: [StagedContent] = []
    var begun: [BegunContent] = []
    var nextNumber: UInt64 = 1
  }

  private func begin(_ totals: PlanTotals, _ line: SlaveLine) throws -> Leftovers {
    try line.send(
      .begin(
        Announcement(
          entries: totals.steps, deletions: totals.removals, bytes: totals.spaceNeeded,
          acceptsDeletions: options.acceptsDeletions)))
    try line.flush()
    var leftovers = Leftovers()
    while true {
      switch try line.next() {
      case .staged(let contents): leftovers.staged += contents
      case .begun(let content): leftovers.begun.append(content)
      case .ready(let number):
        leftovers.nextNumber = number
        return leftovers
      case let other: throw line.unexpected(other)
      }
    }
  }

  /// Writes the master's new segment, with older ones folded in where that is cheap.
  private func fold(
    _ place: SegmentPlace, _ base: BaseCatalog, _ state: MasterState, _ key: HashKey
  ) throws -> [FileName] {
    let changes = try Segment(try place.file(), key: key)
    let older = base.catalog.segments
    let count = SegmentFolding.count(new: changes.length, lengths: older.map(\.length))
    let kept = Array(base.known.segments.dropLast(count))
    guard count > 0 else { return kept + [place.name] }
    let folded = try state.newSegment()
    var writer = try SegmentWriter(try folded.file(), key: key)
    try writer.append(all: try MergedCursor([changes] + older.prefix(count), keepsRemovals: !kept.isEmpty))
    try writer.end()
    return kept + [folded.name]
  }

  /// Says that all was said; contents that did not come out as they should are sent again, whole.
  private func seal(_ position: Position, _ pusher: Pusher, _ line: SlaveLine) throws {
    while true {
      try line.send(.seal(position.catalog))
      try line.flush()
      switch try line.next() {
      case .sealed(position.generation): return
      case .mismatched(let numbers): for number in numbers { try pusher.repair(number) }
      case let other: throw line.unexpected(other)
      }
    }
  }

  // MARK: A dry run

  private func look() throws {
    let state = try ObservedState(connection: connection.name, root: root)
    let record = try state.record()
    let includes = try Includes.gather(connection, live: root, variables: hookVariables)
    let (line, welcome, key) = try connect(.look, record)
    defer { note(line) }
    let base = try BaseCatalog.find(welcome, key: key, record: record, state: state, line: line)
    let knownRoots = record?.store == welcome.store ? record?.roots ?? [] : []
    let scanned = try scan(
      base, includes, knownRoots, spool: PlanSpool(try Descriptor.memoryFile()), line: line)
    let reader = try EntryReader(live: root, owners: scanned.owners, clocks: clocks)
    let itemiser = Itemiser(reader: reader, key: key, departed: scanned.departed)
    try phase("examine") {
      while let step = try scanned.spool.next() {
        try itemiser.take(step)
        try line.beat()
      }
    }
    line.close()
    report.generation = base.known.position.generation
    report.changes = itemiser.changes
    report.problems += itemiser.problems
    conclude(scanned)
  }

  // MARK: Hooks

  private var hookVariables: [String: String] {
    [
      "HOTSYNC_CONNECTION": connection.name, "HOTSYNC_ROLE": "master",
      "HOTSYNC_RESULT": report.result.rawValue, "HOTSYNC_GENERATION": report.generation.map { "\($0)" } ?? "",
    ]
  }

  private func runHooks(_ name: String, stopsAtFailure: Bool) throws {
    guard let path = RelativePath("etc/hotsync/\(name).d") else { return }
    let hooks = HookRunner(shownFolder: "/\(path)", variables: hookVariables)
    for outcome in try hooks.run(path, live: root, stopsAtFailure: stopsAtFailure) where !outcome.succeeded {
      let next = "mend it, or take it out of /etc/hotsync/\(name).d"
      if stopsAtFailure {
        throw MasterError(.failed, "cannot run", "/etc/hotsync/\(name).d/\(outcome.name)", cause: outcome.cause, next: next)
      }
      report.problems.append(
        Problem(
          code: "hook_failed", message: "/etc/hotsync/\(name).d/\(outcome.name): \(outcome.cause)", nextStep: next,
          leftOut: false))
    }
  }
}

extension ConnectionReport {
  fileprivate mutating func note(_ counts: PushCounts) {
    files.created = counts.created
    files.changed = counts.changed
    files.deleted = counts.deleted
    files.renamed = counts.renamed
    files.metadata = counts.metadata
    bytes.changed = counts.changedBytes
    bytes.literal = counts.literal
    bytes.matched = counts.matched
  }
}
