import HotsyncCatalog
import HotsyncConfig
import HotsyncDatabases
import HotsyncFacts
import HotsyncReport
import HotsyncSystem

/// What a cycle brings besides the tree: which dumps are to be made, and the facts of this machine.
extension Cycle {
  /// Asked once a cycle, however often its line is lost: what failed then is not tried again before the next one.
  func provide(_ state: MasterState, _ includes: Includes) throws -> Provided {
    if let provided { return provided }
    let gathered = try phase("gather") {
      var provided = Provided()
      for configured in connection.databases.engines(restrictKey: try state.restrictKey()) {
        provided.ask(configured.engine, isRequired: configured.isRequired, of: connection.name)
      }
      provided.gatherFacts(below: root, cache: try state.factsFolder())
      provided.addRoots(data: includes.dataRoots, config: includes.configRoots)
      return provided
    }
    provided = gathered
    return gathered
  }

  /// What a dry run says of dumps: none is begun.
  func tellOfDumps() {
    var provided = Provided()
    for configured in connection.databases.engines(restrictKey: nil) {
      provided.ask(configured.engine, isRequired: configured.isRequired, of: connection.name)
    }
    report.problems += provided.problems
    for (_, content) in provided.files.sorted(by: { $0.key < $1.key }) {
      guard case .database(let engine, let subject) = content else { continue }
      report.databases.append(
        DatabaseReport(
          engine: engine.name, name: Provided.name(subject), bytes: 0, duration: .zero, result: "would be dumped"))
    }
  }

  func checkDatabases(_ check: inout ConnectionCheck) {
    for configured in connection.databases.engines(restrictKey: nil) {
      let engine = configured.engine
      check.attempt(engine.name) {
        guard let server = try engine.server() else {
          if configured.isRequired { throw Provided.missing(engine.name, connection.name) }
          return "not in use here"
        }
        let count = try engine.subjects().count { if case .database = $0 { true } else { false } }
        return "\(server.version), \(count) database\(count == 1 ? "" : "s") to dump"
      }
    }
  }
}

extension Provided {
  /// - Parameter isRequired: the configuration says that it is in use, whatever the machine looks like.
  mutating func ask(_ engine: any DatabaseEngine, isRequired: Bool, of connection: String) {
    guard let name = FileName(engine.name), let folder = ReservedPaths.dumps.appending(name) else { return }
    do throws(DatabaseError) {
      guard try engine.server() != nil else {
        let missing = Provided.missing(engine.name, connection)
        guard !isRequired else { throw missing }
        absent.append((folder, Provided.problem(missing, at: folder)))
        return
      }
      for subject in try engine.subjects() { add(subject, of: engine, folder) }
    } catch {
      unknown.append(folder)
      problems.append(Provided.problem(error, at: folder))
    }
  }

  private mutating func add(_ subject: DumpSubject, of engine: any DatabaseEngine, _ folder: RelativePath) {
    do throws(DatabaseError) {
      let path = ReservedPaths.inDumps(try DumpPath.dump(of: subject, engine: engine.name))
      files[path] = .database(engine, subject)
      guard let beside = try DumpPath.fingerprint(of: subject, engine: engine.name) else { return }
      files[ReservedPaths.inDumps(beside)] = .fingerprint(of: path)
    } catch {
      problems.append(Provided.problem(error, at: folder))
    }
  }

  mutating func gatherFacts(below root: borrowing Folder, cache folder: consuming Folder) {
    let cache: Folder? = folder
    do {
      for (name, bytes) in try Facts.gather(below: root, isMachine: try root.isMachineRoot(), cache: cache) {
        guard let file = FileName("\(name).json"), let path = ReservedPaths.facts.appending(file) else { continue }
        files[path] = .bytes(bytes)
      }
    } catch {
      unknown.append(ReservedPaths.facts)
      let told = ErrorReport(error)
      problems.append(
        Problem(
          code: "facts_failed", path: ReportedPath(ReservedPaths.facts),
          message: "\(told.message); the slave keeps those of the last cycle", nextStep: told.nextStep, leftOut: true))
    }
  }

  /// Which folders a promotion replaces whole, and which it overlays.
  mutating func addRoots(data: [RelativePath], config: [RelativePath]) {
    guard let file = FileName("roots.json"), let path = ReservedPaths.facts.appending(file) else { return }
    files[path] = .bytes(RootsFact(data: data, config: config).encode())
  }

  static func missing(_ engine: String, _ connection: String) -> DatabaseError {
    DatabaseError(
      .failed, "cannot dump", engine, cause: "its server does not run here",
      next: "start it; if it is not in use any more: hotsync config set "
        + "connections.\(connection).databases.\(engine).status disabled")
  }

  static func problem(_ error: any HotsyncError, at path: RelativePath) -> Problem {
    Problem(
      code: "database_unavailable", path: ReportedPath(path),
      message: "\(error.operation) \(error.subject): \(error.cause); the slave keeps the dumps that it has",
      nextStep: error.nextStep, leftOut: true)
  }
}
