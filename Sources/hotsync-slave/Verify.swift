import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct VerifyVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare the store with its catalog, and say what is damaged.",
    discussion: "Reads a share of the files' bytes that moves on with each run, or all of them with --full.")

  @Flag(help: "Read the bytes of every file.")
  var full = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    let connection = try machine.connection(in: configuration)
    let store = try machine.store(of: connection, in: configuration)
    let newest = try StatusOfStore(store).generations.last
    let progress = Progress(console: machine.console)
    progress.phase("verify", totalFiles: newest?.files, totalBytes: full ? newest?.bytes : nil)
    var told: (files: UInt64, bytes: UInt64) = (0, 0)
    let verification = StoreVerification(
      store, share: full ? 1 : configuration.maintenance.verifyShare / 100, accounts: try machine.accounts(),
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody
    ) { files, bytes in
      progress.advance(files: files - told.files, bytes: bytes - told.bytes)
      told = (files, bytes)
    }
    let result = try verification.run()
    progress.finish()
    return machine.console.present(
      VerifyReport(
        filesChecked: result.filesChecked, bytesChecked: result.bytesChecked,
        damaged: result.damaged.map {
          VerifyReport.Damage(path: ReportedPath($0.path), generation: $0.generation, what: $0.what)
        }))
  }
}
