import HotsyncSystem
import TestSupport
import Testing

/// One flipped bit in what HotSync keeps for itself: said, never taken as it is, and nothing is lost by it.
@Suite struct DamageTests {
  private static let tries = KillSweepTests.isFull ? 200 : 8

  /// Files below a folder.
  private func files(_ folder: String) throws -> [String] {
    try walkTree(Folder.open(folder)).filter { $0.status.kind == .regular && $0.status.size > 0 }
      .map { "\(folder)/\($0.path.description.drop { $0 == "/" })" }
  }

  private func content(_ path: String) throws -> [UInt8] {
    try Descriptor.open(path, .reading).readAll(limit: 64 << 20) ?? []
  }

  private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    try Descriptor.open(path, .readingAndWriting).write(bytes, at: 0)
  }

  /// Flips a bit, runs a cycle, and puts the bit back where the cycle did not go through.
  private func flip(
    _ path: String, bit: Int, _ pair: Pair, allowed: Set<Int32>, _ note: String, adopts: Bool = false
  ) throws {
    let sound = try content(path)
    var bytes = sound
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    try overwrite(path, bytes)
    var cycle = try pair.sync()
    guard allowed.contains(cycle.exitCode ?? -1) else { throw SupportError("\(note): \(cycle.run)") }
    if cycle.exitCode == 77, adopts { cycle = try pair.sync(options: ["--adopt"]) }
    if cycle.exitCode != 0 {
      guard hasThreeParts(cycle.run.errorText) else { throw SupportError("\(note): \(cycle.run)") }
      try overwrite(path, sound)
      try pair.syncWell("committed", note)
    } else if (try? content(path)) == bytes {
      try overwrite(path, sound)
    }
    let differences = try pair.differences()
    guard differences.isEmpty else { throw SupportError("\(note): \(differences)") }
  }

  @Test(
    "a flipped bit in the store is damage that is said, and mended it is as if nothing had been",
    arguments: ["format", "generations", "catalog"])
  func store(_ name: String) throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let pair = try Pair()
    var changes = try MixedChanges(root: pair.data, seed: random.seed)
    try pair.syncWell("committed")
    for _ in 0..<DamageTests.tries {
      try changes.apply()
      let path =
        name == "catalog" ? try files("\(pair.store)/catalog").randomElement(using: &random)! : "\(pair.store)/\(name)"
      let bit = random.number(0...(try content(path).count * 8 - 1))
      let allowed: Set<Int32> = name == "catalog" ? [0, 65] : [65]
      try flip(path, bit: bit, pair, allowed: allowed, "bit \(bit) of \(path), seed \(random.seed)")
    }
  }

  @Test(
    "a flipped bit in what waits to be carried out is damage that is said, and nothing is lost",
    arguments: ["journal", "incoming/actions", "incoming/changes", "ranges"])
  func journal(_ name: String) throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let pair = try Pair()
    var changes = try MixedChanges(root: pair.data, seed: random.seed)
    try pair.syncWell("committed")
    for _ in 0..<DamageTests.tries {
      try changes.apply()
      _ = try pair.sync(["HOTSYNC_AGENT_KILL_AT": "committed:1"])
      var path = "\(pair.store)/\(name)"
      if name == "ranges" {
        guard let ranges = try files("\(pair.store)/incoming/content").first(where: { $0.hasSuffix(".ranges") }) else {
          try pair.syncWell("unchanged")
          continue
        }
        path = ranges
      }
      let sound = try content(path)
      let bit = random.number(0...(sound.count * 8 - 1))
      var bytes = sound
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      try overwrite(path, bytes)
      let note = "bit \(bit) of \(path), seed \(random.seed)"
      let cycle = try pair.sync()
      guard cycle.exitCode == 65, hasThreeParts(cycle.run.errorText) else {
        throw SupportError("\(note): \(cycle.run)")
      }
      try overwrite(path, sound)
      try pair.syncWell("unchanged", note)
      #expect(try pair.differences() == [], "\(note)")
    }
  }

  @Test(
    "a flipped bit in the master's record or catalog is found, and costs no more than asking the slave",
    arguments: ["record", "catalog"])
  func master(_ name: String) throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let pair = try Pair()
    var changes = try MixedChanges(root: pair.data, seed: random.seed)
    try pair.syncWell("committed")
    for _ in 0..<DamageTests.tries {
      try changes.apply()
      let path =
        name == "catalog" ? try files("\(pair.state)/catalog").randomElement(using: &random)! : "\(pair.state)/record"
      let bit = random.number(0...(try content(path).count * 8 - 1))
      try flip(
        path, bit: bit, pair, allowed: name == "record" ? [77] : [0], "bit \(bit) of \(path), seed \(random.seed)",
        adopts: true)
    }
  }
}
