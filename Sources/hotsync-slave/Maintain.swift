import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncDatabases
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct MaintainVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "maintain", abstract: "Do what a slave does every hour (the default).",
    discussion: "What the timer hotsync-slave.timer starts. Steps: hotsync-slave maintain --list.")

  @Option(help: ArgumentHelp("Only this step.", valueName: "step"))
  var only: String?

  @Flag(help: "List the steps, and do nothing.")
  var list = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    if list { return listSteps(machine.console) }
    let step = try only.map { text in try MaintainVerb.step(text) }
    return try MaintainVerb.run(on: machine) { try $0.run(only: step) }
  }

  /// Maintains the connections that are meant, and tells by mail what nobody watches.
  static func run(
    on machine: Machine, _ body: (Maintenance) throws -> MaintenanceReport.Connection
  ) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    var report = MaintenanceReport()
    for connection in try machine.connections(in: configuration) {
      let told = try maintain(connection, configuration, machine, body)
      report.connections.append(told)
      if !told.failures.contains(where: { $0.exitCode == .busy }) { machine.alerts(configuration).tell(told) }
    }
    return machine.console.present(report)
  }

  private static func maintain(
    _ connection: ConnectionConfiguration, _ configuration: Configuration, _ machine: Machine,
    _ body: (Maintenance) throws -> MaintenanceReport.Connection
  ) throws -> MaintenanceReport.Connection {
    guard configuration.isEnabled, connection.isEnabled else {
      return MaintenanceReport.Connection(
        name: connection.name, record: nil, readiness: nil, notice: "switched off: status is disabled")
    }
    do {
      let maintenance = try Maintenance(
        connection, configuration, root: machine.root, engines: Engines.loading(connection),
        accounts: try machine.accounts(), command: machine.command)
      return try body(maintenance)
    } catch let error as any HotsyncError {
      // What keeps one connection from being maintained keeps no other.
      return MaintenanceReport.Connection(
        name: connection.name, record: nil, readiness: nil, failures: [ErrorReport(error)])
    }
  }

  private static func step(_ text: String) throws -> MaintenanceStep {
    guard let step = MaintenanceStep(rawValue: text) else {
      throw CommandError(
        .usage, "cannot find", "the step \"\(shown(text.utf8.prefix(100)))\"",
        cause: "there are: \(MaintenanceStep.allCases.map(\.rawValue).joined(separator: ", "))",
        next: "hotsync-slave maintain --list tells what each does")
    }
    return step
  }

  private func listSteps(_ console: Console) -> HotsyncReport.ExitCode {
    if options.json {
      let steps = MaintenanceStep.allCases.map {
        JSONValue.object([("name", .string($0.rawValue)), ("summary", .string($0.summary))])
      }
      console.result(.object([("steps", .array(steps))]))
    } else {
      for step in MaintenanceStep.allCases {
        let blanks = String(repeating: " ", count: max(1, 14 - step.rawValue.count))
        console.result(step.rawValue + blanks + step.summary)
      }
    }
    return .done
  }
}

struct RehearseVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "rehearse",
    abstract: "Try a promotion's databases: load all dumps into private instances, count their rows.",
    discussion: "Nothing live is touched. What speaks against a promotion stands in hotsync-slave status then.")

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    try MaintainVerb.run(on: machine) { maintenance in
      _ = try maintenance.run(only: .databases, rehearses: true)
      return try maintenance.run(only: .readiness)
    }
  }
}
