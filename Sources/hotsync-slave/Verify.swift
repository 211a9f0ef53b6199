import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct VerifyVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare the store with its catalog, and say what is damaged.",
    discussion: """
      Reads a share of the files' bytes, and of the past's, that moves on with each run, or all of them with --full. All \
      stores of this machine, or that of the connection that is named.
      """)

  @Flag(help: "Read the bytes of every file.")
  var full = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    let connections = try machine.connections(in: configuration)
    var (files, bytes): (UInt64, UInt64) = (0, 0)
    var damaged: [VerifyReport.Damage] = []
    var failures: [ErrorReport] = []
    var newest: UInt64?
    for connection in connections {
      do throws(StoreError) {
        let result = try verify(connection, configuration, on: machine)
        files += result.filesChecked
        bytes += result.bytesChecked
        newest = connections.count == 1 ? result.newest : nil
        if let error = result.unnoted { failures.append(ErrorReport(error)) }
        damaged += result.damaged.map {
          VerifyReport.Damage(
            connection: connections.count > 1 ? connection.name : nil, path: ReportedPath($0.path),
            generation: $0.generation, what: $0.what)
        }
      } catch { failures.append(ErrorReport(error)) }
    }
    return machine.console.present(
      VerifyReport(filesChecked: files, bytesChecked: bytes, damaged: damaged, newest: newest, failures: failures))
  }

  private func verify(
    _ connection: ConnectionConfiguration, _ configuration: Configuration, on machine: Machine
  ) throws(StoreError) -> VerificationResult {
    let store = try machine.store(of: connection, in: configuration)
    let newest = (try? StatusOfStore(store))?.generations.last
    let progress = Progress(console: machine.console)
    progress.phase("verify", totalFiles: newest?.files, totalBytes: full ? newest?.bytes : nil)
    var told: (files: UInt64, bytes: UInt64) = (0, 0)
    let accounts = try StoreError.telling { () throws(SystemError) in try machine.accounts() }
    let verification = StoreVerification(
      store, share: full ? 1 : configuration.maintenance.verifyShare / 100, accounts: accounts,
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody
    ) { files, bytes in
      progress.advance(files: files - told.files, bytes: bytes - told.bytes)
      told = (files, bytes)
    }
    defer { progress.finish() }
    return try verification.run()
  }
}
