public import HotsyncConfig
import HotsyncProtocol
public import HotsyncReport
public import HotsyncSystem

/// What the master knows without asking anybody: how old the copy is, and what the last cycle did.
public enum MasterStatus {
  public static func report(
    _ configuration: Configuration, _ connections: [ConnectionConfiguration], root: borrowing Folder, now: Timestamp
  ) throws -> MasterStatusReport {
    var report = MasterStatusReport(role: configuration.role.rawValue, connections: [])
    for connection in connections {
      let isEnabled = configuration.isEnabled && connection.isEnabled
      var entry = MasterStatusReport.Connection(
        name: connection.name, status: isEnabled ? "enabled" : "disabled", transport: connection.transport.rawValue)
      if let record = try ObservedState(connection: connection.name, root: root).record() {
        entry.fenced = record.isFenced
        entry.age = record.inStep.map { max(.zero, now.since($0)) }
        entry.lastCycle = record.lastCycle.flatMap { last in
          CycleResult(rawValue: last.result).map {
            MasterStatusReport.Cycle(
              result: $0, generation: record.current.position.generation, time: last.time,
              duration: .milliseconds(Int64(clamping: last.milliseconds)))
          }
        }
      }
      report.connections.append(entry)
    }
    return report
  }
}

/// The folders of a master below its root, with their modes.
public enum MasterFolders {
  /// - Returns: the paths that were made; empty where all was there.
  public static func make(root: borrowing Folder) throws -> [String] {
    var made: [String] = []
    let wanted: [(path: String, permissions: UInt16)] = [
      ("etc/hotsync", 0o755), ("etc/hotsync/conf.d", 0o755), ("etc/hotsync/keys", 0o700),
      ("var/lib/hotsync-state", 0o700),
    ]
    for (text, permissions) in wanted {
      guard let path = RelativePath(text) else { continue }
      var here = try root.duplicate()
      for name in path.names.dropLast() { here = try here.makeOrOpenFolder(name, permissions: 0o755) }
      if try here.statusIfPresent(path.name) == nil {
        made.append("/\(text)")
        try here.makeFolder(path.name)
        try here.folder(path.name).descriptor.setPermissions(permissions)
      }
    }
    return made
  }
}
