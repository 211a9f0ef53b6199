import ArgumentParser
import HotsyncCommand

@main
struct Hotsync: ParsableCommand, Executable {
  static let program = "hotsync"
  static let configuration = CommandConfiguration(
    commandName: program, abstract: "Keep a spare server ready: push this master's files to its slave.",
    version: Version.text,
    subcommands: [
      Sync.self, Status.self, Check.self, KeyCommand.self, TrustCommand.self, SnapshotCommand.self, Activate.self,
      Deactivate.self,
      ConfigCommand<Hotsync>.self, Apply.self, Guard.self, AlertCommand.self,
    ],
    defaultSubcommand: Sync.self)
}
