import HotsyncCatalog
import Testing

@Suite struct SegmentFoldingTests {
  /// What a run of cycles wrote.
  private struct Outcome {
    var written: UInt64 = 0
    var changed: UInt64 = 0
    var most = 0
    var largestWrite: UInt64 = 0
  }

  private func simulate(cycles: Int, base: UInt64, new: (Int) -> UInt64) -> Outcome {
    var lengths = [base]
    var outcome = Outcome()
    for cycle in 0..<cycles {
      let fresh = new(cycle)
      let count = SegmentFolding.count(new: fresh, lengths: lengths)
      let folded = lengths.prefix(count).reduce(fresh, +)
      // Nothing overwrites anything here: the worst case.
      lengths.replaceSubrange(0..<count, with: [folded])
      outcome.changed += fresh
      outcome.written += folded
      outcome.largestWrite = max(outcome.largestWrite, folded)
      outcome.most = max(outcome.most, lengths.count)
    }
    return outcome
  }

  private static let base: UInt64 = 150 << 20

  @Test("5,000 cycles of one changed file each write little, always, beside the largest base")
  func oneFile() {
    let outcome = simulate(cycles: 5_000, base: Self.base) { _ in 300 }
    #expect(outcome.written / 5_000 < 64 << 10)
    #expect(outcome.largestWrite < 400 << 10)
    #expect(outcome.most <= 8)
  }

  @Test(
    "whatever the cycles change, segments are few and a byte is rewritten a few times",
    arguments: [
      (3_000, 32), (30_000, 8), (300_000, 8), (3_000_000, 8),
    ])
  func amplification(_ new: UInt64, _ limit: UInt64) {
    // Below 96 KiB all is folded each time, so that the smallest changes are rewritten most often.
    for spread in [1, 2, 16] as [UInt64] {
      let outcome = simulate(cycles: 5_000, base: Self.base) { new / spread + UInt64($0 * 7_919) % new }
      #expect(outcome.written / outcome.changed <= limit, "\(new) bytes a cycle, \(spread)")
      #expect(outcome.most <= SegmentFolding.most)
    }
  }

  @Test("the base is rewritten only once the changes since are as large as half of it")
  func base() {
    var lengths = [Self.base]
    var since: UInt64 = 0
    for _ in 0..<20_000 {
      let count = SegmentFolding.count(new: 20_000, lengths: lengths)
      since += 20_000
      let folded = lengths.prefix(count).reduce(20_000, +)
      if count == lengths.count {
        #expect(since >= lengths[count - 1] / 2 - 1)
        since = 0
      }
      lengths.replaceSubrange(0..<count, with: [folded])
    }
    #expect(lengths.last != Self.base, "it was, in time")
  }

  @Test("lengths that nobody can have do not trap")
  func extremes() {
    for new in [0, 1, UInt64.max / 4, .max] {
      #expect(SegmentFolding.count(new: new, lengths: [.max, .max, 0, 1]) <= 4)
      #expect(SegmentFolding.count(new: new, lengths: Array(repeating: .max, count: 40)) <= 40)
    }
  }
}
