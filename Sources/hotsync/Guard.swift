import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncReport
import HotsyncSystem

struct Guard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask the peers whether another machine is the master now; if so, stop serving.",
    discussion: "What hotsync-guard runs at boot and every minute.")

  @Flag(help: "At boot, after the network is up: guard.alone decides where nobody answers.")
  var boot = false

  @Flag(help: "At boot, before addresses come up: ask only the wire whether somebody has them.")
  var link = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if boot, link { throw ValidationError("--boot and --link are two moments of one boot") }
  }

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let machine = try MachineGuard(
        try world.configuration(), root: try world.openRoot(), at: link ? .link : boot ? .boot : .running,
        progress: Progress(console: world.console), program: Version.number, log: world.console.logger())
      return world.console.present(try machine.run())
    }
  }
}
