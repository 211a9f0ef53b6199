import HotsyncCatalog
import HotsyncConfig
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// A store on which something is done again and again, each time on a copy of it and with another fault.
final class SweptStore: Sendable {
  /// What a store holds, as far as it is promised.
  struct State: Sendable {
    let mirror: TreeSnapshot
    /// Each with the digest of its catalog.
    let generations: [UInt64: CatalogDigest]
    let snapshots: [Snapshot]

    /// What tells it from others: the contents follow from it.
    func isListed(as other: State) -> Bool {
      generations.keys == other.generations.keys && snapshots == other.snapshots
    }
  }

  static let mirrorPath = "var/lib/hotsync/standby/mirror/files"
  static let accounts = Accounts()

  let slave: TestSlave
  let tree: Tree

  init(_ slave: TestSlave, _ tree: Tree) {
    self.slave = slave
    self.tree = tree
  }

  func copy() throws -> TestSlave {
    let scratch = try ScratchFolder("swept", in: ScratchFolder.memory)
    try copyTree(slave.scratch.path, into: scratch.path)
    return TestSlave(adopting: scratch)
  }

  static func state(of slave: TestSlave) throws -> State {
    let store = try slave.store()
    return State(
      mirror: try TreeSnapshot(of: slave.scratch.path(mirrorPath)),
      generations: Dictionary(uniqueKeysWithValues: try store.generations().all.map { ($0.number, $0.catalog) }),
      snapshots: try store.snapshots())
  }

  // MARK: The stores

  private static func make(_ cycles: [Changes]) throws -> SweptStore {
    let slave = try TestSlave(limit: .percent(100), in: ScratchFolder.memory)
    var tree = Tree()
    for changes in cycles { try slave.cycle(changes, on: &tree) }
    return SweptStore(slave, tree)
  }

  /// Three generations, before a cycle that brings the fourth.
  static let beforeCycle = Result { try make([SweptChanges.first, SweptChanges.earlier(2), SweptChanges.earlier(3)]) }

  /// Six generations, an hour apart. The second is a snapshot. The fourth was dropped before, so that the third has of one file
  /// both what a commit patched and what a later one displaced.
  static let beforePrune = Result { () throws in
    let made = try make([
      SweptChanges.first, SweptChanges.earlier(2), SweptChanges.earlier(3), SweptChanges.last, SweptChanges.later,
      SweptChanges.latest,
    ])
    let store = try made.slave.store()
    let list = GenerationList(all: try store.generations().all.map { $0.moved(to: time(of: $0.number)) })
    try store.top.replace(StoreLayout.generations, with: list.encode(key: store.key))
    try store.pin(SnapshotName("kept")!, generation: 2, now: time(of: 6))
    try made.slave.drop([4])
    return made
  }

  static func time(of generation: UInt64) -> Timestamp {
    Timestamp(seconds: 1_700_000_000 + 3_600 * Int64(generation))
  }
}

extension Generation {
  fileprivate func moved(to time: Timestamp) -> Generation {
    Generation(
      number: number, time: time, epoch: epoch, catalog: catalog, files: files, bytes: bytes, changed: changed,
      isSeed: isSeed, segments: segments)
  }
}

/// Opens a store after something went wrong with it, and holds it to what it may be.
struct StoreExamination {
  let slave: TestSlave
  let store: Store

  /// Brings it to a whole generation first.
  init(_ slave: TestSlave) throws {
    self.slave = slave
    store = try slave.store()
    try Committer(store: store, metadata: MetadataWriter(accounts: SweptStore.accounts)).settle()
  }

  /// Which of the states it is in, by its lists, and what is not as it is there; nil where it is in none.
  func find(in states: [SweptStore.State]) throws -> (index: Int, differences: [String])? {
    let found = try SweptStore.state(of: slave)
    guard let index = states.firstIndex(where: { $0.isListed(as: found) }) else { return nil }
    var lines: [String] = []
    if try store.hasJournal() { lines.append("there still is a journal") }
    lines += found.mirror.differences(to: states[index].mirror, .all.subtracting([.space, .root]))
    if found.generations != states[index].generations { lines.append("its catalogs differ") }
    return (index, try lines + losses())
  }

  /// What the generations that are kept cannot give back.
  func losses() throws -> [String] {
    try store.generations().all.flatMap { try losses(of: $0) }
  }

  private func losses(of generation: Generation) throws -> [String] {
    let pinned = try PinnedGeneration.open(store, "\(generation.number)", accounts: SweptStore.accounts)
    let cursor = try pinned.catalog.cursor()
    let copier = ContentCopier(key: store.key)
    var digest = CatalogDigest.empty
    var lines: [String] = []
    while let record = cursor.current?.record {
      digest.add(record.digest(key: store.key))
      if case .regular(let size, let content) = record.content,
        try !pinned.withContent(
          at: record.path,
          { (file) throws(StoreError) in try copier.isSound(file, size: size, digest: content) })
      {
        lines.append("generation \(generation.number) has lost \(record.path)")
      }
      try cursor.advance()
    }
    if digest != generation.catalog { lines.append("generation \(generation.number) has lost its catalog") }
    return lines
  }
}
