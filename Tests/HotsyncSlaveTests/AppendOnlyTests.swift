import HotsyncCatalog
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// A push can add, never take: whatever a master says, what was committed before comes back as it was.
@Suite struct AppendOnlyTests {
  /// A store of four generations, and what each held.
  private func filled() throws -> (TestSlave, [UInt64: Tree], Tree) {
    let (slave, first) = try filledSlave()
    var (tree, trees) = (first, [UInt64(1): first])
    try slave.cycle(secondTree(), on: &tree)
    trees[2] = tree
    for number in 3...4 as ClosedRange<UInt64> {
      var changes = Changes()
      changes.put = ["srv/a": .file("of generation \(number)")]
      try slave.cycle(changes, on: &tree)
      trees[number] = tree
    }
    return (slave, trees, tree)
  }

  private func differences(_ slave: TestSlave, _ trees: [UInt64: Tree]) throws -> [String] {
    var found: [String] = []
    for (number, tree) in trees.sorted(by: { $0.key < $1.key }) {
      let name = "back\(number)"
      try slave.restore(to: name, from: try slave.pin(String(number)))
      found += try tree.differences(in: try slave.scratch.makeOrOpenFolder(name)).map { "\(number): \($0)" }
      try slave.scratch.open().removeTree(.of(name))
    }
    return found
  }

  @Test("a master that was wiped and means it takes nothing of the past")
  func wiped() throws {
    let (slave, trees, newest) = try filled()
    var tree = newest
    var changes = Changes()
    changes.remove = tree.entries.keys.map { String(decoding: $0.bytes, as: UTF8.self) }
    #expect(try slave.cycle(changes, on: &tree) == 5)
    #expect(try slave.mirror().names() == [])
    #expect(try differences(slave, trees) == [])
    #expect(try slave.store().generations().all.map(\.number) == [1, 2, 3, 4, 5])
  }

  @Test("a master that overwrites everything, and patches in place what is large, takes nothing of the past")
  func overwritten() throws {
    let (slave, trees, newest) = try filled()
    var tree = newest
    for round in 1...3 as ClosedRange<UInt8> {
      var changes = Changes()
      for (place, entry) in tree.entries {
        guard case .file(let bytes) = entry.content else { continue }
        let name = String(decoding: place.bytes, as: UTF8.self)
        changes.put[name] = Entry(.file(bytes.map { $0 ^ round }))
        if bytes.count > 1 << 20 { changes.patched.insert(name) }
      }
      try slave.cycle(changes, on: &tree)
    }
    #expect(try differences(slave, trees) == [])
  }

  @Test("no lie of a master changes a byte of what older generations need")
  func lying() throws {
    let (slave, trees, _) = try filled()
    let list = try slave.store().generations()
    for lie in lies {
      try slave.serve { master in
        let key = try #require(try master.greet().hashKey)
        _ = kind {
          try lie.tell(master, key)
          while true { _ = try master.answer() }
        }
      }
    }
    #expect(try slave.store().generations() == list)
    #expect(try differences(slave, trees) == [])
  }

  // MARK: Floods

  private static let now = Timestamp(seconds: 1_790_000_000)

  /// Writes a list of generations that all look like the first one, at these times.
  private func list(_ slave: TestSlave, _ times: [Int64]) throws {
    let store = try slave.store()
    let first = try #require(try store.generations().all.first)
    let all = times.enumerated().map { place, seconds in
      Generation(
        number: UInt64(place + 1), time: Timestamp(seconds: seconds), epoch: 1, catalog: first.catalog,
        files: first.files, bytes: first.bytes, changed: 1, isSeed: false, segments: first.segments)
    }
    try store.top.replace(StoreLayout.generations, with: GenerationList(all: all).encode(key: store.key))
  }

  private func pruner(_ slave: TestSlave, maxSize: UInt64? = nil, now: Int64) throws -> Pruner {
    let moment = Timestamp(seconds: now)
    return Pruner(
      try slave.store(), schedule: try RetentionSchedule("15m,1h,1d/7d"), keepWithin: .seconds(86_400),
      maxSize: maxSize,
      isDisabled: false, accounts: Accounts(), clocks: Clocks(now: { moment }, elapsed: Clocks.system.elapsed))
  }

  private func kept(_ outcome: Pruner.Outcome) -> [Int64: [String]] {
    Dictionary(
      uniqueKeysWithValues: outcome.fates.filter { $0.dropped == nil }.map { ($0.generation.time.seconds, $0.keptBy) })
  }

  /// A week of a cycle each quarter of an hour, up to a minute into a slot.
  private static let week = (0..<672).map { now.seconds / 900 * 900 + 60 - Int64(671 - $0) * 900 }

  private static let newest = now.seconds / 900 * 900 + 60

  @Test("a flood of generations pushes nothing out of the schedule: the oldest of each slot stays")
  func flood() throws {
    let (quiet, _) = try filledSlave()
    try list(quiet, Self.week)
    let last = Self.newest
    let before = kept(try pruner(quiet, now: last + 1).preview())
    #expect(before.count > 30)
    // Three thousand in ten minutes.
    let (flooded, _) = try filledSlave()
    try list(flooded, Self.week + (0..<3_000).map { last + 1 + $0 / 5 })
    let outcome = try pruner(flooded, now: last + 700).runWhole(accepts: false)
    #expect(outcome.refusal == nil)
    let times = Set(try flooded.store().generations().all.map(\.time.seconds))
    let lost = before.filter { $0.value != ["newest"] && !times.contains($0.key) }
    #expect(lost == [:])
    #expect(times.count <= before.count + 2)
    // And again, with another flood upon the first.
    try list(flooded, times.sorted() + (0..<2_000).map { last + 701 + $0 / 20 })
    _ = try pruner(flooded, now: last + 900).runWhole(accepts: false)
    let after = Set(try flooded.store().generations().all.map(\.time.seconds))
    #expect(before.filter { $0.value != ["newest"] && !after.contains($0.key) } == [:])
  }

  @Test("with max_size a flood of large generations takes none that is younger than keep_within")
  func floodOfBytes() throws {
    let (slave, _) = try filledSlave()
    try list(slave, Self.week)
    let last = Self.newest
    let store = try slave.store()
    // Each has something of its own in history, which is what max_size counts.
    for generation in try store.generations().all.dropLast() {
      let files = try store.historyFolder(generation.number).makeOrOpenFolder(StoreLayout.files)
      try files.open(.of("own"), [.writing, .creating]).write([UInt8](repeating: 7, count: 8_192))
    }
    let outcome = try pruner(slave, maxSize: 1, now: last + 60).preview()
    let day = last - 86_400
    let plain = kept(try pruner(slave, now: last + 60).preview())
    let limited = kept(outcome)
    #expect(plain.keys.filter { $0 > day }.allSatisfy { limited[$0] != nil })
    #expect(limited.keys.filter { $0 <= day } == [])
    #expect(limited.values.contains { $0.contains("keep_within") })
  }

  @Test("a clock a day back makes no generation older than the one before, and drops nothing that a right clock keeps")
  func clockBack() throws {
    let (slave, _) = try filledSlave()
    try list(slave, Self.week)
    let last = Self.newest
    let store = try slave.store()
    let before = try store.generations()
    #expect(try pruner(slave, now: last - 86_400).runWhole(accepts: false).refusal?.contains("future") == true)
    #expect(try store.generations() == before)
    let right = kept(try pruner(slave, now: last + 1).preview())
    #expect(try kept(pruner(slave, now: last - 86_400).preview()) == right)
  }

  @Test("a cycle whose clock went a day back, and one whose clock is a year ahead, commit with times that only grow")
  func cycleUnderOddClocks() throws {
    let (slave, first) = try filledSlave()
    var tree = first
    let real = Clocks.system.now().seconds
    for (number, moved) in [-86_400, 365 * 86_400, 0].enumerated() {
      let moment = Timestamp(seconds: real + Int64(moved))
      var changes = Changes()
      changes.put = ["srv/a": .file("under clock \(number)")]
      try slave.serve(clocks: Clocks(now: { moment }, elapsed: Clocks.system.elapsed)) {
        try $0.cycle(changes, on: &tree)
      }
    }
    let times = try slave.store().generations().all.map(\.time)
    #expect(times.count == 4 && zip(times, times.dropFirst()).allSatisfy { $0 < $1 }, "\(times)")
    // The jump is seen, and nothing goes for it without a word.
    let pruner = try slave.pruner("15m,1h,1d/7d")
    #expect(try pruner.runWhole(accepts: false).refusal?.isEmpty == false)
    #expect(try slave.store().generations().all.count == 4)
  }
}
