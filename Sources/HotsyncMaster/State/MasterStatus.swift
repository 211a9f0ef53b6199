public import HotsyncConfig
import HotsyncProtocol
public import HotsyncReport
public import HotsyncSystem

/// What the master knows without asking anybody: how old the copy is, and what the last cycle did.
public enum MasterStatus {
  public static func report(
    _ configuration: Configuration, _ connections: [ConnectionConfiguration], root: borrowing Folder, now: Timestamp
  ) throws -> MasterStatusReport {
    var report = MasterStatusReport(role: configuration.role.rawValue, connections: [])
    let fence = try Fence.read(below: root)
    report.fence = fence.map {
      MasterStatusReport.Fence(since: $0.since, cause: $0.cause, epoch: $0.epoch, connection: $0.connection)
    }
    for connection in connections {
      let isEnabled = configuration.isEnabled && connection.isEnabled
      var entry = MasterStatusReport.Connection(
        name: connection.name, status: isEnabled ? "enabled" : "disabled", transport: connection.transport.rawValue)
      // The fence is the whole machine's.
      if fence != nil { entry.fenced = true }
      if isEnabled { entry.nextRun = NextRun.moment(of: connection.schedule, after: now) }
      if let record = try ObservedState(connection: connection.name, root: root).record() {
        entry.fenced = fence != nil
        entry.age = record.inStep.map { max(.zero, now.since($0)) }
        entry.lastCycle = record.lastCycle.flatMap { last in
          CycleResult(rawValue: last.result).map {
            MasterStatusReport.Cycle(
              result: $0, generation: record.current.position.generation, time: last.time,
              duration: .milliseconds(Int64(clamping: last.milliseconds)),
              failure: last.failure.map {
                MasterStatusReport.Failure(what: $0.what, cause: $0.cause, nextStep: $0.nextStep)
              })
          }
        }
      }
      if let readiness = try ReadinessRecord.read(connection.name, below: root) {
        entry.slaveReady = readiness.isReady
        entry.blockers = readiness.blockers
      }
      report.connections.append(entry)
    }
    return report
  }
}
