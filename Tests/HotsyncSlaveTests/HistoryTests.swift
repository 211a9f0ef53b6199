import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// A store, and copies of what the master had at each generation.
struct Past {
  let slave: TestSlave
  var trees: [UInt64: Tree] = [:]
  private var edits: RandomEdits
  private var now = Tree()

  init(_ slave: TestSlave, _ random: SeededGenerator) {
    self.slave = slave
    edits = RandomEdits(random)
  }

  mutating func cycle() throws {
    let changes = try edits.changes(to: now)
    let number = try slave.cycle(changes, on: &now)
    trees[number] = now
  }

  /// How what is kept differs from the copies, in words.
  func differences() throws -> [String] {
    var found: [String] = []
    for generation in try slave.store().generations().all {
      let name = "out\(generation.number)"
      let result = try slave.restore(to: name, from: try slave.pin(String(generation.number)))
      found += result.damaged.map { "\(generation.number): \($0.path) \($0.what)" }
      let out = try slave.scratch.makeOrOpenFolder(name)
      found += try #require(trees[generation.number]).differences(in: out).map { "\(generation.number): \($0)" }
      try slave.scratch.open().removeTree(try #require(FileName(name)))
    }
    return found
  }
}

@Suite struct HistoryTests {
  @Test("every generation comes back as the master had it", arguments: 0..<4)
  func random(_ round: Int) throws {
    var random = SeededGenerator(announcing: "history \(round)")
    var past = Past(try TestSlave(), random.split())
    for _ in 0..<20 { try past.cycle() }
    #expect(try past.slave.store().generations().all.count == 20)
    #expect(try past.differences() == [], "seed \(random.seed)")
    #expect(try StoreVerification(past.slave.store(), share: 1, accounts: Accounts()).run().damaged == [])
  }
}
