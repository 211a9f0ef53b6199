import HotsyncCatalog
import HotsyncConfig
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import Synchronization
import TestSupport
import Testing

@testable import HotsyncSlave

/// What differs between two pictures of a store.
func changes(_ before: [String: String], _ after: [String: String]) -> [String] {
  Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted().map {
    "\($0): \(before[$0] ?? "nothing") -> \(after[$0] ?? "nothing")"
  }
}

/// A store in a scratch folder, and agents that serve it.
final class TestSlave: Sendable {
  let scratch: ScratchFolder
  let limit: DeletionLimit
  /// That the slave's own configuration wants device nodes and trusted attributes.
  let takesAll: Bool

  /// - Parameter place: the folder that the scratch folder is made in.
  init(limit: DeletionLimit = .percent(50), takesAll: Bool = false, in place: String? = nil) throws {
    self.takesAll = takesAll
    scratch = try ScratchFolder("slave", in: place)
    self.limit = limit
    _ = try Store.create(connection: "standby", root: try scratch.open(), path: "/var/lib/hotsync")
  }

  /// One that is there already.
  init(adopting scratch: ScratchFolder, limit: DeletionLimit = .percent(100)) {
    self.scratch = scratch
    self.limit = limit
    takesAll = false
  }

  func store() throws -> Store {
    try Store.open(connection: "standby", root: try scratch.open(), path: "/var/lib/hotsync")
  }

  func mirror() throws -> Folder {
    try scratch.open().folder(at: try path("var/lib/hotsync/standby/mirror/files"))
  }

  /// Runs an agent on a thread of its own while the body talks to it; gives what the agent ended with.
  ///
  /// - Parameters:
  ///   - line: makes the master's stream of what leads to the agent.
  ///   - fault: what happens to one of the agent's system calls.
  @discardableResult
  func serve(
    epoch: Epoch = .first, isSeeding: Bool = false, over line: (any ByteStream) -> any ByteStream = { $0 },
    clocks: Clocks = .system, fault: (effect: FaultPlan.Effect, call: Int) = (.none, 1),
    _ body: (ScriptedMaster) throws -> Void
  ) throws -> (any Error)? {
    let (near, far) = try PipeStream.joined(silence: .seconds(20), to: "the agent", from: "the master")
    let ending = Ending()
    let (limit, takesAll) = (limit, takesAll)
    let store = try store()
    let worker = Worker {
      do {
        let context = AgentContext(
          connection: "standby", program: "test", deletionLimit: limit,
          mapsUnknownOwnersToNobody: false, takesDevices: takesAll, takesTrustedAttributes: takesAll,
          isSeeding: isSeeding, clocks: clocks)
        let agent = Agent(context, store: store, channel: AgentChannel(far), epoch: epoch, accounts: Accounts())
        try FaultPlan(fault.effect, at: fault.call).apply { try agent.run() }
      } catch { ending.error.withLock { $0 = error } }
      far.closeSending()
    }
    let outcome = Result { try body(ScriptedMaster(line(near))) }
    near.closeSending()
    worker.join()
    try outcome.get()
    return ending.error.withLock { $0 }
  }

  private final class Ending: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }

  @discardableResult
  func cycle(_ changes: Changes, on tree: inout Tree) throws -> UInt64 {
    var number: UInt64 = 0
    try serve { number = try $0.cycle(changes, on: &tree) }
    return number
  }

  /// All of the store but what a cycle may leave for the next one, or for nobody: paths with all that can be seen of them.
  func picture() throws -> [String: String] {
    var lines: [String: String] = [:]
    let segments = try store().generations().newest?.segments ?? []
    let passedOver = ["/incoming", "/cycle.lock", "/lock", "/pins", "/contact", "/history", "/signatures"]
    let key = try store().key
    func look(_ folder: borrowing Folder, _ above: String) throws {
      for name in try folder.names() {
        let path = above + "/" + name.description
        if passedOver.contains(path) || (path.hasPrefix("/catalog/") && !segments.contains(name)) { continue }
        let status = try folder.status(name)
        var line = "\(status.kind) \(status.permissions) \(status.owner)"
        if path.hasPrefix("/mirror") { line += " \(status.modified)" }
        if status.kind == .regular {
          line +=
            " \(status.size) \(ContentDigest.of(try folder.open(name).readAll(limit: 64 << 20) ?? [], key: key).hexadecimal)"
        }
        lines[path] = line
        if status.kind == .folder { try look(try folder.folder(name), path) }
      }
    }
    try look(try scratch.open().folder(at: try path("var/lib/hotsync/standby")), "")
    return lines
  }
}
