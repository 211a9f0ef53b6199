import HotsyncCatalog
import HotsyncConfig
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

extension Pruner {
  /// What stopped the folding, too, is an error here.
  func runWhole(accepts: Bool) throws(StoreError) -> Outcome {
    let outcome = try run(accepts: accepts)
    if let failure = outcome.failure { throw failure }
    return outcome
  }
}

extension TestSlave {
  func pruner(_ schedule: String = "1h,1d/7d", maxSize: UInt64? = nil, isDisabled: Bool = false) throws -> Pruner {
    Pruner(
      try store(), schedule: try RetentionSchedule(schedule), keepWithin: .seconds(3_600), maxSize: maxSize,
      isDisabled: isDisabled, accounts: Accounts())
  }

  /// Drops generations by hand: takes them off the list, as a prune does, and lets a prune fold what they had.
  func drop(_ numbers: Set<UInt64>) throws {
    let store = try store()
    let list = try store.generations()
    let kept = GenerationList(all: list.all.filter { !numbers.contains($0.number) })
    try store.top.replace(StoreLayout.generations, with: kept.encode(key: store.key))
    _ = try pruner(isDisabled: true).runWhole(accepts: true)
  }
}

@Suite struct PruneTests {
  @Test("whatever generations go, the others come back as the master had them", arguments: 0..<4)
  func random(_ round: Int) throws {
    var random = SeededGenerator(announcing: "prune \(round)")
    var past = Past(try TestSlave(), random.split())
    for _ in 0..<8 {
      for _ in 0..<random.number(1...4) { try past.cycle() }
      let listed = try past.slave.store().generations().all.map(\.number)
      try past.slave.drop(Set(listed.dropLast().filter { _ in random.chance(350) }))
      #expect(try past.differences() == [], "seed \(random.seed)")
    }
    let store = try past.slave.store()
    let listed = Set(try store.generations().all.map(\.number))
    #expect(Set(try HistoryLevel.numbers(in: store.history)).isSubset(of: listed))
    #expect(try StoreVerification(store, share: 1, accounts: Accounts()).run().damaged == [])
    let segments = Set(try store.generations().all.flatMap(\.segments))
    #expect(Set(try store.catalogFolder.names()) == segments)
  }

  @Test("what an elder has as a further name of another file stays for those before it, which have it as the first")
  func furtherName() throws {
    let slave = try TestSlave(limit: .percent(100))
    var tree = Tree()
    var copies: [Tree] = []
    func cycle(_ put: [String: Entry], moved: [String: String] = [:]) throws {
      var changes = Changes()
      changes.put = put
      changes.moved = moved
      try slave.cycle(changes, on: &tree)
      copies.append(tree)
    }
    try cycle(["b": .file("what was first b")])
    try cycle(["a": .file("what was first b"), "b": Entry(.hardLink("a"))], moved: ["a": "b"])
    try cycle(["c": .file("another")])
    try cycle(["a": .file("new a"), "b": .file("new b")])
    try slave.drop([3])
    for number in [1, 2, 4] {
      try slave.restore(to: "out\(number)", from: try slave.pin("\(number)"))
      let out = try slave.scratch.makeOrOpenFolder("out\(number)")
      #expect(try copies[number - 1].differences(in: out) == [], "generation \(number)")
    }
  }

  @Test("a generation that is read is not dropped, and its reader goes on")
  func read() throws {
    let (slave, before) = try filledSlave()
    var tree = before
    let pinned = try slave.pin("1")
    for text in ["two", "three"] {
      var changes = Changes()
      changes.put = ["srv/a": .file(text)]
      try slave.cycle(changes, on: &tree)
    }
    let outcome = try slave.pruner("1s/1s").runWhole(accepts: true)
    // The second one may be of the same second as the newest.
    let kept = outcome.fates.filter { $0.dropped == nil }
    #expect(
      kept.first?.generation.number == 1 && kept.first?.keptBy.contains("read") == true
        && kept.last?.generation.number == 3)
    try slave.restore(from: pinned)
    #expect(try before.differences(in: try slave.scratch.makeOrOpenFolder("out")) == [])
  }

  @Test("a preview writes nothing")
  func preview() throws {
    var past = Past(try TestSlave(), SeededGenerator(seed: 7))
    for _ in 0..<4 { try past.cycle() }
    let before = try past.slave.picture()
    let outcome = try past.slave.pruner("1s/1s").preview()
    #expect(outcome.fates.map(\.generation.number) == [1, 2, 3, 4])
    #expect(changes(before, try past.slave.picture()) == [])
  }

  @Test("a second prune at the same time is refused")
  func busy() throws {
    let (slave, _) = try filledSlave()
    let lock = try slave.store().tryLock(StoreLayout.name("prune.lock"))
    #expect(kind { _ = try slave.pruner().runWhole(accepts: false) } == .busy)
    withExtendedLifetime(lock) {}
  }

  @Test("a prune that is interrupted anywhere is gone on with by the next", arguments: 0..<3)
  func interrupted(_ round: Int) throws {
    var random = SeededGenerator(announcing: "interrupted prune \(round)")
    var past = Past(try TestSlave(), random.split())
    for _ in 0..<6 { try past.cycle() }
    let store = try past.slave.store()
    // As it would be after a crash in the middle of folding: off the list, with some of the work done.
    let list = try store.generations()
    let kept = GenerationList(all: list.all.filter { ![2, 3, 4].contains($0.number) })
    try store.top.replace(StoreLayout.generations, with: kept.encode(key: store.key))
    #expect(try past.differences() == [], "seed \(random.seed)")
    var steps = 0
    let limit = random.number(0...4)
    let isStopped =
      kind {
        try Fold(store, 2, into: kept.all[0]) { () throws(StoreError) in
          steps += 1
          if steps > limit { throw StoreError.busy("it", "the test stops it") }
        }.run()
      } == .busy
    #expect(isStopped == (steps > limit))
    #expect(try past.differences() == [], "seed \(random.seed)")
    _ = try past.slave.pruner(isDisabled: true).runWhole(accepts: true)
    #expect(try past.differences() == [], "seed \(random.seed)")
    #expect(try HistoryLevel.numbers(in: store.history).filter { [2, 3, 4].contains($0) } == [])
  }
}
