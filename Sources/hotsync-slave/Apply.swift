import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct ApplyVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make this machine match its configuration: folders, modes, stores.")

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  /// Folders below the root, with their modes.
  private static let folders: [(path: String, permissions: UInt16)] = [
    ("etc/hotsync", 0o755), ("etc/hotsync/keys", 0o700), ("var/lib/hotsync-state", 0o700), ("run/hotsync", 0o755),
  ]

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    var report = ApplyReport()
    for (path, permissions) in ApplyVerb.folders {
      try ApplyVerb.make(path, permissions, below: machine.root, &report)
    }
    let slaves = configuration.connections.filter { $0.role == .slave }
    if !slaves.isEmpty { try ApplyVerb.makeParents(of: configuration.store, below: machine.root) }
    for connection in slaves {
      report.changed += try Store.create(connection: connection.name, root: machine.root, path: configuration.store)
      report.stores.append(try ApplyVerb.place(of: connection.name, configuration.store, below: machine.root))
    }
    return machine.console.present(report)
  }

  private static func make(
    _ path: String, _ permissions: UInt16, below root: borrowing Folder, _ report: inout ApplyReport
  ) throws {
    guard let path = RelativePath(path) else { return }
    let parent = try makeFolders(path.parent, below: root)
    if try parent.statusIfPresent(path.name) == nil {
      try parent.makeFolder(path.name)
      try parent.open(path.name, .folder).setPermissions(permissions)
      report.changed.append("folder \(path)")
    }
    let folder = try parent.open(path.name, .folder)
    guard try folder.status().permissions != permissions else { return }
    try folder.setPermissions(permissions)
    report.changed.append("mode of \(path)")
  }

  /// What leads to the store is for everybody to pass; the store itself is for nobody else.
  private static func makeParents(of store: String, below root: borrowing Folder) throws {
    let names = store.split(separator: "/").joined(separator: "/")
    guard let path = RelativePath(names) else { return }
    _ = try makeFolders(path.parent, below: root)
  }

  private static func makeFolders(_ path: RelativePath?, below root: borrowing Folder) throws(SystemError) -> Folder {
    var here = try root.duplicate()
    for name in path?.names ?? [] { here = try here.makeOrOpenFolder(name, permissions: 0o755) }
    return here
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
      connection: connection, path: path, fileSystem: try folder.descriptor.fileSystemIdentity(),
      freeBytes: try folder.descriptor.freeSpace().freeBytes)
  }
}
