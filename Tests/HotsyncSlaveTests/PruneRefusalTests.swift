import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// What `prune` does not do without `--accept`, by the executable on stores whose past was written by hand.
@Suite struct PruneRefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: [String]
    /// Of the generations, in seconds before now; oldest first.
    let ages: [Int64]
    /// What the last prune left.
    var left: Int?
  }

  /// Each has something that the schedule `15m,1h,1d/7d` would drop.
  static let cases = [
    Case(
      testDescription: "less than half of what the last one left",
      words: ["less than half", "the 40 that the last prune left"],
      ages: (0..<40).map { 400 - $0 * 10 }, left: 40),
    Case(
      testDescription: "a newest generation from the future", words: ["from the future", "clock"],
      ages: [30, 20, 10, -86_400 * 365]),
    Case(
      testDescription: "a gap of more than the schedule's total", words: ["more than 7d", "schedule's total"],
      ages: [86_400 * 30 + 20, 86_400 * 30 + 10, 86_400 * 30, 60]),
  ]

  private func run(_ slave: TestSlave, _ words: String...) throws -> RunningProgram.Result {
    try RunningProgram.run("hotsync-slave", words + ["--root", slave.scratch.path])
  }

  private func filled(_ setting: Case) throws -> TestSlave {
    let (slave, _) = try filledSlave()
    try slave.configure()
    let store = try slave.store()
    let first = try #require(try store.generations().newest)
    let now = Clocks.system.now().seconds
    let all = setting.ages.enumerated().map { place, age in
      Generation(
        number: UInt64(place + 1), time: Timestamp(seconds: now - age), epoch: 1, catalog: first.catalog,
        files: first.files, bytes: first.bytes, changed: 1, isSeed: false, segments: first.segments)
    }
    try store.top.replace(StoreLayout.generations, with: GenerationList(all: all).encode(key: store.key))
    if let left = setting.left { try store.note(PruneMemory(left: left, accepted: 0)) }
    return slave
  }

  @Test("a prune that looks like an accident is 77, changes nothing, and is done with --accept", arguments: cases)
  func refused(_ setting: Case) throws {
    let slave = try filled(setting)
    let before = try slave.picture()
    let list = try slave.store().generations()
    let refused = try run(slave, "prune")
    #expect(refused.flaws(code: 77, setting.words + ["prune --accept"]) == [], "\(refused)")
    let preview = try run(slave, "prune", "--dry-run")
    #expect(preview.exitCode == 0 && setting.words.allSatisfy { preview.outputText.contains($0) }, "\(preview)")
    #expect(try changes(before, slave.picture()).filter { !$0.hasPrefix("/prune.lock") } == [])
    #expect(try slave.store().generations() == list)
    let accepted = try run(slave, "prune", "--accept")
    #expect(accepted.exitCode == 0, "\(accepted)")
    #expect(try slave.store().generations().all.count < list.all.count)
    // What was accepted is not asked about again.
    let again = try run(slave, "prune")
    #expect(again.exitCode == 0, "\(again)")
  }
}
