import ArgumentParser
import HotsyncCommand
import HotsyncPromote
import HotsyncReport
import HotsyncSystem

/// Runs the events after a restored data set once more.
struct PostRestore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "post-restore", abstract: "Run the hooks of post-restore.d (again).")

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func run() throws {
    try CommandWorld.run(HotsyncPromoteProgram.program, options) { world in
      let place = try Place(world, chosen.connection)
      let promotion = place.promotion(PromotionOptions(), TerminalOperator(isQuiet: options.quiet), progress: nil)
      return world.console.present(try promotion.runEvents())
    }
  }
}
