import HotsyncCatalog
import HotsyncDatabases
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem

/// Pushes what is below `.hotsync`, when the paths of the cycle come to it.
final class ProvidedPush {
  private let pusher: Pusher
  private let steps: [ProvidedStep]
  private let owner: Owner
  private let group: Owner
  private let acceptsLess: Bool
  private let clocks: Clocks
  private var isDone = false
  /// By the path of their dump, as their JSON; a dump that failed has none.
  private var fingerprints: [RelativePath: [UInt8]] = [:]

  /// - Parameters:
  ///   - owners: of the machine.
  ///   - acceptsLess: a dump of which little is left is news.
  init(_ steps: ProvidedSteps, by pusher: Pusher, owners: OwnerNames, acceptsLess: Bool, clocks: Clocks) throws {
    self.acceptsLess = acceptsLess
    self.pusher = pusher
    self.steps = steps.steps
    self.clocks = clocks
    guard let owner = owners.user(Environment.userID), let group = owners.group(Environment.groupID) else {
      throw MasterError(.bug, "cannot run", "a cycle", cause: "this program runs as nobody", next: "report this")
    }
    self.owner = owner
    self.group = group
  }

  /// Called before each step of the tree, and at the end.
  func pass(before path: RelativePath?) throws {
    guard !isDone, path.map({ ReservedPaths.top < $0 }) ?? true else { return }
    isDone = true
    // Only the number of changes goes into the counts: they are of the master's files.
    let before = pusher.counts
    for step in steps {
      crashPoint("push")
      try pusher.line.check()
      try take(step)
    }
    var after = before
    after.provided = pusher.counts.entries - before.entries + before.provided
    after.changedBytes = pusher.counts.changedBytes
    after.literal = pusher.counts.literal
    after.matched = pusher.counts.matched
    pusher.counts = after
  }

  private func take(_ step: ProvidedStep) throws {
    switch step.wanted {
    case .nothing:
      if let old = step.old { try pusher.remove(old) }
    case .folder:
      try pusher.settle(
        record(step, .folder, ProvidedSteps.folderPermissions), nil, step.old, isSameContent: step.old?.isFolder == true
      ) { .none }
    case .file(.bytes(let bytes)):
      let stream = BytesStream(bytes)
      try bring(step, stream, isCounted: false) { BytesStream(bytes) }
    case .file(.fingerprint(let dump)):
      // Without its dump it stays as the dump does.
      guard let bytes = fingerprints[dump] else { return }
      try bring(step, BytesStream(bytes), isCounted: false) { BytesStream(bytes) }
    case .file(.database(let engine, let subject)): try bringDump(step, engine, subject)
    }
  }

  /// What changes has the time of now; metadata alone are not a change.
  private func record(_ step: ProvidedStep, _ content: Content, _ permissions: UInt16) -> Record {
    let isSame = step.old?.content == content
    let modified = isSame ? step.old?.metadata.modified : nil
    return Record(
      path: step.path, content: content,
      metadata: Metadata(
        permissions: permissions, owner: owner, group: group, modified: modified ?? clocks.now(), attributes: []))
  }

  /// - Returns: the content's size, and whether it is another than the slave had.
  @discardableResult
  private func bring(
    _ step: ProvidedStep, _ stream: any ProvidedStream, isCounted: Bool,
    open: @escaping () throws -> any ProvidedStream
  ) throws -> (size: UInt64, isNew: Bool) {
    var old: (size: UInt64, digest: Digest)?
    if case .regular(let size, let digest) = step.old?.content, !pusher.damaged.contains(step.path) {
      old = (size, digest)
    }
    let brought = try pusher.contents.bringStream(stream, to: step.path, old: old, open: open)
    let record = record(
      step, .regular(size: brought.size, digest: brought.digest), ProvidedSteps.filePermissions)
    if isCounted {
      pusher.counts.literal &+= brought.literal
      if case .unchanged = brought.delivery {
      } else {
        pusher.counts.changedBytes &+= brought.size
        pusher.counts.matched &+= brought.size - min(brought.literal, brought.size)
      }
    }
    switch brought.delivery {
    case .unchanged: try pusher.settle(record, nil, step.old, isSameContent: true) { .none }
    case .inline(let number, let bytes):
      try pusher.line.send(.file(record, number: number, bytes[...]))
      try pusher.note(record, nil, step.old, .content(number))
    case .staged(let number): try pusher.settle(record, nil, step.old, isSameContent: false) { .content(number) }
    }
    if case .unchanged = brought.delivery { return (brought.size, false) }
    return (brought.size, true)
  }

  // MARK: Dumps

  private func bringDump(_ step: ProvidedStep, _ engine: any DatabaseEngine, _ subject: DumpSubject) throws {
    let start = clocks.elapsed()
    func report(_ result: String, _ bytes: UInt64) {
      pusher.databases.append(
        DatabaseReport(
          engine: engine.name, name: Provided.name(subject), bytes: bytes, duration: clocks.elapsed() - start,
          result: result))
    }
    do {
      let formerSize = acceptsLess ? nil : step.old.flatMap { $0.isFolder ? nil : $0.size }
      let dump = try engine.dump(subject, formerSize: formerSize)
      let brought = try bring(step, DumpContent(dump), isCounted: true) {
        DumpContent(try engine.dump(subject, formerSize: nil))
      }
      fingerprints[step.path] = dump.fingerprint.encode()
      report(brought.isNew ? "dumped" : "unchanged", brought.size)
      tell(dump.notices, of: engine, subject, at: step.path)
    } catch {
      let cause: any HotsyncError
      switch error {
      case LeftOut.unreadable(let error): cause = error
      case let error as DatabaseError: cause = error
      case is LeftOut:
        cause = DatabaseError(
          .failed, "cannot dump", Provided.name(subject), cause: "it is longer than any file may be", next: "exclude it"
        )
      default: throw error
      }
      report("failed", 0)
      pusher.problems.append(Provided.failure(of: engine, subject, at: step.path, cause, keepsOld: step.old != nil))
    }
  }

  private func tell(
    _ notices: [String], of engine: any DatabaseEngine, _ subject: DumpSubject, at path: RelativePath
  ) {
    pusher.problems += notices.map {
      Problem(
        code: "dump_notice", path: ReportedPath(path), message: "\(engine.name), \(Provided.name(subject)): \($0)",
        nextStep: "nothing, if that is known", leftOut: false)
    }
  }
}

extension Provided {
  static func failure(
    of engine: any DatabaseEngine, _ subject: DumpSubject, at path: RelativePath, _ error: any HotsyncError,
    keepsOld: Bool
  ) -> Problem {
    Problem(
      code: "dump_failed", path: ReportedPath(path),
      message: "\(engine.name), \(name(subject)): \(error.operation) \(error.subject): \(error.cause)"
        + (keepsOld ? "; the slave keeps its last dump" : ""),
      nextStep: error.nextStep, leftOut: true)
  }
}
