import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
public import HotsyncReport
import HotsyncSystem

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
    check.attempt("slave") {
      let record = try ObservedState(connection: connection.name, root: root).record()
      let (line, welcome, _) = try connect(.look, record)
      defer { line.close(inStep: false) }
      let free = welcome.freeBytes / (1 << 20)
      return "\(shown(welcome.host.utf8)), hotsync \(shown(welcome.program.utf8)), generation "
        + "\(welcome.position.generation), \(free) MiB free"
    }
    return check
  }
}
