import HotsyncSystem
import TestSupport
import Testing

/// A pair whose master has a database server, made of files (`PlantedEngine`).
struct DumpingPair {
  let pair: Pair
  let server: Place

  init(transport: TestedTransport = .chosen) throws {
    pair = try Pair(transport: transport)
    server = Place(path: try pair.scratch.makeFolder("the server"))
  }

  var environment: [String: String] { ["HOTSYNC_PLANTED_DUMPS": server.path] }

  func sync(_ words: String...) throws -> SyncOutcome { try pair.sync(words, environment: environment) }

  /// Dumps on the slave, below `.hotsync/dumps/mariadb`.
  var dumps: Place { pair.store.below("mirror/dumps/mariadb") }

  func isThere(_ path: String) -> Bool { (try? Descriptor.open("\(dumps.path)/\(path)")) != nil }

  /// A cycle after which the slave has that dump.
  @discardableResult
  func expect(
    _ bytes: [UInt8], as result: String, of name: String = "shop", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> SyncOutcome {
    try server.write(bytes, to: "\(name).sql")
    let cycle = try sync()
    #expect(cycle.code == 0, "\(cycle)", sourceLocation: sourceLocation)
    #expect(cycle.database(name) == result, "\(cycle)", sourceLocation: sourceLocation)
    let kept = try Descriptor.open("\(dumps.path)/databases/\(name).sql").readAll(limit: 1 << 30)
    #expect(kept == bytes, sourceLocation: sourceLocation)
    return cycle
  }

  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let verified = try pair.hotsyncSlave("verify", "--full")
    #expect(verified.exitCode == 0, "\(verified)", sourceLocation: sourceLocation)
  }
}

extension SyncOutcome {
  /// What became of a database's dump.
  func database(_ name: String) -> String? {
    connection["databases"].items.first { $0["name"].text == name }?["result"].text
  }
}
