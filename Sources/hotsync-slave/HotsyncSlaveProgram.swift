import ArgumentParser
import HotsyncCommand
import HotsyncReport
import HotsyncSystem

/// `hotsync-slave`: what the spare machine does. Arguments and wiring only.
@main
struct HotsyncSlaveProgram: ParsableCommand, Executable {
  static let program = "hotsync-slave"
  static let configuration = CommandConfiguration(
    commandName: program, abstract: "The spare machine's side of HotSync: keeps the master's files ready.",
    version: Version.text,
    subcommands: [
      MaintainVerb.self, ServeVerb.self, ApplyVerb.self, AuthorizeVerb.self, RevokeVerb.self, CheckVerb.self,
      StatusVerb.self,
      GenerationsVerb.self, HistoryVerb.self, RestoreVerb.self, SnapshotVerb.self, VerifyVerb.self, PruneVerb.self,
      RehearseVerb.self, SeedVerb.self,
      ConfigCommand<HotsyncSlaveProgram>.self,
    ],
    defaultSubcommand: MaintainVerb.self)
}

/// A verb that works on the stores of this machine.
protocol Verb: ParsableCommand {
  var options: GlobalOptions { get }
  var chosen: ConnectionOption { get }
  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode
}

extension Verb {
  func run() throws {
    try CommandWorld.run(HotsyncSlaveProgram.program, options) { world in
      try carryOut(on: try Machine(world, chosen.connection))
    }
  }
}
