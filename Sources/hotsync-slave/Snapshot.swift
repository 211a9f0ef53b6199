import ArgumentParser
import HotsyncCatalog
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct SnapshotVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Keep generations under names, whatever the schedule says.",
    subcommands: [Pin.self, Unpin.self, List.self])

  struct Pin: Verb {
    static let configuration = CommandConfiguration(abstract: "Keep a generation under a name.")

    @Argument(help: "The snapshot's name.")
    var name: String

    @Option(
      help: ArgumentHelp(
        "A number, latest, latest-N, another snapshot's name, or a time in UTC (\"2026-11-20 14:00\").",
        valueName: "generation"))
    var generation = "latest"

    @OptionGroup var chosen: ConnectionOption
    @OptionGroup var options: GlobalOptions

    func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
      let name = try SnapshotName(argument: name)
      let configuration = try machine.configuration()
      let connection = try machine.connection(in: configuration)
      // Read as long as it is named, so that no prune drops it between finding and naming it.
      let reading = try machine.pin(generation, of: connection, in: configuration)
      let kept = try machine.store(of: connection, in: configuration).pin(
        name, generation: reading.generation.number, now: Clocks.system.now())
      withExtendedLifetime(reading) {}
      return machine.console.present(
        SnapshotReport(connection: connection.name, name: name.text, change: .pinned(generation: kept.number)))
    }
  }

  struct Unpin: Verb {
    static let configuration = CommandConfiguration(abstract: "Let a snapshot go.")

    @Argument(help: "The snapshot's name.")
    var name: String

    @OptionGroup var chosen: ConnectionOption
    @OptionGroup var options: GlobalOptions

    func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
      let name = try SnapshotName(argument: name)
      let configuration = try machine.configuration()
      let connection = try machine.connection(in: configuration)
      try machine.store(of: connection, in: configuration).unpin(name)
      return machine.console.present(
        SnapshotReport(connection: connection.name, name: name.text, change: .unpinned))
    }
  }

  struct List: Verb {
    static let configuration = CommandConfiguration(abstract: "List the snapshots.")

    @OptionGroup var chosen: ConnectionOption
    @OptionGroup var options: GlobalOptions

    func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
      let configuration = try machine.configuration()
      var snapshots: [SnapshotsReport.Snapshot] = []
      for connection in try machine.connections(in: configuration) {
        let store = try machine.store(of: connection, in: configuration)
        let generations = try StatusOfStore(store).generations
        snapshots += try store.snapshots().map { snapshot in
          SnapshotsReport.Snapshot(
            connection: connection.name, name: snapshot.name.text, generation: snapshot.generation,
            time: generations.first { $0.number == snapshot.generation }?.time, pinned: snapshot.pinned,
            asked: snapshot.asked)
        }
      }
      return machine.console.present(SnapshotsReport(snapshots: snapshots))
    }
  }
}
