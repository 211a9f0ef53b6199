import HotsyncConfig
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// How the slave treats a generation that no master sent.
@Suite struct SeedTests {
  /// A slave with a seed of the first tree.
  private func seeded(limit: DeletionLimit = .percent(50)) throws -> (TestSlave, Tree) {
    let slave = try TestSlave(limit: limit)
    var tree = Tree()
    let failure = try slave.serve(isSeeding: true) { try $0.cycle(firstTree(), on: &tree) }
    if let failure { throw failure }
    return (slave, tree)
  }

  private func greets(
    _ slave: TestSlave, epoch: Epoch = .first, mine: Epoch = .first, purpose: Hello.Purpose = .cycle,
    saysBye: Bool = false
  ) throws -> Result<Welcome, any Error> {
    var answer: SlaveMessage?
    let failure = try slave.serve(epoch: epoch) { master in
      try master.send(.hello(master.hello(epoch: mine, purpose: purpose, adopts: false)))
      answer = try? master.answer()
      guard saysBye else { return }
      try master.send(.bye)
      _ = try? master.answer()
    }
    guard case .welcome(let welcome)? = answer else { return .failure(failure ?? SupportError("no answer")) }
    return .success(welcome)
  }

  @Test("a seed is a generation like any other, but that no master was seen in step with it")
  func isGeneration() throws {
    let (slave, tree) = try seeded()
    let store = try slave.store()
    let newest = try #require(try store.generations().newest)
    #expect(newest.isSeed && newest.number == 1)
    #expect(try tree.differences(in: slave.mirror()) == [])
    let status = try StatusOfStore(store)
    #expect(status.lastSync == nil && status.seed == newest)
    #expect(try store.lastContact() == nil)
  }

  @Test("whoever comes first may take over a seed, and is told that it is one; a fenced master may not")
  func position() throws {
    let (slave, _) = try seeded()
    let welcome = try greets(slave).get()
    #expect(welcome.isSeed && welcome.position.generation == 1)
    #expect(throws: (any Error).self) {
      try greets(slave, epoch: try #require(Epoch(number: 2, promoter: [UInt8](repeating: 1, count: 16)))).get()
    }
    #expect(try slave.store().generations().newest?.isSeed == true)
  }

  @Test("a master that is in step with a seed has it; one that only looks, or goes away, has not")
  func taken() throws {
    let (slave, _) = try seeded()
    _ = try greets(slave, purpose: .look, saysBye: true)
    _ = try greets(slave)
    #expect(try StatusOfStore(slave.store()).seed != nil)
    _ = try greets(slave, saysBye: true)
    let status = try StatusOfStore(slave.store())
    #expect(status.seed == nil && status.lastSync?.generation == 1)
    // From then on a master without memory is refused.
    #expect(throws: (any Error).self) { try greets(slave).get() }
  }

  @Test("max_delete does not hold a seed's entries, and holds the master's from then on")
  func deletions() throws {
    let (slave, tree) = try seeded(limit: .count(0))
    var master = tree
    var changes = Changes()
    changes.remove = ["srv.d", "srv.d/last"]
    let failure = try slave.serve { try $0.deleting(changes.remove, from: &master) }
    #expect(failure == nil)
    changes.remove = ["srv/a"]
    var again = master
    #expect(throws: (any Error).self) {
      try slave.serve { try $0.deleting(changes.remove, from: &again) }
    }
    #expect(try master.differences(in: slave.mirror()) == [])
  }

  @Test("a store with a generation is not seeded, whoever made that")
  func refused() throws {
    let (slave, tree) = try seeded()
    let before = try slave.picture()
    var other = tree
    for _ in 0..<2 {
      var refusal: (any Error)?
      do { try slave.serve(isSeeding: true) { try $0.cycle(Changes(), on: &other) } } catch { refusal = error }
      #expect((refusal as? any HotsyncError)?.kind == .refused)
      #expect(changes(before, try slave.picture()) == [])
    }
    #expect(throws: StoreError.self) { try slave.store().requireNoGeneration() }
  }
}

extension ScriptedMaster {
  /// A whole cycle whose deletions nobody accepted.
  fileprivate func deleting(_ names: [String], from tree: inout Tree) throws {
    let welcome = try greet()
    let key = try #require(welcome.hashKey)
    var after = tree
    for name in names { after.entries[try path(name)] = nil }
    try begin(deletions: names.count, acceptsDeletions: false)
    for place in try names.map(path).sorted() { try send(.remove(place)) }
    try send(.seal(try after.digest(key: key)))
    guard case .sealed = try answer() else { throw Unexpected() }
    try send(.commit)
    guard case .committed = try answer() else { throw Unexpected() }
    try send(.bye)
    tree = after
  }
}
