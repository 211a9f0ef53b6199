import HotsyncCatalog
import HotsyncConfig
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem

/// The plan carried out: contents and entries pushed, the generation sealed and committed.
extension Cycle {
  func push(
    _ scanned: Scanned, _ base: BaseCatalog, _ welcome: Welcome, _ key: HashKey, _ state: MasterState,
    _ record: inout MasterRecord, _ line: SlaveLine
  ) throws {
    let place = try state.newSegment()
    let pusher = try phase("push") {
      progress.phase("push", totalFiles: scanned.totals.steps, totalBytes: scanned.totals.bytesToSend)
      defer { progress.finish() }
      return try pushAll(scanned, base, key, state, place, line)
    }
    report.note(attempts.counts(with: pusher.counts))
    // A folder that could not be listed was told by the walk.
    let told = Set(report.problems.compactMap(\.path))
    report.problems += pusher.problems.filter { problem in problem.path.map { !told.contains($0) } ?? true }
    let segments = try fold(place, base, state, key)
    guard pusher.counts.entries > 0 else {
      // Only stamps are new: nothing for the slave, something for the next walk.
      record.current = KnownPosition(position: base.known.position, segments: segments)
      report.generation = base.known.position.generation
      return
    }
    try phase("commit") {
      let position = Position(generation: base.known.position.generation + 1, catalog: pusher.digest)
      try Cycle.seal(position, pusher, line)
      record.pending = KnownPosition(position: position, segments: segments)
      try state.flushCatalog(segments)
      try state.save(record)
      crashPoint("before-commit")
      report.isCommitAsked = true
      attempts.asked = Attempts.AskedCommit(
        position: position, counts: pusher.counts, obsoleteMaps: pusher.obsoleteMaps.digests)
      try line.send(.commit)
      try line.flush()
      guard case .committed(let generation, _) = try line.next(), generation == position.generation else {
        throw ProtocolError.malformed("it committed another generation", handshakeDone: true)
      }
      crashPoint("after-commit")
      attempts.asked = nil
      record.current = KnownPosition(position: position, segments: segments)
      record.pending = nil
      report.generation = generation
      report.isCommitAsked = false
      report.result = .committed
      for digest in pusher.obsoleteMaps.digests { state.removeMap(of: digest) }
    }
  }

  func pushAll(
    _ scanned: Scanned, _ base: BaseCatalog, _ key: HashKey, _ state: MasterState, _ place: SegmentPlace,
    _ line: SlaveLine
  ) throws -> Pusher {
    let leftovers = try Cycle.begin(
      Announcement(
        entries: scanned.totals.steps + UInt64(scanned.provided.steps.count), deletions: scanned.totals.removals,
        bytes: scanned.totals.spaceNeeded &+ scanned.provided.bytes,
        acceptsDeletions: options.acceptsDeletions), line)
    let reader = try EntryReader(
      live: root, owners: scanned.owners, takesTrusted: connection.data.trustedAttributes, clocks: clocks)
    let progress = PushProgress(self.progress)
    let contents = ContentSender(
      line: line, reader: reader, state: state, key: key, isFull: options.isFull, nextNumber: leftovers.nextNumber,
      staged: leftovers.staged, begun: leftovers.begun, patches: leftovers.patches,
      progress: progress)
    let pusher = Pusher(
      line: line, reader: reader, contents: contents, key: key, departed: scanned.departed, damaged: scanned.damaged,
      writer: try SegmentWriter(try place.file(), key: key),
      digest: base.known.position.catalog, progress: progress)
    let steps = StepsAhead(scanned.spool, for: contents, damaged: scanned.damaged)
    let provided = try ProvidedPush(
      scanned.provided, by: pusher, owners: scanned.owners, acceptsLess: options.acceptsDeletions, clocks: clocks)
    defer { report.databases = pusher.databases }
    while let step = try steps.next() {
      try provided.pass(before: step.path)
      try pusher.take(step)
    }
    try provided.pass(before: nil)
    try pusher.finish()
    report.problems += reader.problems
    return pusher
  }

  struct Leftovers {
    var staged: [StagedContent] = []
    var begun: [BegunContent] = []
    var begunBytes = 0
    var patches: [BegunPatch] = []
    var nextNumber: UInt64 = 1
    private var runs = 0

    static let tooMany = ProtocolError.malformed(
      "it offers more of a broken cycle than there may be", handshakeDone: true)

    /// Takes a piece of a patch that the slave offers.
    mutating func take(_ patch: BegunPatch) throws {
      runs += patch.runs.count
      guard runs <= Limits.stagedRuns else { throw Leftovers.tooMany }
      if patches.isEmpty || !patches[patches.count - 1].join(patch) { patches.append(patch) }
    }
  }

  /// - Returns: what the slave has of a broken cycle.
  static func begin(_ announcement: Announcement, _ line: SlaveLine) throws -> Leftovers {
    try line.send(.begin(announcement))
    try line.flush()
    var leftovers = Leftovers()
    while true {
      switch try line.next() {
      case .staged(let contents):
        guard leftovers.staged.count <= Limits.stagedContents else { throw Leftovers.tooMany }
        leftovers.staged += contents
      case .begun(let content):
        leftovers.begunBytes += content.path.bytes.count
        guard leftovers.begun.count <= Limits.stagedContents, leftovers.begunBytes <= Limits.begunPathBytes else {
          throw Leftovers.tooMany
        }
        leftovers.begun.append(content)
      case .begunPatch(let patch): try leftovers.take(patch)
      case .ready(let number):
        leftovers.nextNumber = number
        return leftovers
      case let other: throw line.unexpected(other)
      }
    }
  }

  /// Writes the master's new segment, with older ones folded in where that is cheap.
  func fold(
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
  static func seal(_ position: Position, _ pusher: Pusher, _ line: SlaveLine) throws {
    // Twice is enough: what is sent whole and still comes out wrong will do so again.
    for _ in 0..<3 {
      try line.send(.seal(position.catalog))
      try line.flush()
      switch try line.next() {
      case .sealed(position.generation): return
      case .mismatched(let numbers): for number in numbers { try pusher.repair(number) }
      case let other: throw line.unexpected(other)
      }
    }
    throw ProtocolError.malformed("contents come out wrong there however often they are sent", handshakeDone: true)
  }
}

extension ConnectionReport {
  mutating func note(_ counts: PushCounts) {
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
