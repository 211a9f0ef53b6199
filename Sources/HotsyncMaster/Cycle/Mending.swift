import HotsyncCatalog
import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import Logging

/// The exchange with the slave, again from its greeting where the line was lost, until the next cycle is due.
extension Cycle {
  func exchangeMending(
    _ state: MasterState, _ record: inout MasterRecord?, since start: Duration
  ) throws {
    let includes = try Includes.gather(connection, live: root, variables: hookVariables)
    let told = report.problems
    var random = SystemRandomNumberGenerator()
    var due: Duration?
    while true {
      do {
        if let generation = report.snapshot?.generation { return try pinSnapshotAgain(generation, record) }
        return try exchange(state, &record, includes)
      } catch {
        guard options.reconnects, let lost = error as? any HotsyncError else { return try settle(error) }
        let decision = reconnection.ended(
          with: lost.kind, at: clocks.elapsed(),
          deadline: {
            due = due ?? nextIsDue(start)
            return due ?? start
          }, using: &random)
        switch decision {
        case .giveUp: return try settle(error)
        case .nextIsDue:
          log.notice("\(connection.name): no further try: the next cycle is due")
          return try settle(error)
        case .tryAgain(let pause):
          // What a cycle that stands had to tell stays told.
          if report.snapshot?.generation == nil { report.problems = told + attempts.keptNotices }
          wait(pause, after: lost)
        }
      }
    }
  }

  private func wait(_ pause: Duration, after lost: any HotsyncError) {
    progress.finish()
    let tenths = pause / .milliseconds(100)
    log.warning(
      "\(connection.name): \(lost.operation) \(lost.subject): \(lost.cause); the next try comes in \(tenths.rounded() / 10) s"
    )
    try? phase("reconnect") { Worker.pause(pause) }
  }

  /// However far away the next cycle is: others wait for this one's end.
  private static let longestMending = Duration.seconds(3_600)

  /// When the next cycle is due, on the clock that only passes: a minute after the start of this one at the earliest.
  private func nextIsDue(_ start: Duration) -> Duration {
    let began = report.started ?? clocks.now()
    let next = NextRun.moment(of: connection.schedule, after: began)
    let wait = next?.since(began) ?? NextRun.unknown
    return start + min(max(wait, .seconds(60)), Cycle.longestMending)
  }

  /// One attempt, from the greeting on.
  private func exchange(_ state: MasterState, _ record: inout MasterRecord?, _ includes: Includes) throws {
    walkEarly(includes, record, state)
    defer { earlyWalk = nil }
    let (line, welcome, key) = try connect(.cycle, record)
    defer {
      line.end()
      note(line)
    }
    if reconnection.isLost { log.notice("\(connection.name): the slave answers again") }
    reconnection.greeted(at: clocks.elapsed())
    try checkStore(record, welcome)
    try checkSnapshot(line, of: welcome.position.generation)
    var base = try BaseCatalog.find(welcome, key: key, record: record, state: state, line: line)
    let isSameStore = record?.store == welcome.store
    recognise(welcome, isSameStore, state)
    var known = MasterRecord(store: welcome.store, key: key)
    known.roots = isSameStore ? record?.roots ?? [] : []
    known.inStep = record?.inStep
    known.lastCycle = record?.lastCycle
    known.current = base.known
    // Also where it fails from here on: a commit whose answer was lost stays pending.
    defer { record = known }
    if known != record { try state.save(known) }
    let greeted = known
    let provided = try provide(state, includes)
    let scanned: Scanned
    do {
      scanned = try scan(
        base, includes, known.roots, spool: PlanSpool(try state.unnamedFile()), line: line, damaged: welcome.damaged,
        isSeed: welcome.isSeed, provided: provided)
    } catch let error as CatalogError where error.kind == .damaged {
      log.warning("\(connection.name): \(error); the slave is asked for its catalog")
      base = try BaseCatalog.fetch(welcome.position, key: key, stampsFrom: nil, state: state, line: line)
      known.current = base.known
      try state.save(known)
      scanned = try scan(
        base, includes, known.roots, spool: PlanSpool(try state.unnamedFile()), line: line, damaged: welcome.damaged,
        isSeed: welcome.isSeed, provided: provided)
    }
    if scanned.totals.steps > 0 || !scanned.provided.steps.isEmpty {
      try push(scanned, base, welcome, key, state, &known, line)
    } else {
      report.generation = base.known.position.generation
    }
    known.roots = scanned.roots
    conclude(scanned)
    let isInStep = report.result != .incomplete
    // The time goes with what `remember` saves, whatever happens next: a cycle that changed nothing flushes once.
    if known != greeted { try state.save(known) }
    if isInStep { known.inStep = clocks.now() }
    state.removeSegments(except: known.current.segments)
    try pinSnapshot(line, known.current.position.generation)
    line.close(inStep: isInStep)
  }

  /// A commit of this run whose answer was lost came to be where the slave stands at its position.
  private func recognise(_ welcome: Welcome, _ isSameStore: Bool, _ state: MasterState) {
    guard let asked = attempts.asked else { return }
    attempts.asked = nil
    report.isCommitAsked = false
    guard isSameStore, welcome.position == asked.position else { return }
    attempts.keep(asked)
    report.problems += asked.notices ?? []
    report.note(attempts.counts(with: PushCounts()))
    report.result = .committed
    report.generation = asked.position.generation
    for digest in asked.obsoleteMaps { state.removeMap(of: digest) }
  }
}
