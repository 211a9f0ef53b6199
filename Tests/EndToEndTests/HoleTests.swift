import HotsyncSystem
import TestSupport
import Testing

/// Large files with holes: whatever way their changes take, the slave's file takes no more space than the master's.
@Suite struct HoleTests {
  private static let data = 2 << 20
  private static let size = 12 << 20

  /// A pair in step with a large file: data, then a hole.
  private func setting() throws -> (Pair, SeededGenerator) {
    let pair = try Pair()
    var random = SeededGenerator(seed: 5)
    try pair.data.write(random.bytes(HoleTests.data), to: "large")
    try pair.data.open("large").truncate(to: UInt64(HoleTests.size))
    #expect(try pair.sync().code == 0)
    return (pair, random)
  }

  /// A page in the middle of the hole.
  private func change(_ pair: Pair, _ name: String, _ random: inout SeededGenerator) throws {
    try pair.data.open(name).write(random.bytes(4_096), at: UInt64(HoleTests.data + HoleTests.size) / 2)
  }

  private func expectInStep(
    _ pair: Pair, literal limit: Int = .max, losing lost: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)", sourceLocation: sourceLocation)
    #expect(cycle.bytes("literal") ?? .max <= limit, "\(cycle)", sourceLocation: sourceLocation)
    let differences = try pair.differences()
    #expect(differences == [], sourceLocation: sourceLocation)
    let verified = try pair.hotsyncSlave("verify", "--full")
    let isAsWanted =
      if let lost { verified.exitCode == 65 && verified.outputText.contains(lost) } else { verified.exitCode == 0 }
    #expect(isAsWanted, "\(verified)", sourceLocation: sourceLocation)
  }

  @Test("after a change of metadata or name alone, both sides still know what a large file was")
  func keepsMap() throws {
    var (pair, random) = try setting()
    func maps() throws -> [Int] {
      try [pair.master.below("var/lib/hotsync-state/standby/maps"), pair.store.below("signatures")].map {
        try Folder.open($0.path).names().count
      }
    }
    try pair.data.setPermissions(0o600, of: "large")
    try expectInStep(pair, literal: 0)
    #expect(try maps() == [1, 1])
    // To where it comes before its old path, and to where it comes after it.
    for (old, new) in [("large", "before"), ("before", "later")] {
      try pair.data.rename(old, to: new)
      try expectInStep(pair, literal: 0)
      #expect(try maps() == [1, 1])
    }
    try change(pair, "later", &random)
    try expectInStep(pair, literal: 4_096)
    #expect(try maps() == [1, 1])
  }

  @Test("holes stay holes where one side lost its digest maps", arguments: ["master", "slave"])
  func lostMap(_ side: String) throws {
    var (pair, random) = try setting()
    let maps =
      side == "master" ? pair.master.below("var/lib/hotsync-state/standby/maps") : pair.store.below("signatures")
    try Pair.shell("rm \"$0\"/*", maps.path)
    try change(pair, "large", &random)
    try expectInStep(pair)
  }

  @Test("holes stay holes where the slave's file was damaged and comes whole")
  func comesWhole() throws {
    var (pair, random) = try setting()
    try Pair.shell("rm \"$0\"", pair.mirror.below("srv/data/large").path)
    try change(pair, "large", &random)
    // The generation before had no other copy of it.
    try expectInStep(pair, losing: "/srv/data/large: its content is not what was stored: generation 1\n")
  }
}
