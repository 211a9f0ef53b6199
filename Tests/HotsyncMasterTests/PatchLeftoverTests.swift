import HotsyncDelta
import HotsyncProtocol
import TestSupport
import Testing

@testable import HotsyncMaster

@Suite struct PatchLeftoverTests {
  private func stretch(_ range: Range<UInt64>) -> Stretch {
    Stretch(offset: range.lowerBound, length: range.upperBound - range.lowerBound)
  }

  private func dirty(_ range: Range<UInt64>) -> ByteRange {
    ByteRange(offset: range.lowerBound, length: range.upperBound - range.lowerBound)
  }

  @Test("a dirty stretch of which nothing is staged is missing whole")
  func nothing() {
    var leftover = PatchLeftover(number: 1)
    #expect(leftover.parts(of: stretch(10..<20)) == [.missing(stretch(10..<20))])
  }

  @Test("what is staged is cut out of the dirty stretch, at its ends and in its middle")
  func cuts() {
    var leftover = PatchLeftover(number: 1)
    for run in [0..<12, 14..<16, 18..<30] as [Range<UInt64>] { leftover.note(stretch(run), within: dirty(10..<20)) }
    #expect(
      leftover.parts(of: stretch(10..<20)) == [
        .staged(stretch(10..<12)), .missing(stretch(12..<14)), .staged(stretch(14..<16)),
        .missing(stretch(16..<18)), .staged(stretch(18..<20)),
      ])
  }

  @Test("runs that touch are one within a dirty stretch, and stay two where a stretch ends between them")
  func joins() {
    var leftover = PatchLeftover(number: 1)
    for run in [0..<4, 4..<8] as [Range<UInt64>] { leftover.note(stretch(run), within: dirty(0..<8)) }
    leftover.note(stretch(8..<12), within: dirty(8..<12))
    #expect(leftover.parts(of: stretch(0..<8)) == [.staged(stretch(0..<8))])
    #expect(leftover.parts(of: stretch(8..<12)) == [.staged(stretch(8..<12))])
  }

  @Test("a run that reaches over two dirty stretches serves both")
  func reachesOver() {
    var leftover = PatchLeftover(number: 1)
    for part in [0..<4, 8..<12] as [Range<UInt64>] { leftover.note(stretch(2..<10), within: dirty(part)) }
    #expect(leftover.parts(of: stretch(0..<4)) == [.missing(stretch(0..<2)), .staged(stretch(2..<4))])
    #expect(leftover.parts(of: stretch(8..<12)) == [.staged(stretch(8..<10)), .missing(stretch(10..<12))])
  }

  @Test("whatever is staged, the parts of a stretch make the stretch", arguments: 0..<50 as Range<UInt64>)
  func property(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var leftover = PatchLeftover(number: 1)
    var staged: Set<UInt64> = []
    var ranges: [Range<UInt64>] = []
    var position: UInt64 = 0
    for _ in 0..<8 {
      let start = position + UInt64(random.below(3))
      let range = start..<(start + UInt64(random.number(1...9)))
      ranges.append(range)
      position = range.upperBound
      var place = range.lowerBound
      while place < range.upperBound {
        let end = min(range.upperBound, place + UInt64(random.number(1...4)))
        if random.chance(500) {
          leftover.note(stretch(place..<end), within: dirty(range))
          staged.formUnion(place..<end)
        }
        place = end
      }
    }
    for range in ranges {
      var next = range.lowerBound
      for part in leftover.parts(of: stretch(range)) {
        let (found, isStaged) = part.told
        #expect(found.offset == next && found.length > 0, "seed \(seed)")
        for byte in found.offset..<found.end { #expect(staged.contains(byte) == isStaged, "seed \(seed)") }
        next = found.end
      }
      #expect(next == range.upperBound, "seed \(seed)")
    }
  }
}

extension PatchLeftover.Part {
  fileprivate var told: (Stretch, Bool) {
    switch self {
    case .staged(let stretch): (stretch, true)
    case .missing(let stretch): (stretch, false)
    }
  }
}
