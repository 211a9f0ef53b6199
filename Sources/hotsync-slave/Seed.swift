import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncProtocol
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct SeedVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "seed",
    abstract: "Take files that are already here (a USB disk, an old copy) as base of the first cycle.",
    discussion: """
      DIR holds them as DIR/<path on the master>. They are cloned or copied into the empty store, and DIR is only read. \
      The master's first cycle then sends only what differs.
      """)

  @Option(help: ArgumentHelp("The folder with the files.", valueName: "dir"))
  var from: String

  @Flag(help: "Say what would be taken, and write nothing.")
  var dryRun = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    Environment.keepFilesPrivate()
    let configuration = try machine.configuration()
    let connection = try machine.connection(in: configuration)
    let store = try machine.store(of: connection, in: configuration)
    try store.requireNoGeneration()
    let folder = try SeedVerb.folder(from)
    try store.requireApart(from: folder)
    let progress = Progress(console: machine.console)
    defer { progress.finish() }
    let seeding = Seeding(folder, of: connection, accounts: try machine.accounts(), progress: progress)
    if dryRun { return machine.console.present(try seeding.look(key: store.key)) }
    let context = AgentContext(
      connection: connection.name, program: Version.number, deletionLimit: connection.maxDelete,
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody,
      takesDevices: connection.data.devices, takesTrustedAttributes: connection.data.trustedAttributes, isSeeding: true)
    let epoch = try EpochFile.read(below: machine.root)
    let agent = OwnAgent(context, store: store, epoch: epoch, accounts: try machine.accounts())
    let report = try agent.serve(silence: connection.silenceTimeout) { stream in
      try seeding.run(over: stream, place: Place(clones: SeedClones(store)), program: Version.number, epoch: epoch)
    }
    return machine.console.present(report)
  }

  private struct Place: SeedPlace {
    let clones: SeedClones
    func planFile() throws -> Descriptor { try clones.planFile() }
    func clone(_ file: borrowing Descriptor) throws -> Bool { try clones.clone(file) }
  }

  private static func folder(_ path: String) throws(CommandError) -> Folder {
    do throws(SystemError) { return try Folder.open(path) } catch {
      throw CommandError(
        error.isMissing ? .usage : .failed, "cannot read", "the folder \(shown(path.utf8.prefix(200)))",
        cause: error.cause,
        next: "name the folder that holds the files as DIR/<path on the master>: --from DIR")
    }
  }
}
