import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncMaster
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct ApplyVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make this machine match its configuration: folders, modes, stores.")

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    var report = ApplyReport()
    report.changed = try MachineFolders.make(below: machine.root)
    report.changed += try GuardUnits.apply(
      machine.root, isMaster: configuration.connections.contains { $0.role == .master })
    let slaves = configuration.connections.filter { $0.role == .slave }
    if !slaves.isEmpty { try ApplyVerb.makeParents(of: configuration.store, below: machine.root) }
    for connection in slaves {
      report.changed += try Store.create(connection: connection.name, root: machine.root, path: configuration.store)
      report.stores.append(try ApplyVerb.place(of: connection.name, configuration.store, below: machine.root))
      if connection.transport != .local, !(try machine.access(to: connection, configuration).hasKey()) {
        report.next.append(
          "let the master's key in: on the master, hotsync key generate \(connection.name) prints the command for here")
      }
    }
    report.changed += try Timers.match(configuration, below: machine.root)
    return machine.console.present(report)
  }

  /// What leads to the store is for everybody to pass; the store itself is for nobody else.
  private static func makeParents(of store: String, below root: borrowing Folder) throws {
    guard let path = RelativePath(store.split(separator: "/").joined(separator: "/")) else { return }
    _ = try MachineFolders.makeWay(to: path, below: root)
  }

  private static func place(
    of connection: String, _ store: String, below root: borrowing Folder
  ) throws -> ApplyReport.Place {
    let path = store + "/" + connection
    guard let relative = RelativePath(path.split(separator: "/").joined(separator: "/")) else {
      return ApplyReport.Place(connection: connection, path: path, fileSystem: "", freeBytes: 0)
    }
    let folder = try root.folder(at: relative)
    return ApplyReport.Place(
      connection: connection, path: path, fileSystem: try folder.descriptor.fileSystemType(),
      freeBytes: try folder.descriptor.freeSpace().freeBytes)
  }
}
