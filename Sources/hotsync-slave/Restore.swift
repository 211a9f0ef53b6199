import ArgumentParser
import HotsyncCatalog
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct RestoreVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Bring back files, metadata included, as DIR/<path on the master>.")

  @Argument(help: "Paths as on the master (/srv/x), each with all below it; none: everything.")
  var paths: [String] = []

  @Option(help: ArgumentHelp("The folder to restore into; made where it is missing.", valueName: "dir"))
  var to: String

  @Option(
    help: ArgumentHelp(
      "A number, latest, latest-N, a snapshot's name, or a time in UTC (\"2026-11-20 14:00\").", valueName: "generation"
    ))
  var generation = "latest"

  @Flag(help: "The dumps of the databases, too, under DIR/.hotsync/dumps.")
  var dumps = false

  @Flag(help: "What is known of the master, too, under DIR/.hotsync/facts.")
  var facts = false

  @Flag(help: "Replace files that are there.")
  var force = false

  @Flag(help: "Keep the master's user and group numbers.")
  var numericIds = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    var wanted = try paths.compactMap {
      try MasterPath.read($0, operation: "cannot restore", example: "hotsync-slave restore /srv/x --to DIR")
    }
    let isEverything = paths.isEmpty || wanted.count < paths.count
    if !isEverything { wanted += (dumps ? [ReservedPaths.dumps] : []) + (facts ? [ReservedPaths.facts] : []) }
    let configuration = try machine.configuration()
    let connection = try machine.connection(in: configuration)
    let pinned = try machine.pin(generation, of: connection, in: configuration)
    let progress = Progress(console: machine.console)
    progress.phase(
      "restore", totalFiles: isEverything ? pinned.generation.files : nil,
      totalBytes: isEverything ? pinned.generation.bytes : nil)
    var told: (files: UInt64, bytes: UInt64) = (0, 0)
    let restore = Restore(
      pinned,
      RestoreRequest(
        paths: isEverything ? [] : wanted, force: force, keepsNumbers: numericIds, takesDumps: dumps,
        takesFacts: facts),
      into: try RestoreVerb.target(to), accounts: try machine.accountsForRestore(),
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody
    ) { files, bytes in
      progress.advance(files: files - told.files, bytes: bytes - told.bytes)
      told = (files, bytes)
    }
    let result = try restore.run()
    progress.finish()
    return machine.console.present(RestoreVerb.report(result, of: connection.name))
  }

  private static func report(_ result: RestoreResult, of connection: String) -> RestoreReport {
    var report = RestoreReport(
      connection: connection, generation: result.generation, files: result.files, bytes: result.bytes,
      duration: result.elapsed)
    report.mappings = result.mapped.map {
      RestoreReport.Mapping(isUser: $0.kind == .user, name: $0.name, from: $0.from, to: $0.to)
    }
    report.damaged = result.damaged.map {
      VerifyReport.Damage(path: ReportedPath($0.path), generation: $0.generation, what: $0.what)
    }
    report.problems = result.notices.map {
      Problem(
        code: $0.code, path: $0.path.map { ReportedPath($0) }, message: $0.message, nextStep: $0.nextStep,
        leftOut: false)
    }
    return report
  }

  /// The folder on the command line, made where its parent is there.
  private static func target(_ path: String) throws(CommandError) -> Folder {
    do throws(SystemError) {
      do throws(SystemError) { return try Folder.open(path) } catch {
        let bytes = Array(path.utf8)
        let names = bytes.split(separator: UInt8(ascii: "/"))
        guard error.isMissing, let last = names.last, let name = FileName(last) else { throw error }
        let slash = bytes.first == UInt8(ascii: "/") ? "/" : "./"
        let parent = slash + names.dropLast().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
        return try Folder.open(parent).makeOrOpenFolder(name)
      }
    } catch {
      throw CommandError(
        .unwritable, "cannot restore into", shown(path.utf8.prefix(200)), cause: error.cause,
        next: "name a folder that can be written: --to DIR")
    }
  }
}
