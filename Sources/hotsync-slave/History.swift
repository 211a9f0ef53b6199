import ArgumentParser
import HotsyncCommand
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct HistoryVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "List every kept version of one path, newest first.",
    discussion: "To bring one back: hotsync-slave restore PATH --generation NUMBER --to DIR.")

  @Argument(help: "The path as on the master: /srv/x.")
  var path: String

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let example = "hotsync-slave history /srv/x"
    guard let wanted = try MasterPath.read(path, operation: "cannot tell the history of", example: example) else {
      throw CommandError(
        .usage, "cannot tell the history of", "/", cause: "it is in every generation and has no versions",
        next: "name a file or a folder: \(example)")
    }
    let configuration = try machine.configuration()
    let connection = try machine.connection(in: configuration)
    var history = PathHistory(try machine.pin("latest", of: connection, in: configuration))
    let versions = try history.versions(of: wanted).map {
      HistoryReport.Version(
        generation: $0.generation, time: $0.time, kind: $0.kind.rawValue, size: $0.size, mode: $0.mode,
        digest: $0.digest)
    }
    return machine.console.present(HistoryReport(path: ReportedPath(wanted), versions: versions))
  }
}
