import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPromote

@Suite struct JournalTests {
  private static let start = PromotionStart(
    number: 3, connection: "standby", generation: 7, masterHost: "old", epoch: 2,
    promoter: String(repeating: "0", count: 32), options: PromotionOptions())

  private func written(_ scratch: ScratchFolder) throws -> [JournalLine] {
    let journal = try Journal(in: scratch.folder, start: JournalTests.start, clocks: .system)
    try journal.add(.decided(.announce, answers: ["a": "ü\n"]))
    let odd = LivePath(RelativePath([0xFF, 0x41])!)
    try journal.add(
      .planned(
        .announce, plan: StepPlan(actions: [.write(odd, StoredBytes([0xFE, 0]), FileOwner(mode: 0o4755))])))
    return journal.lines
  }

  @Test("a journal is read as it was written, odd bytes and all")
  func readBack() throws {
    let scratch = try ScratchFolder()
    let lines = try written(scratch)
    #expect(try Journal.lines(in: scratch.folder) == lines)
    let again = try #require(try Journal(in: scratch.folder, clocks: .system))
    #expect(again.lines == lines)
    try again.add(.about(.announce, index: 0, before: Before()))
    #expect(try Journal.lines(in: scratch.folder)?.count == 4)
  }

  @Test("a last line that was cut short counts for nothing, and is gone on from")
  func cutShort() throws {
    let scratch = try ScratchFolder()
    let lines = try written(scratch)
    let bytes = try #require(try scratch.folder.content(of: FileName(checked: Journal.name), limit: 1 << 20))
    let last = try #require(bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")))
    for length in (last + 1)..<bytes.count {
      try scratch.write(Array(bytes.prefix(length)), to: Journal.name)
      let journal = try #require(try Journal(in: scratch.folder, clocks: .system))
      #expect(journal.lines == Array(lines.dropLast()))
      try journal.add(.planned(.announce, plan: StepPlan()))
      #expect(try Journal.lines(in: scratch.folder)?.count == lines.count)
    }
  }

  @Test("no bit of a line that is followed by another can be flipped unseen")
  func flipped() throws {
    let scratch = try ScratchFolder()
    _ = try written(scratch)
    let bytes = try #require(try scratch.folder.content(of: FileName(checked: Journal.name), limit: 1 << 20))
    let first = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
    for index in stride(from: 0, through: first, by: 3) {
      var flipped = bytes
      flipped[index] ^= 0x10
      try scratch.write(flipped, to: Journal.name)
      #expect(throws: PromoteError.self, "\(index)") { try Journal.lines(in: scratch.folder) }
    }
  }
}
