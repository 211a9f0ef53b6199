import ArgumentParser
import HotsyncCommand
import HotsyncMaster
import HotsyncReport
import HotsyncSystem

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make, show and renew the key by which this master logs in to a slave.",
    subcommands: [Generate.self, Show.self, Rotate.self])

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make the connection's Ed25519 key pair.")

    @Argument(help: "The connection.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() throws { try KeyCommand.run(name, options) { world, key in world.console.present(try key.generate()) } }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the key's public half.")

    @Argument(help: "The connection.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try KeyCommand.run(name, options) { world, key in
        let report = try key.show()
        if options.json { return world.console.present(report) }
        // Alone on standard output, so that it can be led through a pipe to the slave.
        world.console.result(report.publicKey)
        report.steps.forEach(world.console.note)
        return .done
      }
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a second key, which replaces the first once the slave has it.")

    @Argument(help: "The connection.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() throws { try KeyCommand.run(name, options) { world, key in world.console.present(try key.rotate()) } }
  }

  private static func run(
    _ name: String, _ options: GlobalOptions,
    _ body: (CommandWorld, borrowing ConnectionKey) throws -> HotsyncReport.ExitCode
  ) throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let connection = try world.connection(name, of: try world.configuration())
      return try body(
        world, ConnectionKey(connection, root: try world.openRoot(), rootPath: try world.rootPath()))
    }
  }
}
