import ArgumentParser
import HotsyncCommand

/// `hotsync-promote`: makes the spare machine the production machine. Arguments and wiring only.
@main
struct HotsyncPromoteProgram: ParsableCommand, Executable {
  static let program = "hotsync-promote"
  static let configuration = CommandConfiguration(
    commandName: program, abstract: "Make this slave the production machine, at its console.",
    discussion: """
      hotsync-promote --check shows what would happen, and whether it may; --rollback takes a promotion back; --report tells \
      what came of it. All options: hotsync-promote promote --help
      """, version: Version.text,
    subcommands: [Promote.self, PostRestore.self], defaultSubcommand: Promote.self)
}
