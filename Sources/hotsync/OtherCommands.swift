import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncReport
import HotsyncSystem

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how old the slave's copy is, and what the last cycle did.")

  @Flag(help: "One line and an exit code for Nagios.")
  var nagios = false

  @OptionGroup var connection: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let configuration = try world.configuration()
      let chosen = try world.connections(connection.connection.map { [$0] } ?? [], of: configuration)
      let report = try MasterStatus.report(
        configuration, chosen.filter { $0.role == .master }, root: try world.openRoot(), now: Clocks.system.now())
      guard nagios else { return world.console.present(report) }
      let line = NagiosLine(report)
      world.console.result(line.text)
      throw ArgumentParser.ExitCode(line.code)
    }
  }
}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Try everything that a cycle needs, and change nothing.")

  @Argument(help: "The connections; without any, all.")
  var names: [String] = []

  @Option(help: ArgumentHelp("Another way to name a connection.", valueName: "name"))
  var connection: [String] = []

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let configuration = try world.configuration()
      let chosen = try world.connections(names + connection, of: configuration)
      var report = CheckReport()
      for connection in chosen {
        report.connections.append(
          Cycle(
            connection, root: try world.openRoot(), options: CycleOptions(), progress: Progress(console: world.console),
            program: Version.number, log: world.console.logger()
          ).check())
      }
      return world.console.present(report)
    }
  }
}

struct Activate: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Switch a connection on.")

  @Argument(help: "The connection.")
  var name: String

  @OptionGroup var options: GlobalOptions

  func run() throws { try Switching.set(name, isEnabled: true, options) }
}

struct Deactivate: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Switch a connection off.")

  @Argument(help: "The connection.")
  var name: String

  @OptionGroup var options: GlobalOptions

  func run() throws { try Switching.set(name, isEnabled: false, options) }
}

enum Switching {
  static func set(_ name: String, isEnabled: Bool, _ options: GlobalOptions) throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      _ = try world.connection(name, of: try world.configuration())
      _ = try ConfigurationEditor(root: world.root).setStatus(of: name, isEnabled: isEnabled)
      _ = try Timers.match(try world.configuration(), below: try world.openRoot())
      let status = isEnabled ? "enabled" : "disabled"
      if options.json {
        world.console.result(.object([("connection", .string(name)), ("status", .string(status))]))
      } else if !options.quiet {
        world.console.result("\(name): \(status)")
      }
      return .done
    }
  }
}

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Make the system match the configuration.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let configuration = try world.configuration()
      var report = ApplyReport()
      report.changed = try MachineFolders.make(below: try world.openRoot())
      report.changed += try Timers.match(configuration, below: try world.openRoot())
      report.changed += try GuardUnits.apply(
        try world.openRoot(), isMaster: configuration.connections.contains { $0.role == .master })
      return world.console.present(report)
    }
  }
}
