import HotsyncSystem
import TestSupport
import Testing

/// Dumps and facts as a cycle brings them.
@Suite struct DumpCycleTests {
  private func filled() throws -> DumpingPair {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 21)
    try dumping.server.write("CREATE USER\n", to: "accounts.sql")
    try dumping.server.write(random.bytes(1 << 20), to: "shop.sql")
    try dumping.server.write("one row\n", to: "blog.sql")
    #expect(try dumping.sync().code == 0)
    return dumping
  }

  @Test("dumps, their fingerprints and facts lie where the links of the mirror lead, for root alone")
  func places() throws {
    let dumping = try filled()
    for path in ["accounts.sql", "databases/shop.sql", "databases/shop.tables", "databases/blog.sql"] {
      let status = try Descriptor.open("\(dumping.dumps.path)/\(path)").status()
      #expect(status.permissions == 0o600 && status.owner == Environment.userID, "\(path)")
    }
    #expect(try Folder.open(dumping.dumps.path).descriptor.status().permissions == 0o700)
    let facts = try Folder.open(dumping.pair.store.below("mirror/facts").path).names()
    #expect(facts.count >= 5 && facts.allSatisfy { $0.description.hasSuffix(".json") })
    #expect(try dumping.pair.differences() == [])
  }

  @Test("a dump that fails keeps the last good one, is named, and the cycle ends with 3; the tree is committed")
  func failing() throws {
    let dumping = try filled()
    let before = try Descriptor.open("\(dumping.dumps.path)/databases/shop.sql").readAll(limit: 1 << 30)
    var random = SeededGenerator(seed: 22)
    try dumping.server.write(random.bytes(2 << 20), to: "shop.sql")
    try dumping.server.write("", to: "shop.fails")
    try dumping.server.write("two rows\n", to: "blog.sql")
    try dumping.pair.data.write("new", to: "new.txt")
    let cycle = try dumping.sync()
    #expect(cycle.code == 3 && cycle.result == "incomplete" && cycle.generation == 2, "\(cycle)")
    #expect(cycle.codes(of: "/.hotsync/dumps/mariadb/databases/shop.sql") == ["dump_failed"])
    #expect(cycle.database("shop") == "failed" && cycle.database("blog") == "dumped", "\(cycle)")
    #expect(try dumping.pair.differences() == [])
    #expect(try Descriptor.open("\(dumping.dumps.path)/databases/shop.sql").readAll(limit: 1 << 30) == before)
    try dumping.server.remove("shop.fails")
    let next = try dumping.sync()
    #expect(next.code == 0 && next.database("shop") == "dumped", "\(next)")
    try dumping.expectSound()
  }

  @Test("a database whose first dump fails is not there, and nothing else is lost")
  func firstFails() throws {
    let dumping = try DumpingPair()
    var random = SeededGenerator(seed: 23)
    try dumping.server.write(random.bytes(2 << 20), to: "shop.sql")
    try dumping.server.write("", to: "shop.fails")
    try dumping.server.write("row\n", to: "zoo.sql")
    let cycle = try dumping.sync()
    #expect(cycle.code == 3 && cycle.generation == 1, "\(cycle)")
    #expect(!dumping.isThere("databases/shop.sql") && !dumping.isThere("databases/shop.tables"))
    #expect(dumping.isThere("databases/zoo.sql") && dumping.isThere("databases/zoo.tables"))
    try dumping.expectSound()
  }

  @Test("a server that is not there, or does not answer, keeps its dumps and is named")
  func serverGone() throws {
    let dumping = try filled()
    try dumping.server.write("", to: "server.fails")
    let silent = try dumping.sync()
    #expect(silent.code == 3 && silent.codes(of: "/.hotsync/dumps/mariadb") == ["database_unavailable"], "\(silent)")
    let absent = try dumping.pair.sync([], environment: ["HOTSYNC_PLANTED_DUMPS": "/nowhere"])
    #expect(absent.code == 3 && absent.codes(of: "/.hotsync/dumps/mariadb") == ["database_unavailable"], "\(absent)")
    #expect(dumping.isThere("databases/shop.sql") && dumping.isThere("accounts.sql"))
    let other = try Pair().sync([], environment: ["HOTSYNC_PLANTED_DUMPS": "/nowhere"])
    #expect(other.code == 0, "an engine that never was is no news: \(other)")
  }

  @Test("databases that are dropped go, all of them at once, whatever max_delete says; older generations have them")
  func dropped() throws {
    let dumping = try filled()
    try dumping.pair.set(ofConnection: "max_delete", "1")
    for name in ["shop.sql", "blog.sql", "accounts.sql"] { try dumping.server.remove(name) }
    let cycle = try dumping.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(!dumping.isThere("databases/shop.sql") && !dumping.isThere("accounts.sql"))
    let target = dumping.pair.scratch.path("old")
    let restored = try dumping.pair.hotsyncSlave(
      "restore", "/.hotsync/dumps/mariadb/databases/blog.sql", "--to", target, "--generation", "1")
    #expect(restored.exitCode == 0, "\(restored)")
    #expect(try Place(path: target).read(".hotsync/dumps/mariadb/databases/blog.sql") == "one row\n")
  }

  @Test("dumps that are switched off go, and none is made")
  func switchedOff() throws {
    let dumping = try filled()
    try dumping.pair.set(ofConnection: "databases.status", "disabled")
    let cycle = try dumping.sync()
    #expect(cycle.code == 0 && cycle.connection["databases"].items.isEmpty, "\(cycle)")
    #expect(!dumping.isThere("databases/shop.sql"))
  }

  @Test("a dry run says what would be dumped, begins no dump and writes nothing")
  func dryRun() throws {
    let dumping = try DumpingPair()
    try dumping.server.write("row\n", to: "shop.sql")
    let before = try dumping.pair.storeSnapshot()
    let cycle = try dumping.pair.sync(
      ["--dry-run"], environment: dumping.environment.merging(["HOTSYNC_KILL_AT": "dump:1"]) { $1 })
    #expect(cycle.code == 0 && cycle.database("shop") == "would be dumped", "\(cycle)")
    #expect(before.differences(to: try dumping.pair.storeSnapshot()) == [])
  }

  @Test("a check asks the server")
  func checked() throws {
    let dumping = try filled()
    func check() throws -> RunningProgram.Result {
      try dumping.pair.hotsync("check", environment: dumping.environment)
    }
    #expect(try check().outputText.contains("10.11.14, 2 databases to dump"))
    try dumping.server.write("", to: "server.fails")
    let failing = try check()
    #expect(failing.exitCode == 1 && failing.outputText.contains("FAIL  mariadb"), "\(failing)")
  }

  @Test("a restore brings dumps and facts only where they are asked for; counts are of the master's files")
  func restored() throws {
    let dumping = try filled()
    func restore(_ name: String, _ words: String...) throws -> Place {
      let target = dumping.pair.scratch.path(name)
      let result = try dumping.pair.start(
        "hotsync-slave", ["restore", "--to", target] + words, root: dumping.pair.slave, environment: [:]
      ).wait()
      #expect(result.exitCode == 0, "\(result)")
      return Place(path: target)
    }
    func isThere(_ place: Place, _ path: String) -> Bool { (try? Descriptor.open("\(place.path)/\(path)")) != nil }
    let plain = try restore("plain")
    #expect(isThere(plain, "srv/data/first.txt") && (try? Folder.open("\(plain.path)/.hotsync")) == nil)
    let dumps = try restore("dumps", "--dumps")
    #expect(isThere(dumps, "srv/data/first.txt") && isThere(dumps, ".hotsync/dumps/mariadb/databases/shop.sql"))
    #expect((try? Folder.open("\(dumps.path)/.hotsync/facts")) == nil)
    let facts = try restore("facts", "--facts")
    #expect(isThere(facts, ".hotsync/facts/machine.json") && !isThere(facts, ".hotsync/dumps/mariadb/accounts.sql"))
    let one = try restore("one", "/srv/data/first.txt", "--dumps")
    #expect(isThere(one, "srv/data/first.txt") && isThere(one, ".hotsync/dumps/mariadb/accounts.sql"))
    let list = try Document(try dumping.pair.hotsyncSlave("generations", "--json").outputText)
    #expect(list["generations"][0]["files"].integer == 1, "\(list)")
  }

  @Test("what stands in the master's own /.hotsync cannot be included", arguments: ["/.hotsync", "/.hotsync/dumps"])
  func reserved(_ folder: String) throws {
    let pair = try Pair()
    let refused = try pair.hotsync("config", "set", "connections.standby.data.include", "[\(folder)]")
    #expect(refused.flaws(code: 78, [".hotsync"]) == [], "\(refused)")
  }
}
