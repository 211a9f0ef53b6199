public import HotsyncCatalog
import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
public import HotsyncReport
import HotsyncSystem

extension SlaveLine {
  /// All that the slave has.
  fileprivate func snapshots() throws -> [ListedSnapshot] {
    try send(.listSnapshots)
    try flush()
    guard case .snapshots(let list) = try next() else {
      throw ProtocolError.malformed("another answer than its list of snapshots", handshakeDone: true)
    }
    return list
  }
}

// MARK: - The snapshot that a cycle makes

extension Cycle {
  /// A name that cannot be had is told before anything is sent. Nobody but the slave decides: it is asked again.
  ///
  /// - Parameter generation: the one that may have the name already.
  func checkSnapshot(_ line: SlaveLine, of generation: UInt64) throws {
    guard let name = options.snapshot else { return }
    let list = try line.snapshots()
    let cause: String
    if let old = list.first(where: { $0.name == name }) {
      guard old.generation != generation else { return }
      cause =
        "that name is generation \(old.generation)'s" + (old.time.map { " of \($0.rfc3339)" } ?? "")
        + ", and a snapshot never moves"
    } else if list.count >= Limits.snapshotsOfMaster {
      cause = "the slave has \(list.count), and a master makes no more"
    } else {
      return
    }
    throw MasterError(
      .refused, "cannot make", "the snapshot \"\(name)\"", cause: cause,
      next: "take another name, or on the slave: hotsync-slave snapshot unpin NAME")
  }

  /// Has the slave keep the generation that the cycle came to. From here on the cycle stands, whatever becomes of the
  /// snapshot.
  func pinSnapshot(_ line: SlaveLine, _ generation: UInt64) throws {
    guard let name = options.snapshot else { return }
    report.snapshot?.generation = generation
    crashPoint("before-pin")
    try line.send(.pin(name, generation: generation))
    try line.flush()
    guard case .pinned(generation) = try line.next() else {
      throw ProtocolError.malformed("it pinned another generation", handshakeDone: true)
    }
    report.snapshot?.isPinned = true
  }

  /// The same over a new line, where the answer was lost with the old one. A further cycle would name another generation.
  func pinSnapshotAgain(_ generation: UInt64, _ record: MasterRecord?) throws {
    let (line, welcome, _) = try connect(.cycle, record)
    defer {
      line.end()
      note(line)
    }
    reconnection.greeted(at: clocks.elapsed())
    try checkStore(record, welcome)
    guard welcome.position == record?.current.position else {
      throw MasterError(
        .failed, "cannot pin", "generation \(generation)", cause: "it is not the slave's newest any more",
        next: "on the slave: hotsync-slave snapshot pin \(options.snapshot?.text ?? "NAME") --generation \(generation)")
    }
    try pinSnapshot(line, generation)
    line.close(inStep: report.result != .incomplete)
  }

  /// Ends the cycle with an error, unless all that is missing is its snapshot.
  func settle(_ error: any Error) throws {
    guard report.snapshot?.generation != nil else { throw error }
    report.snapshot?.failure = ErrorReport(error)
  }
}

// MARK: - Without a cycle

extension Cycle {
  /// What the slave has.
  public func listSnapshots() throws -> SnapshotsReport {
    let list = try asking(.look) { line in try line.snapshots() }
    return SnapshotsReport(
      snapshots: list.map {
        SnapshotsReport.Snapshot(
          connection: connection.name, name: $0.name.text, generation: $0.generation, time: $0.time, pinned: $0.pinned,
          asked: $0.asked)
      })
  }

  /// Asks the slave to let a snapshot go: it notes that.
  public func askToUnpin(_ name: SnapshotName) throws -> SnapshotReport {
    let time = try asking(.snapshots) { line in
      try line.send(.askToUnpin(name))
      try line.flush()
      guard case .asked(let time) = try line.next() else {
        throw ProtocolError.malformed("another answer than that it notes it", handshakeDone: true)
      }
      return time
    }
    return SnapshotReport(connection: connection.name, name: name.text, change: .asked(time))
  }

  private func asking<Answer>(_ purpose: Hello.Purpose, _ body: (SlaveLine) throws -> Answer) throws -> Answer {
    let record = try ObservedState(connection: connection.name, root: root).record()
    let (line, welcome, _) = try connect(purpose, record)
    defer { line.end() }
    try checkStore(record, welcome)
    let answer = try body(line)
    line.close(inStep: false)
    return answer
  }
}
