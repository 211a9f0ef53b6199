import ArgumentParser
import HotsyncCatalog
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncReport
import HotsyncSystem

struct Sync: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run one cycle for each enabled connection (the default).")

  @Argument(help: "The connections; without any, all that are enabled.")
  var names: [String] = []

  @Flag(help: "Say what would be sent and deleted, and write nothing on either side.")
  var dryRun = false

  @Flag(help: "Read and digest every file again, and trust no catalog.")
  var full = false

  @Flag(help: "This once, accept more deletions than max_delete, and what a removed include leaves behind.")
  var acceptDeletes = false

  @Flag(help: "This master's state is older than what the slave holds, or lost, and that is meant.")
  var adopt = false

  @Flag(help: "Give up when the line to the slave is lost, and leave the rest to the next cycle.")
  var noRetry = false

  @Option(help: ArgumentHelp("Have the slave keep the generation under this name.", valueName: "name"))
  var snapshot: String?

  @Option(help: ArgumentHelp("Another way to name a connection.", valueName: "name"))
  var connection: [String] = []

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let configuration = try world.configuration()
      let chosen = try world.connections(names + connection, of: configuration)
      let cycle = CycleOptions(
        isDryRun: dryRun, isFull: full, acceptsDeletions: acceptDeletes, adopts: adopt, reconnects: !noRetry,
        snapshot: try snapshot.map { text in try SnapshotName(argument: text) })
      var report = SyncReport()
      for connection in chosen {
        let came = try Sync.run(connection, configuration, cycle, world)
        report.connections.append(came)
        RunAlerts(world, configuration).tell(came)
      }
      return world.console.present(report)
    }
  }

  static func run(
    _ connection: ConnectionConfiguration, _ configuration: Configuration, _ options: CycleOptions,
    _ world: CommandWorld
  ) throws -> ConnectionReport {
    guard configuration.isEnabled else { return ConnectionReport(connection: connection.name, result: .disabled) }
    guard connection.role == .master else {
      var report = ConnectionReport(connection: connection.name)
      report.fail(
        CommandError(
          .refused, "cannot run", "a cycle of \"\(connection.name)\"",
          cause: "this machine's role in it is \(connection.role.rawValue), and only a master pushes",
          next: "on the master: hotsync sync; to change the role here: hotsync config set role master"))
      return report
    }
    let progress = Progress(console: world.console)
    defer { progress.finish() }
    return Cycle(
      connection, root: try world.openRoot(), options: options, progress: progress, program: Version.number,
      log: world.console.logger()
    ).run()
  }
}
