import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
public import HotsyncReport
import HotsyncSystem
import HotsyncTransport

extension Cycle {
  /// Tries everything that a cycle needs and changes nothing.
  public func check() -> ConnectionCheck {
    var check = ConnectionCheck(connection: connection.name)
    check.attempt("connection") {
      guard connection.role == .master else {
        throw MasterError(
          .refused, "cannot run", "a cycle of \"\(connection.name)\"", cause: "this machine's role in it is slave",
          next: "on the master: hotsync check")
      }
      return connection.isEnabled ? "enabled" : "disabled: hotsync activate \(connection.name)"
    }
    var roots: [RelativePath] = []
    check.attempt("includes") {
      let includes = try Includes.gather(connection, live: root, variables: [:])
      roots = includes.roots
      _ = try IncludeRoots.check(roots, live: root, known: [], accepts: false) { _ in true }
      return roots.map(\.description).joined(separator: ", ")
    }
    for name in ["pre-sync", "post-sync"] {
      check.attempt("\(name).d") {
        guard let path = RelativePath("etc/hotsync/\(name).d") else { return "" }
        let hooks = HookRunner(shownFolder: "/\(path)", variables: [:])
        let names = try hooks.list(path, live: root)
        return names.isEmpty ? "no hooks" : names.map(\.description).joined(separator: ", ")
      }
    }
    checkDatabases(&check)
    if connection.transport != .local {
      let before = check.items.count
      checkLogin(&check)
      // Without either there is no login: it would say the same again.
      guard check.items[before...].allSatisfy({ $0.failure == nil }) else { return check }
    }
    check.attempt("slave") {
      let record = try ObservedState(connection: connection.name, root: root).record()
      let (line, welcome, _) = try connect(.look, record)
      defer { line.close(inStep: false) }
      try checkSpace(welcome)
      return "\(shown(welcome.host.utf8)), hotsync \(shown(welcome.program.utf8)), generation "
        + "\(welcome.position.generation), \(welcome.freeBytes >> 20) MiB free"
    }
    return check
  }

  /// What must be here before the slave is asked for anything.
  private func checkLogin(_ check: inout ConnectionCheck) {
    check.attempt("key") {
      let target = try slaveStream.target()
      try LoginFiles(target).requireKey()
      return target.identity
    }
    check.attempt("host key") {
      try LoginFiles(try slaveStream.target()).pinnedKeys().map { try KeyTools.fingerprint(of: $0) }
        .joined(separator: ", ")
    }
  }

  /// Less than this, and the next cycle of any size will not get through.
  private static let leastSpace: UInt64 = 64 << 20

  private func checkSpace(_ welcome: Welcome) throws {
    guard welcome.freeBytes < Cycle.leastSpace else { return }
    throw MasterError(
      .unwritable, "cannot rely on", "the store of \"\(connection.name)\"",
      cause: "its file system has \(welcome.freeBytes >> 20) MiB free",
      next: "make room on the slave (df -h), or move the store to a larger disk")
  }
}
