import ArgumentParser
import HotsyncCatalog
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncReport
import HotsyncSystem

struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Have the slave keep generations under names.",
    subcommands: [Create.self, List.self, Delete.self])

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a cycle whose generation is kept under a name.",
      discussion: "With the options of a cycle: hotsync sync --snapshot NAME.")

    @Argument(help: "The snapshot's name.")
    var name: String

    @OptionGroup var chosen: ConnectionOption
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try SnapshotCommand.run(options, chosen) { world, connection, configuration in
        let cycle = CycleOptions(snapshot: try SnapshotName(argument: name))
        return world.console.present(
          SyncReport(connections: [try Sync.run(connection, configuration, cycle, world)]))
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the slave's snapshots.")

    @OptionGroup var chosen: ConnectionOption
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try SnapshotCommand.run(options, chosen) { world, connection, _ in
        world.console.present(try SnapshotCommand.slave(of: connection, world).listSnapshots())
      }
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask the slave to let a snapshot go, which it does once its keep_within has passed.")

    @Argument(help: "The snapshot's name.")
    var name: String

    @OptionGroup var chosen: ConnectionOption
    @OptionGroup var options: GlobalOptions

    func run() throws {
      try SnapshotCommand.run(options, chosen) { world, connection, _ in
        let name = try SnapshotName(argument: name)
        return world.console.present(try SnapshotCommand.slave(of: connection, world).askToUnpin(name))
      }
    }
  }

  private static func run(
    _ options: GlobalOptions, _ chosen: ConnectionOption,
    _ body: (CommandWorld, ConnectionConfiguration, Configuration) throws -> HotsyncReport.ExitCode
  ) throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let configuration = try world.configuration()
      let connection = try world.connection(chosen.connection, of: configuration)
      guard connection.role == .master else {
        throw CommandError(
          .refused, "cannot act as master in", "the connection \"\(connection.name)\"",
          cause: "this machine is configured as its slave",
          next: "here: hotsync-slave snapshot list; on the master: hotsync snapshot list")
      }
      // A cycle that did not run is no failure; a snapshot that is not there when one counts on it is.
      guard configuration.isEnabled, connection.isEnabled else {
        throw CommandError(
          .refused, "cannot ask", "the slave of \"\(connection.name)\"", cause: "the connection is disabled",
          next: configuration.isEnabled
            ? world.command("hotsync activate \(connection.name)") : world.command("hotsync config set status enabled"))
      }
      return try body(world, connection, configuration)
    }
  }

  private static func slave(of connection: ConnectionConfiguration, _ world: CommandWorld) throws -> Cycle {
    Cycle(
      connection, root: try world.openRoot(), options: CycleOptions(), progress: Progress(console: world.console),
      program: Version.number, log: world.console.logger())
  }
}
