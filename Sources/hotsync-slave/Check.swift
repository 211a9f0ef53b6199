import ArgumentParser
import HotsyncCommand
import HotsyncReport
import HotsyncSlave

struct CheckVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Look at everything that the master's cycles need here, and change nothing.")

  @OptionGroup var place: AuthorizedKeysOption
  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    var report = CheckReport()
    for connection in try machine.connections(in: configuration) {
      report.connections.append(try machine.access(to: connection, configuration, place.authorizedKeys).check())
    }
    return machine.console.present(report)
  }
}
