import HotsyncCatalog
public import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
public import HotsyncReport
public import HotsyncSystem
import HotsyncTransport
public import Logging

/// One run for one connection: scan, plan, push, commit. Each phase is a function with its name.
public final class Cycle {
  let connection: ConnectionConfiguration
  let root: Folder
  let options: CycleOptions
  let progress: Progress
  let clocks: Clocks
  let program: String
  let agentVariables: [String: String]
  let log: Logger
  var report: ConnectionReport
  var reconnection = Reconnection()
  var attempts = Attempts()
  var earlyWalk: EarlyWalk?
  /// Dumps and facts, from the first attempt that came to them.
  var provided: Provided?
  /// A slave has taken us in this run.
  var hasGreeted = false
  /// What a slave says of its epoch, where that is not ours.
  var higherEpoch: UInt64?

  /// - Parameters:
  ///   - root: the live root, which configuration, state and hooks lie below.
  ///   - program: this program's version, told to the other side.
  ///   - agentVariables: added to the environment of an embedded agent; tests plant faults by them.
  public init(
    _ connection: ConnectionConfiguration, root: consuming Folder, options: CycleOptions, progress: Progress,
    program: String, log: Logger, clocks: Clocks = .system, agentVariables: [String: String] = [:]
  ) {
    self.log = log
    self.connection = connection
    self.root = root
    self.options = options
    self.progress = progress
    self.program = program
    self.clocks = clocks
    self.agentVariables = agentVariables
    report = ConnectionReport(connection: connection.name, started: clocks.now())
    report.snapshot = options.snapshot.map { SnapshotOutcome(name: $0.text) }
  }

  /// Runs the cycle; what went wrong stands in the report.
  public func run() -> ConnectionReport {
    let start = clocks.elapsed()
    guard connection.isEnabled else {
      report.result = .disabled
      return report
    }
    do {
      try requireNoFence()
      if options.isDryRun { try look() } else { try cycle(start) }
    } catch {
      putFenceUp(after: error)
      report.fail(error)
    }
    report.duration = clocks.elapsed() - start
    return report
  }

  /// Times a phase and puts it into the report.
  func phase<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    log.debug("\(connection.name): \(name) begins")
    let start = clocks.elapsed()
    defer {
      let duration = clocks.elapsed() - start
      // A phase that is run again counts as one.
      let before = report.phases.filter { $0.name == name }.reduce(Duration.zero) { $0 + $1.duration }
      report.phases.removeAll { $0.name == name }
      report.phases.append(ConnectionReport.Phase(name: name, duration: before + duration))
      log.debug("\(connection.name): \(name) took \(duration)")
    }
    return try body()
  }

  // MARK: A real cycle

  private func cycle(_ start: Duration) throws {
    let state = try MasterState(connection: connection.name, root: root)
    var record = try state.record()
    do {
      try runHooks("pre-sync", stopsAtFailure: true)
      try exchangeMending(state, &record, since: start)
    } catch {
      let kind = (error as? any HotsyncError)?.kind
      try? remember(
        state, &record, result: kind == .refused || kind == .fenced ? "refused" : "failed", start,
        (error as? any HotsyncError).map { MasterRecord.LastCycle.Failure($0) })
      throw error
    }
    try remember(state, &record, result: report.result.rawValue, start)
    // What was committed stays committed, whatever is wrong with a hook after it.
    do { try runHooks("post-sync", stopsAtFailure: false) } catch {
      report.problems.append(Problem(ErrorReport(error)))
    }
  }

  private func remember(
    _ state: MasterState, _ record: inout MasterRecord?, result: String, _ start: Duration,
    _ failure: MasterRecord.LastCycle.Failure? = nil
  ) throws {
    guard record != nil else { return }
    let passed = clocks.elapsed() - start
    record?.lastCycle = MasterRecord.LastCycle(
      result: result, time: clocks.now(), milliseconds: UInt64(max(0, passed / .milliseconds(1))),
      failure: failure)
    if let record { try state.save(record) }
  }

  /// A store that this master never wrote to may be an empty folder where a disk should be mounted.
  func checkStore(_ record: MasterRecord?, _ welcome: Welcome) throws {
    guard let record, record.current.position.generation > 0, record.store != welcome.store, !options.adopts else {
      return
    }
    throw MasterError(
      .refused, "cannot go on with", "the cycle",
      cause: "the slave's store is another than the one of the last cycle: perhaps its disk is not mounted there",
      next: "mount it on the slave; if the store is meant to be a new one: hotsync sync --adopt")
  }

  func conclude(_ scanned: Scanned) {
    report.files.total = scanned.totals.files
    report.bytes.total = scanned.totals.bytes
    report.files.skipped = UInt64(report.problems.count { $0.path != nil })
    if report.problems.contains(where: \.leftOut) { report.result = .incomplete }
  }

  func note(_ line: SlaveLine) {
    report.problems += attempts.take(line)
    report.bytes.wireSent += line.bytesSent
    report.bytes.wireReceived += line.bytesReceived
  }

  // MARK: Hooks

  var hookVariables: [String: String] {
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
        throw MasterError(
          .failed, "cannot run", "/etc/hotsync/\(name).d/\(outcome.name)", cause: outcome.cause, next: next)
      }
      report.problems.append(
        Problem(
          code: "hook_failed", message: "/etc/hotsync/\(name).d/\(outcome.name): \(outcome.cause)", nextStep: next,
          leftOut: false))
    }
  }
}
