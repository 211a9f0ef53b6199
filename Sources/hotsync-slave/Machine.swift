import HotsyncCommand
import HotsyncConfig
import HotsyncProtocol
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

/// The machine that a command works on: its root, its configuration, its stores.
final class Machine {
  let console: Console
  let root: Folder
  private let world: CommandWorld
  private let wanted: String?

  init(_ world: CommandWorld, _ wanted: String?) throws {
    self.world = world
    self.wanted = wanted
    console = world.console
    root = try world.openRoot()
  }

  func configuration() throws -> Configuration { try world.configuration() }

  // MARK: Connections

  /// The connection that is meant: the one named, or the only one.
  func connection(in configuration: Configuration) throws -> ConnectionConfiguration {
    let connection = try world.connection(wanted, of: configuration)
    guard connection.role == .slave else { throw Machine.wrongRole(connection) }
    return connection
  }

  /// The one named, or all that this machine is slave in.
  func connections(in configuration: Configuration) throws -> [ConnectionConfiguration] {
    if wanted != nil { return [try connection(in: configuration)] }
    let slaves = configuration.connections.filter { $0.role == .slave }
    if slaves.isEmpty, let other = configuration.connections.first { throw Machine.wrongRole(other) }
    return slaves
  }

  private static func wrongRole(_ connection: ConnectionConfiguration) -> CommandError {
    CommandError(
      .refused, "cannot act as slave in", "the connection \"\(connection.name)\"",
      cause: "this machine is configured as its master",
      next: "run it on the slave; where the slave is a folder of this machine: --root LOCAL_ROOT")
  }

  /// The keys of the connection that is meant.
  ///
  /// - Parameter authorizedKeys: a path as on the command line; nil for the account's own file.
  func access(_ authorizedKeys: String?) throws -> Access {
    let configuration = try configuration()
    return try access(to: try connection(in: configuration), configuration, authorizedKeys)
  }

  func access(
    to connection: ConnectionConfiguration, _ configuration: Configuration, _ authorizedKeys: String? = nil
  ) throws -> Access {
    Access(
      connection, store: configuration.store, root: try root.duplicate(), rootPath: try world.rootPath(),
      authorizedKeys: try authorizedKeys.map { try Environment.absolutePath($0) }, program: Environment.executablePath)
  }

  /// The command that makes this machine slave in a connection.
  func configuring(_ name: String, role: String) -> String {
    let option = ((try? world.rootPath()) ?? "").isEmpty ? "" : " --root \(quotedForShell(world.root))"
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "'") }) else {
      return "hotsync-slave config set\(option) role slave connections.NAME.status enabled"
    }
    return "hotsync-slave config set\(option) \(role) slave connections.\(name).status enabled"
  }

  func alerts(_ configuration: Configuration) -> RunAlerts { RunAlerts(world, configuration) }

  /// A command of ours as it is to be typed here.
  func command(_ words: String) -> String { world.command(words) }

  // MARK: What lies below the root

  func store(of connection: ConnectionConfiguration, in configuration: Configuration) throws(StoreError) -> Store {
    try Store.open(connection: connection.name, root: root, path: configuration.store)
  }

  /// Applies the plan for the past to a store.
  func pruner(of connection: ConnectionConfiguration, in configuration: Configuration) throws(StoreError) -> Pruner {
    let history = configuration.history
    let store = try store(of: connection, in: configuration)
    return Pruner(
      store, schedule: history.schedule, keepWithin: history.keepWithin, maxSize: history.maxSize,
      isDisabled: history.isDisabled,
      accounts: try StoreError.telling { () throws(SystemError) in try accounts() },
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody)
  }

  /// The users and groups that count here.
  func accounts() throws(SystemError) -> Accounts {
    try root.isMachineRoot() ? Accounts() : Accounts(root: root)
  }

  /// Nil where the root has no users of its own: numbers count then.
  func accountsForRestore() throws(SystemError) -> Accounts? {
    guard try !root.isMachineRoot(), let names = RelativePath("etc/passwd") else { return Accounts() }
    do throws(SystemError) { _ = try root.open(at: names) } catch {
      if error.isMissing { return nil }
      throw error
    }
    return try accounts()
  }

  func pin(
    _ generation: String, of connection: ConnectionConfiguration, in configuration: Configuration
  ) throws -> PinnedGeneration {
    try PinnedGeneration.open(
      try store(of: connection, in: configuration), generation, accounts: try accounts(),
      mapsUnknownOwnersToNobody: connection.unknownOwner == .nobody)
  }
}
