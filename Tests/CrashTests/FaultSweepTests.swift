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

  @Test("whatever system call of a cycle fails, the generation is whole or absent, and the next cycle goes well", arguments: plans)
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
}
