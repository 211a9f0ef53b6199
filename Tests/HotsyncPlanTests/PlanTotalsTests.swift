import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@Suite struct PlanTotalsTests {
  /// A file as it was, if it was, and as it is; and the space that it needs.
  struct Case: CustomTestStringConvertible {
    let what: String
    let old: UInt64?
    let size: UInt64
    let allocated: UInt64
    let needed: UInt64
    var testDescription: String { what }
  }

  private static let cases = [
    Case(what: "new", old: nil, size: 1_000, allocated: 4_096, needed: 1_000),
    Case(what: "new and empty", old: nil, size: 0, allocated: 0, needed: 0),
    Case(what: "new with holes", old: nil, size: 1 << 40, allocated: 8_192, needed: 8_192),
    Case(what: "all hole", old: nil, size: 1 << 40, allocated: 0, needed: 0),
    Case(what: "as large as before", old: 1_000, size: 1_000, allocated: 4_096, needed: 0),
    Case(what: "grown", old: 1_000, size: 5_000, allocated: 8_192, needed: 4_000),
    Case(what: "grown from nothing", old: 0, size: 5_000, allocated: 8_192, needed: 5_000),
    Case(what: "grown by a hole", old: 1_000, size: 1 << 40, allocated: 4_096, needed: 3_096),
    Case(what: "shrunk", old: 5_000, size: 1_000, allocated: 4_096, needed: 0),
    Case(what: "shrunk to nothing", old: 5_000, size: 0, allocated: 0, needed: 0),
    Case(what: "with holes that it did not have", old: 1 << 40, size: 1 << 40, allocated: 4_096, needed: 0),
    Case(what: "as large as can be", old: nil, size: .max, allocated: .max, needed: .max),
  ]

  @Test("the space needed is that of new files, and that by which old ones grow", arguments: cases)
  func countsSpace(file: Case) throws {
    var entry = try Entry("a", .regular(size: file.size))
    entry.allocated = file.allocated
    let step: Step =
      if let old = file.old {
        .examine(entry.sighting, old: try Entry("a", .regular(size: old)).record)
      } else { .create(entry.sighting) }
    var totals = PlanTotals()
    totals.note(step)
    #expect(totals.spaceNeeded == file.needed)
    #expect(totals.bytesToSend == file.size && totals.steps == 1 && totals.removals == 0)
  }

  @Test("a file in place of another kind of entry needs all of its space")
  func countsReplacements() throws {
    var totals = PlanTotals()
    totals.note(.replace(try Entry("a").sighting, old: try Entry("a", .symbolicLink).record))
    #expect(totals.spaceNeeded == 1_000 && totals.bytesToSend == 1_000)
  }

  @Test("folders and links are steps that send no bytes and need no space, also in place of a file")
  func countsOthers() throws {
    var totals = PlanTotals()
    let old = try Entry("b").record
    for kind in [Sighting.Kind.folder, .symbolicLink, .hardLink(leader: try .of("a"))] {
      let sighting = try Entry("b", kind).sighting
      for step in [Step.create(sighting), .replace(sighting, old: old)] { totals.note(step) }
    }
    var expected = PlanTotals()
    expected.steps = 6
    #expect(totals == expected)
  }

  @Test("removals are counted as such and give no space that others could count on")
  func countsRemovals() throws {
    var totals = PlanTotals()
    totals.note(.create(try Entry("a").sighting))
    for name in ["b", "c"] { totals.note(.remove(try Entry(name).record)) }
    var expected = PlanTotals()
    expected.steps = 3
    expected.removals = 2
    expected.bytesToSend = 1_000
    expected.spaceNeeded = 1_000
    #expect(totals == expected)
  }

  @Test("all entries are seen; further names are files whose bytes count once")
  func countsSightings() throws {
    var totals = PlanTotals()
    for (name, kind) in [
      ("a", .folder), ("a/b", .regular(size: 10)), ("a/c", .regular(size: 5)), ("a/d", .symbolicLink),
      ("a/e", .hardLink(leader: try .of("a/b"))),
    ] as [(String, Sighting.Kind)] {
      totals.noteSighting(try Entry(name, kind).sighting)
    }
    var expected = PlanTotals()
    expected.seen = 5
    expected.files = 4
    expected.bytes = 15
    #expect(totals == expected)
  }

  @Test("sizes that no disk has do not stop the count")
  func survivesHugeSizes() throws {
    var entry = try Entry("a", .regular(size: .max))
    entry.allocated = .max
    var totals = PlanTotals()
    for _ in 0..<3 {
      totals.noteSighting(entry.sighting)
      totals.note(.create(entry.sighting))
    }
    #expect(totals.seen == 3 && totals.steps == 3)
  }
}
