import HotsyncSystem
import TestSupport
import Testing

/// Cycles with a dump in them, killed: the dump is the old one or the new one, with the fingerprint that belongs to it.
@Suite struct StreamKillTests {
  private struct Dumping {
    let pair: Pair
    let server: Place
    private var random: SeededGenerator
    private(set) var bytes: [UInt8] = []

    init(seed: UInt64) throws {
      pair = try Pair("streams")
      server = Place(path: try pair.scratch.makeFolder("server"))
      random = SeededGenerator(seed: seed)
      try Place(path: pair.data).write("a file\n", to: "file")
      bytes = random.bytes(3 << 20)
    }

    mutating func change() throws {
      let place = random.number(0...bytes.count)
      bytes.insert(contentsOf: random.bytes(random.number(1...600_000)), at: place)
      if bytes.count > 5 << 20 { bytes.removeFirst(2 << 20) }
      try server.write(bytes, to: "shop.sql")
    }

    func sync(_ variables: [String: String] = [:]) throws -> Cycle {
      try pair.sync(variables.merging(["HOTSYNC_PLANTED_DUMPS": server.path]) { $1 })
    }

    /// The dump in a store below a root, with the size that its fingerprint tells.
    func dump(below root: String) throws -> (bytes: [UInt8], tables: String) {
      let folder = "\(root)/\(Pair.storePath)/mirror/dumps/mariadb/databases"
      return (
        try Descriptor.open("\(folder)/shop.sql").readAll(limit: 1 << 26) ?? [],
        String(decoding: try Descriptor.open("\(folder)/shop.tables").readAll(limit: 1 << 16) ?? [], as: UTF8.self)
      )
    }
  }

  private static let points =
    KillPoint.all + [KillPoint(name: "dump", isAgents: false, phase: .push, isCommitted: false)]

  @Test(
    "killed at any named point, a cycle leaves the old dump or the new one, and the next one goes well",
    arguments: points)
  func killed(at point: KillPoint) throws {
    let seed = SeededGenerator.testSeed()
    var dumping = try Dumping(seed: seed)
    try dumping.change()
    #expect(try dumping.sync().exitCode == 0)
    var kills = 0
    for pass in [1, 2, 5, 9] {
      let note = "seed \(seed): \(point.name), pass \(pass)"
      let old = dumping.bytes
      try dumping.change()
      let cycle = try dumping.sync(point.variables(pass))
      let wasHit = cycle.exitCode != 0
      if wasHit { kills += 1 }
      try dumping.pair.waitForAgent()
      let copy = try dumping.pair.reopenedCopy()
      let found = try dumping.dump(below: copy.scratch.path)
      let expected = !wasHit || point.isCommitted ? dumping.bytes : old
      #expect(found.bytes == expected, "\(note)")
      #expect(found.tables.contains("\"all\":\(expected.count)}"), "\(note)")
      let next = try dumping.sync()
      #expect(next.exitCode == 0, "\(note): \(next.run)")
      #expect(try dumping.dump(below: dumping.pair.slave).bytes == dumping.bytes, "\(note)")
    }
    let verified = try RunningProgram.run("hotsync-slave", ["verify", "--full", "--root", dumping.pair.slave])
    #expect(verified.exitCode == 0, "seed \(seed): \(verified)")
    #expect(kills > 0, "seed \(seed)")
  }
}
