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
    /// Oldest first, each with the digest of its catalog.
    let generations: [UInt64: CatalogDigest]
    let newest: UInt64
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
    let list = try slave.store().generations()
    return State(
      mirror: try TreeSnapshot(of: slave.scratch.path(mirrorPath)),
      generations: Dictionary(uniqueKeysWithValues: list.all.map { ($0.number, $0.catalog) }),
      newest: list.newest?.number ?? 0)
  }

  // MARK: The stores

  /// Three generations, and what a master says in a cycle that brings the fourth.
  static let beforeCycle = Result { () throws in
    let slave = try TestSlave(limit: .percent(100), in: ScratchFolder.memory)
    var tree = Tree()
    for changes in [SweptChanges.first, SweptChanges.earlier(2), SweptChanges.earlier(3)] {
      try slave.cycle(changes, on: &tree)
    }
    return SweptStore(slave, tree)
  }
}

/// Opens a store after something went wrong with it, and holds it to what it may be.
struct StoreExamination {
  let slave: TestSlave
  let store: Store
  /// The number of the newest generation before anything was mended, or of the one that the journal brings.
  let newest: UInt64

  /// Rolls forward what there is to roll forward.
  init(_ slave: TestSlave) throws {
    self.slave = slave
    store = try slave.store()
    let metadata = MetadataWriter(accounts: SweptStore.accounts)
    var number = try store.generations().newest?.number ?? 0
    if try store.hasJournal(), let bytes = try store.top.content(of: StoreLayout.journal, limit: Journal.limit) {
      number = max(number, try Journal.parse(bytes, key: store.key).generation.number)
    }
    newest = number
    try Committer(store: store, metadata: metadata).settle()
  }

  /// What is not as it is in that state; nothing where all is.
  func differences(to state: SweptStore.State) throws -> [String] {
    var lines: [String] = []
    if try store.hasJournal() { lines.append("there still is a journal") }
    let mirror = try TreeSnapshot(of: slave.scratch.path(SweptStore.mirrorPath))
    lines += mirror.differences(to: state.mirror, .all.subtracting([.space, .root]))
    let list = try store.generations().all
    let catalogs = Dictionary(list.map { ($0.number, $0.catalog) }) { $1 }
    if catalogs != state.generations { lines.append("it lists \(catalogs.keys.sorted()), or their catalogs differ") }
    return try lines + losses()
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
