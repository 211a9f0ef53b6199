import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct GenerationsVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "generations", abstract: "List what is kept, newest first.")

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    var generations: [GenerationsReport.Generation] = []
    for connection in try machine.connections(in: configuration) {
      let verified = try machine.store(of: connection, in: configuration).verified()
      // What keeps it is what the next prune would say.
      for fate in try machine.pruner(of: connection, in: configuration).preview().fates.reversed() {
        let generation = fate.generation
        generations.append(
          GenerationsReport.Generation(
            connection: connection.name, number: generation.number, time: generation.time, epoch: generation.epoch,
            files: generation.files, bytes: generation.bytes, changed: generation.changed,
            keptBy: fate.keptBy, verified: verified[generation.number],
            isSeed: generation.isSeed))
      }
    }
    return machine.console.present(GenerationsReport(generations: generations))
  }
}
