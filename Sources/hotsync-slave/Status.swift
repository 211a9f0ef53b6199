import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncProtocol
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct StatusVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how old the copy is and what the store holds.")

  @Flag(help: "One line and an exit code for Nagios.")
  var nagios = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    let epoch = try EpochFile.read(below: machine.root)
    var connections: [SlaveStatusReport.Connection] = []
    for connection in try machine.connections(in: configuration) {
      var told = SlaveStatusReport.Connection(name: connection.name)
      told.epoch = epoch.number
      told.fenced = false
      do throws(StoreError) {
        fill(&told, try StatusOfStore(try machine.store(of: connection, in: configuration)))
      } catch {
        told.ready = false
        told.blockers = [
          Blocker(
            code: "store", message: "\(error.operation) \(error.subject): \(error.cause)", nextStep: error.nextStep)
        ]
      }
      try fill(&told, from: machine.root)
      connections.append(told)
    }
    let report = SlaveStatusReport(role: configuration.role.rawValue, connections: connections)
    guard nagios else { return machine.console.present(report) }
    let line = NagiosLine(report)
    machine.console.result(line.text)
    throw ArgumentParser.ExitCode(line.code)
  }

  /// What the last maintenance wrote down; what the store says now counts more.
  private func fill(_ told: inout SlaveStatusReport.Connection, from root: borrowing Folder) throws {
    if let mark = try PromotionMark.read(told.name, below: root) {
      told.ready = false
      told.blockers.append(
        Blocker(
          code: "promoted", message: "this machine was promoted at \(mark.since.rfc3339), and takes no cycles any more",
          nextStep: "hotsync-promote --report; it is the production machine until hotsync-promote --rollback"))
    }
    if let record = try MaintenanceRecord.read(told.name, below: root) {
      told.lastMaintenance = SlaveStatusReport.Maintenance(time: record.moment, result: record.result.rawValue)
    }
    guard let readiness = try ReadinessRecord.read(told.name, below: root) else { return }
    told.estimate = readiness.estimatedSeconds.map { .milliseconds(Int64($0 * 1_000)) }
    let codes = Set(told.blockers.map(\.code) + StatusVerb.seenNow)
    told.blockers += readiness.blockers.filter { !codes.contains($0.code) }
    told.ready = told.ready ?? true && told.blockers.isEmpty
  }

  /// What a look at the store answers better than what maintenance wrote down.
  private static let seenNow = ["generation", "seed", "space", "damaged"]

  private func fill(_ told: inout SlaveStatusReport.Connection, _ store: StatusOfStore) {
    let now = Clocks.system.now()
    told.lastSync = store.lastSync.map {
      SlaveStatusReport.Sync(generation: $0.generation, time: $0.time, age: max(.zero, now.since($0.time)))
    }
    told.generations = UInt64(store.generations.count)
    // Of the newest generation: what history takes beside it would have to be walked.
    told.storeBytes = store.generations.last?.bytes ?? 0
    told.freeBytes = store.freeBytes
    told.lost = UInt64(store.lost)
    if store.isFull {
      told.ready = false
      told.blockers.append(
        Blocker(
          code: "space", message: "the store's file system is full: the next cycle cannot be taken",
          nextStep: "make room there (df -h), or keep fewer generations: hotsync-slave prune --dry-run"))
    }
    if let seed = store.seed {
      told.seed = (seed.number, seed.time)
      told.ready = false
      told.blockers.append(
        Blocker(
          code: "seed", message: "the store holds a seed and no copy of the living master: no cycle has come yet",
          nextStep: "on the master: hotsync sync, which sends what differs"))
    }
    guard store.damaged > 0 else { return }
    told.ready = false
    told.blockers.append(
      Blocker(
        code: "damaged", message: "\(store.damaged) entries of the mirror are damaged or missing",
        nextStep: "on the master: hotsync sync, which sends them again"))
  }
}
