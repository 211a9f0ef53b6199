import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncMaster

@Suite struct PlanMakerTests {
  /// Has every entry looked at as a whole.
  private final class WithoutPassing: ScanTaker {
    let maker: PlanMaker
    init(_ maker: PlanMaker) { self.maker = maker }
    func passesUnchanged(_ path: [UInt8], _ status: FileStatus, owners: [UInt8], isOnTheWay: Bool) -> Bool { false }
    func take(_ event: ScanEvent) throws { try maker.take(event) }
  }

  private struct Plan: Equatable {
    var steps: [Step] = []
    var totals = PlanTotals()
  }

  private func plan(
    _ tree: WalkedTree, _ catalog: Catalog, isFull: Bool, damaged: Set<RelativePath>, passes: Bool
  ) throws -> Plan {
    let spool = PlanSpool(try Descriptor.memoryFile())
    let maker = try PlanMaker(catalog, spool: spool, isFull: isFull, damaged: damaged)
    if passes { try tree.scanner().run(maker) } else { try tree.scanner().run(WithoutPassing(maker)) }
    try maker.finish()
    var plan = Plan(totals: maker.totals)
    while let step = try spool.next() { plan.steps.append(step) }
    return plan
  }

  @Test("passing over what has not changed leaves the plan as it would be if every entry were looked at as a whole")
  func agrees() throws {
    var random = SeededGenerator(announcing: "plans")
    for _ in 0..<12 {
      let tree = try WalkedTree()
      try TreeMaker.make(in: tree.scratch.path("data"), seed: random.next(), files: 150, largestSize: 1_000)
      let events = try tree.walk()
      let catalog = try randomCatalog(events.compactMap(\.sighting), &random)
      let isFull = random.chance(100)
      let some = events.compactMap(\.sighting?.path).filter { _ in random.chance(5) }
      let damaged = random.chance(300) ? Set(some) : []
      let expected = try plan(tree, catalog, isFull: isFull, damaged: damaged, passes: false)
      let actual = try plan(tree, catalog, isFull: isFull, damaged: damaged, passes: true)
      let difference = zip(actual.steps, expected.steps).first { $0 != $1 }
      let isSame = actual == expected
      #expect(isSame, "HOTSYNC_SEED=\(random.seed): \(actual.totals), \(expected.totals), \(difference as Any)")
      #expect(expected.steps.count > 10 && (isFull || expected.steps.count < events.count))
    }
  }

  /// A catalog of what was seen, with some of it changed in one way or another, in up to three segments.
  private func randomCatalog(_ sightings: [Sighting], _ random: inout SeededGenerator) throws -> Catalog {
    let key = try #require(HashKey(bytes: random.bytes(HashKey.byteCount)))
    var layers: [[SegmentEntry]] = [[], [], []]
    for sighting in sightings {
      let layer = random.below(3)
      layers[layer].append(random.chance(150) ? random.changed(sighting) : sighting.entry())
      if random.chance(100), let older = (0..<3).last(where: { $0 > layer }) {
        layers[older].append(random.chance(500) ? .removed(sighting.path) : random.changed(sighting))
      }
      // Something that is no longer there.
      if random.chance(50), let gone = sighting.path.appending(try .of("\u{1}gone")) {
        layers[layer].append(.present(Record(path: gone, content: .fifo, metadata: .ofLeader), nil))
      }
    }
    return Catalog(segments: try layers.map { try segment($0, key) }, key: key)
  }

  private func segment(_ entries: [SegmentEntry], _ key: HashKey) throws -> Segment {
    let file = try Descriptor.memoryFile()
    var writer = try SegmentWriter(file.duplicate(), key: key)
    for entry in entries.sorted(by: { $0.path < $1.path }) { try writer.append(entry) }
    _ = try writer.finish()
    return try Segment(file, key: key)
  }
}

extension Sighting {
  /// As the catalog keeps it.
  fileprivate func entry(
    modified: Timestamp? = nil, owner: Owner? = nil, size: UInt64 = 0, inode: UInt64? = nil, changed: Timestamp? = nil,
    isTooFresh: Bool = false, hasStamp: Bool = true
  ) -> SegmentEntry {
    let content: Content =
      switch kind {
      case .regular(let real): .regular(size: real + size, digest: .zero)
      case .folder: .folder
      case .symbolicLink: .symbolicLink(target: [46])
      case .fifo: .fifo
      case .device(let isBlock, let number): .device(isBlock: isBlock, number)
      case .hardLink(let leader): .hardLink(leader: leader)
      }
    var metadata = Metadata(
      permissions: permissions, owner: owner ?? self.owner, group: group, modified: modified ?? self.modified,
      attributes: [])
    if case .hardLink = content { metadata = .ofLeader }
    let stamp = Stamp(
      inode: inode ?? self.inode, changed: changed ?? self.changed, born: born, isTooFresh: isTooFresh)
    return .present(Record(path: path, content: content, metadata: metadata), hasStamp ? stamp : nil)
  }
}

extension SeededGenerator {
  /// An entry that differs from what was seen in one thing.
  fileprivate mutating func changed(_ sighting: Sighting) -> SegmentEntry {
    let time = Timestamp(seconds: Int64(below(1_000)))
    switch below(8) {
    case 0: return sighting.entry(modified: time)
    case 1: return sighting.entry(owner: Owner(id: sighting.owner.id, name: Array("other".utf8)))
    case 2: return sighting.entry(size: 1)
    case 3: return sighting.entry(inode: sighting.inode &+ 1)
    case 4: return sighting.entry(changed: time)
    case 5: return sighting.entry(isTooFresh: true)
    case 6: return sighting.entry(hasStamp: false)
    default: return .present(Record(path: sighting.path, content: .fifo, metadata: .ofLeader), nil)
    }
  }
}
