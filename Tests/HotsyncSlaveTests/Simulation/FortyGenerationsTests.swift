import HotsyncConfig
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// A fortnight of a store, with a copy of the tree kept at every generation.
@Suite struct FortyGenerationsTests {
  private static let schedule = "1h,1d/7d"

  /// A few within an hour, then hours or a night without one.
  private static func pause(_ random: inout SeededGenerator) -> Int64 {
    switch random.number(0...9) {
    case 0...3: Int64(random.number(300...1_500))
    case 4...7: Int64(random.number(3_600...6 * 3_600))
    default: Int64(random.number(10 * 3_600...30 * 3_600))
    }
  }

  @Test(
    "forty generations with random edits between them, pruned now and then, come back as they were", arguments: 0..<2)
  func forty(_ round: Int) throws {
    var random = SeededGenerator(announcing: "forty generations \(round)")
    let note = Comment(rawValue: "seed \(random.seed)")
    let clock = MovedClock(Timestamp(seconds: 1_795_000_000 + Int64(random.number(0...86_400))))
    let slave = try TestSlave(limit: .percent(100), in: ScratchFolder.memory)
    var edits = RandomEdits(random.split())
    var tree = Tree()
    var copies: [UInt64: Tree] = [:]
    var kept: [NaiveRetention.Generation] = []
    var dropped = 0
    for number in 1...40 as ClosedRange<UInt64> {
      clock.move(by: FortyGenerationsTests.pause(&random))
      let changes = try edits.changes(to: tree)
      var committed: UInt64 = 0
      let error = try slave.serve(clocks: clock.clocks) { committed = try $0.cycle(changes, on: &tree) }
      #expect(error == nil && committed == number, note)
      copies[number] = tree
      kept.append(NaiveRetention.Generation(number: number, seconds: clock.now.seconds))
      guard [9, 16, 17, 25, 32, 40].contains(number) else { continue }
      let wanted = try NaiveRetention(FortyGenerationsTests.schedule).survivors(of: kept).union([number])
      dropped += kept.count - wanted.count
      let pruner = Pruner(
        try slave.store(), schedule: try RetentionSchedule(FortyGenerationsTests.schedule), keepWithin: .zero,
        maxSize: nil, isDisabled: false, accounts: Accounts(), clocks: clock.clocks)
      #expect(try pruner.runWhole(accepts: true).refusal == nil)
      let listed = try slave.store().generations().all.map(\.number)
      #expect(listed == wanted.sorted(), note)
      kept = kept.filter { wanted.contains($0.number) }
      for generation in listed {
        #expect(try differences(slave, generation, copies[generation]) == [], note)
      }
    }
    // Both happened, or nothing was tested.
    #expect(dropped >= 10 && kept.count >= 5, "\(dropped) dropped, \(kept.count) kept, \(note)")
    let verification = StoreVerification(try slave.store(), share: 1, accounts: Accounts(), clocks: clock.clocks)
    #expect(try verification.run().damaged == [], note)
    print("forty generations, seed \(random.seed): \(dropped) dropped, \(kept.map(\.number)) kept")
  }

  private func differences(_ slave: TestSlave, _ generation: UInt64, _ copy: Tree?) throws -> [String] {
    let name = "out-\(generation)"
    defer { try? slave.scratch.folder.removeTree(FileName.of(name)) }
    let result = try slave.restore(to: name, from: try slave.pin("\(generation)"))
    return try result.damaged.map { "\(generation): \($0.path) \($0.what)" }
      + #require(copy).differences(in: slave.scratch.makeOrOpenFolder(name)).map { "\(generation): \($0)" }
  }
}
