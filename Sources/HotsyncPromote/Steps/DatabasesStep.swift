import HotsyncConfig
import HotsyncDatabases
import HotsyncFacts
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

/// Puts the databases that maintenance keeps loaded in the place of the servers' own: what is newer is loaded and counted first,
/// then both servers stand still while their data folders change places.
struct DatabasesStep: PromotionStep {
  /// Those that can run here.
  let engines: [any DatabaseEngine]

  var name: StepName { .databases }
  var summary: String { "exchange the databases' data folders with the loaded ones" }

  /// A server's own data folder, and what starts and stops it.
  private struct Server {
    let data: LivePath
    let unit: String
  }

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    let pinned = try world.pin()
    let names = try world.telling { () throws(StoreError) in try Preload.engines(of: pinned) }
    var plan = StepPlan()
    for name in names {
      guard engines.contains(where: { $0.name == name }) else {
        plan.notes.append("the dumps of \(name) are not loaded: no server for them is configured here")
        continue
      }
      guard let server = try DatabasesStep.server(name, world) else {
        plan.notes.append("\(name) has no data folder here to be replaced: its dumps stay in the store")
        continue
      }
      plan.actions += try actions(name, server, world)
      plan.estimatedSeconds += try DatabasesStep.loaded(name, world).isEmpty ? 60 : 8
    }
    return plan
  }

  private static func server(_ engine: String, _ world: PromotionWorld) throws(PromoteError) -> Server? {
    switch engine {
    case "mariadb": return Server(data: LivePath(checked: "var/lib/mysql"), unit: "mariadb.service")
    case "postgresql":
      let here: Facts.Databases
      do throws(FactsError) {
        here = try Facts.Databases.gathered(below: world.root.folder, isMachine: world.isMachine)
      } catch { throw PromoteError(error) }
      let clusters = here.engines.first { $0.engine == engine }?.clusters ?? []
      // A data folder belongs to a version: the newest is what a private instance is made with.
      guard let cluster = clusters.filter({ $0.hasSuffix("/main") }).last ?? clusters.last,
        let data = LivePath("var/lib/postgresql/\(cluster)")
      else { return nil }
      return Server(
        data: data, unit: "postgresql@\(cluster.split(separator: "/").joined(separator: "-")).service")
    default: return nil
    }
  }

  private func actions(
    _ name: String, _ server: Server, _ world: PromotionWorld
  ) throws(PromoteError) -> [Action] {
    let place = Store.instancePath(of: name, store: world.configuration.store, connection: world.connection.name)
    guard let place, let instance = LivePath("\(shown(place.bytes))/data"), let parent = server.data.path.parent else {
      throw PromoteError(.bug, "cannot plan", name, cause: "its store's path is too long", next: "report this")
    }
    let undo = LivePath(
      checked: parent.bytes + Array("/.hotsync-undo-\(world.connection.name)-\(world.number)".utf8))
    var actions: [Action] = [
      .own(OwnWork("load", ["engine": name], shown: "load what is newer of the dumps of \(name)", needsMachine: false)),
      .run(
        ProgramRun(
          "systemctl", ["stop", server.unit],
          undo: DatabasesStep.isActive(server.unit, world) ? ["systemctl", "start", server.unit] : [], seconds: 600)),
    ]
    if let loaded = RelativePath(place.bytes + Array(".loaded.json".utf8)) { actions.append(.remove(LivePath(loaded))) }
    actions += try folders(to: parent, world)
    actions.append(.makeUndoFolder(undo))
    let isThere = try isThere(server.data, world)
    var source = instance
    if try !isOnOneMount(instance, parent, world) {
      source = LivePath(checked: undo.path.bytes + Array("/loaded".utf8))
      actions.append(
        .own(
          OwnWork(
            "copy", ["from": "\(instance.path)", "to": "\(source.path)"],
            shown: "cp -a --reflink=auto \(instance) \(source)", needsMachine: false)))
    }
    if isThere {
      actions += [
        .exchange(server.data, with: source),
        .move(source, to: LivePath(checked: undo.path.bytes + [UInt8(ascii: "/")] + server.data.path.name.bytes)),
      ]
    } else {
      actions.append(.move(source, to: server.data))
    }
    actions.append(
      .run(
        ProgramRun(
          "systemctl", ["start", server.unit], undo: ["systemctl", "stop", server.unit], seconds: 600, mayFail: true)))
    return actions
  }

  private func folders(to path: RelativePath, _ world: PromotionWorld) throws(PromoteError) -> [Action] {
    var actions: [Action] = []
    var here: RelativePath? = path
    while let folder = here, try !isThere(LivePath(folder), world) {
      actions.insert(.makeFolder(LivePath(folder), FileOwner(mode: 0o755)), at: 0)
      here = folder.parent
    }
    return actions
  }

  private func isThere(_ path: LivePath, _ world: PromotionWorld) throws(PromoteError) -> Bool {
    do throws(SystemError) {
      return try world.root.folder.parentFolder(of: path.path).statusIfPresent(path.path.name) != nil
    } catch {
      if error.isMissing { return false }
      throw PromoteError(error)
    }
  }

  /// Whether an instance, which may not be there yet, and a data folder can change places.
  private func isOnOneMount(
    _ instance: LivePath, _ parent: RelativePath, _ world: PromotionWorld
  ) throws(PromoteError) -> Bool {
    try PromoteError.telling { () throws(SystemError) in
      guard let one = try nearest(instance.path, world), let other = try nearest(parent, world) else { return false }
      return one.device == other.device && one.mount == other.mount
    }
  }

  private func nearest(_ path: RelativePath, _ world: PromotionWorld) throws(SystemError) -> FileStatus? {
    var here: RelativePath? = path
    while let folder = here {
      if let found = try world.root.folder.folderIfPresent(at: folder) { return try found.descriptor.status() }
      here = folder.parent
    }
    return try world.root.folder.descriptor.status()
  }

  private static func isActive(_ unit: String, _ world: PromotionWorld) -> Bool {
    guard world.isMachine else { return false }
    let tool = Tool("systemctl", in: ["/usr/bin", "/bin"], limit: .seconds(10))
    return (try? tool.run(["is-active", "--quiet", unit], outputLimit: 4_096).succeeded) ?? false
  }

  /// What maintenance has loaded of an engine; nothing is made where it is not there.
  static func loaded(_ engine: String, _ world: PromotionWorld) throws(PromoteError) -> [String: LoadedDumps.Dump] {
    guard
      let place = Store.instancePath(of: engine, store: world.configuration.store, connection: world.connection.name),
      let parent = place.parent
    else { return [:] }
    let folder = try PromoteError.telling { () throws(SystemError) in try world.root.folder.folderIfPresent(at: parent)
    }
    guard let folder else { return [:] }
    do throws(ReportError) { return try LoadedDumps.read(engine, in: folder).dumps } catch { throw PromoteError(error) }
  }

  // MARK: Own work

  func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    switch work.name {
    case "load": return try load(work, world)
    case "copy":
      try DatabasesStep.removeCopy(work, world)
      let (from, to) = (world.rootPath + (work.values["from"] ?? ""), world.rootPath + (work.values["to"] ?? ""))
      let tool = Tool("cp", in: ["/usr/bin", "/bin"], limit: .seconds(6 * 3_600))
      let result = try PromoteError.telling { () throws(SystemError) in
        try tool.run(["-a", "--reflink=auto", "--", from, to], outputLimit: 4_096)
      }
      guard result.succeeded else { throw DatabasesStep.copyFailed(from, result.failure) }
      try PromoteError.telling { () throws(SystemError) in
        try world.root.folder.descriptor.synchronizeFileSystem()
      }
      return ""
    default: throw .unknownWork(work, name)
    }
  }

  private static func copyFailed(_ path: String, _ cause: String) -> PromoteError {
    PromoteError(
      .unwritable, "cannot copy", path, cause: cause, next: "make room (df -h), then go on with hotsync-promote")
  }

  private func load(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) -> String {
    guard let engine = engines.first(where: { $0.name == work.values["engine"] }) else {
      throw PromoteError(
        .refused, "cannot load the dumps of", work.values["engine"] ?? "", cause: "no server for them is configured",
        next: "install it here, then go on with hotsync-promote")
    }
    let pinned = try world.pin()
    let outcome: Preload.Outcome
    do { outcome = try Preload(pinned, engine, clocks: world.clocks).run() } catch {
      if let error = error as? any HotsyncError { throw PromoteError(error) }
      throw PromoteError(.failed, "cannot load the dumps of", engine.name, cause: "\(error)", next: "hotsync-promote")
    }
    guard outcome.failures.isEmpty || world.options.accepted.contains(GuardName.databases.rawValue) else {
      throw PromoteError(
        .failed, "cannot load the dumps of", engine.name, cause: outcome.failures.prefix(5).joined(separator: "; "),
        next: "mend that, then go on with hotsync-promote; without these databases: hotsync-promote --accept databases")
    }
    return (["\(outcome.loaded) of \(outcome.dumps) dumps loaded"] + outcome.failures).joined(separator: "\n")
  }

  func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    // What was loaded is what the next maintenance would have loaded.
    if work.name == "copy" { try DatabasesStep.removeCopy(work, world) }
  }

  private static func removeCopy(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    guard let path = work.values["to"].flatMap({ LivePath($0) }) else { throw .unknownWork(work, .databases) }
    try PromoteError.telling { () throws(SystemError) in
      try world.root.folder.parentFolder(of: path.path).removeTree(path.path.name)
    }
  }
}
