import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// The Nth system call of a side fails. Every N with `HOTSYNC_SWEEP=all`.
@Suite struct FaultSweepTests {
  struct Plan: Sendable, CustomTestStringConvertible {
    let variable: String
    let error: Int32

    var testDescription: String { "\(variable) \(SystemError(number: error, operation: "", subject: "").cause)" }
  }

  static let plans = [EIO, ENOSPC].flatMap { error in
    ["HOTSYNC_AGENT_FAULT", "HOTSYNC_FAULT"].map { Plan(variable: $0, error: error) }
  }

  @Test(
    "whatever system call of a cycle fails, the generation is whole or absent, and the next cycle goes well",
    arguments: plans)
  func fails(_ plan: Plan) throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let ordeal = try Ordeal(seed: random.seed)
    let isFull = KillSweepTests.isFull
    var (number, failed, rounds, quiet) = (1, 0, 0, 0)
    // Beyond the last call nothing fails any more; now and then a failure is borne without a word.
    while quiet < (isFull ? 40 : 3), number < 20_000 {
      let note = "call \(number) of \(plan.testDescription)"
      try ordeal.round(note) { pair in
        let cycle = try pair.sync([plan.variable: "*:\(number):\(plan.error)"])
        try check(cycle, note, ordeal)
        quiet = cycle.exitCode == 0 ? quiet + 1 : 0
        failed += cycle.exitCode == 0 ? 0 : 1
        return cycle.exitCode == 0 ? .new : cycle.exitCode == 3 ? .partial : .either
      }
      rounds += 1
      number += isFull ? 1 : 1 + random.number((number / 3)...(number / 2))
    }
    print("faults, \(plan.testDescription): \(failed) failed cycles of \(rounds), to call \(number)")
    #expect(failed > 5, "seed \(ordeal.seed)")
  }

  private func check(_ cycle: Cycle, _ note: String, _ ordeal: Ordeal) throws {
    guard let code = cycle.exitCode, honestCodes.contains(code) else { throw ordeal.failure(note, "\(cycle.run)") }
    let said = cycle.run.errorText + cycle.run.outputText
    for word in ["by signal", "Fatal error", "code 70", "\"bug\""] where said.contains(word) {
      throw ordeal.failure(note, "\(cycle.run)")
    }
    if code != 0, code != 3, !hasThreeParts(cycle.run.errorText) { throw ordeal.failure(note, "\(cycle.run)") }
  }

  @Test("a call that a signal interrupts is made again", arguments: ["HOTSYNC_AGENT_FAULT", "HOTSYNC_FAULT"])
  func isInterrupted(_ variable: String) throws {
    let ordeal = try Ordeal(seed: SeededGenerator.testSeed())
    for number in [3, 40, 200] {
      let note = "call \(number) interrupted (\(variable))"
      try ordeal.round(note) { pair in
        let cycle = try pair.sync([variable: "*:\(number):\(EINTR)"])
        guard cycle.exitCode == 0 else { throw ordeal.failure(note, "\(cycle.run)") }
        return .new
      }
    }
  }

  @Test("a further name that could not be looked at while its file was replaced is linked anew by the next cycle")
  func linksAnew() throws {
    let pair = try Pair()
    try pair.scratch.write([1], to: "master/srv/data/a")
    try link(pair)
    try pair.syncWell("committed")
    var incomplete = 0
    for number in 1...40 {
      try pair.scratch.write([UInt8(number), 2], to: "master/srv/data/new")
      try Folder.open(pair.data).rename(name("new"), into: Folder.open(pair.data), as: name("a"))
      try link(pair)
      let cycle = try pair.sync(["HOTSYNC_FAULT": "statx:\(number):\(EIO)"])
      incomplete += cycle.exitCode == 3 ? 1 : 0
      try pair.waitForAgent()
      let next = try pair.sync()
      #expect(next.exitCode == 0, "call \(number): \(next.run)")
      #expect(try pair.differences() == [], "call \(number)")
    }
    #expect(incomplete > 0)
  }

  private func name(_ text: String) -> FileName { FileName(text)! }

  private func link(_ pair: Pair) throws {
    let folder = try Folder.open(pair.data)
    if try folder.statusIfPresent(name("b")) != nil { try folder.unlink(name("b")) }
    try folder.link(name("a"), into: folder, as: name("b"))
  }
}
