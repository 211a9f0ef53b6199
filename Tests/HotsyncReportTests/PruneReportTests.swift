import HotsyncReport
import HotsyncSystem
import Testing

@Suite("What a prune says") struct PruneReportTests {
  private static let now = Timestamp(seconds: 1_795_266_000)

  private static func plan(isDisabled: Bool = false, description: String = "") -> PruneReport.Plan {
    do throws(RetentionSchedule.Malformed) {
      return PruneReport.Plan(
        name: "default", description: description, schedule: try RetentionSchedule("15m,1h,1d/7d"),
        isDisabled: isDisabled)
    } catch { preconditionFailure(error.expected) }
  }

  private static func decision(
    _ generation: UInt64, _ keptBy: [String], _ dropped: String? = nil, of connection: String = "standby"
  ) -> PruneReport.Decision {
    PruneReport.Decision(
      connection: connection, generation: generation,
      time: Timestamp(seconds: now.seconds - Int64(42_000 - min(generation, 42_000)) * 60),
      keptBy: keptBy, dropped: dropped)
  }

  private static let decisions = [
    decision(42_000, ["15m", "newest"]), decision(41_991, [], "generation 41990 is first in its 15m slot"),
    decision(41_990, ["15m", "snapshot:before-upgrade"]), decision(9, [], "older than 2026-11-15 00:00 UTC (7d)"),
  ]

  @Test("each generation has its line: number, time, what becomes of it, and why")
  func table() {
    let report = PruneReport(plan: Self.plan(), decisions: Self.decisions, isDryRun: false)
    let expected = """
      plan default: 15m,1h,1d/7d
      number  UTC time             was      why
       42000  2026-11-21 13:00:00  kept     15m, newest
       41991  2026-11-21 12:51:00  dropped  generation 41990 is first in its 15m slot
       41990  2026-11-21 12:50:00  kept     15m, snapshot:before-upgrade
           9  2026-10-23 09:09:00  dropped  older than 2026-11-15 00:00 UTC (7d)
      2 generations kept, 2 dropped
      """
    #expect(report.text(now: Self.now) == expected)
    #expect(expected.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(!report.isRoutine)
    #expect(report.exitCode == .done)
  }

  @Test("a dry run says what would become of them, and that nothing was changed")
  func dryRun() {
    let report = PruneReport(
      plan: Self.plan(description: "for the office"), decisions: Array(Self.decisions.prefix(2)), isDryRun: true,
      objections: [
        .init(
          connection: "standby", why: "it would leave 1 of 2 generations",
          nextStep: "hotsync-slave prune --accept --connection standby")
      ])
    let expected = """
      plan default (for the office): 15m,1h,1d/7d
      number  UTC time             would  why
       42000  2026-11-21 13:00:00  stay   15m, newest
       41991  2026-11-21 12:51:00  go     generation 41990 is first in its 15m slot
      1 generation would stay and 1 go; nothing was changed
      prune of "standby" would stop and ask: it would leave 1 of 2 generations
      next: if that is right: hotsync-slave prune --accept --connection standby
      """
    #expect(report.text(now: Self.now) == expected)
    #expect(report.exitCode == .done)
  }

  @Test("the document has kept and dropped, and connections where there are several")
  func document() {
    let one = PruneReport(plan: Self.plan(), decisions: Array(Self.decisions.prefix(2)), isDryRun: true)
    #expect(
      one.json.text
        == #"{"kept": [{"generation": 42000, "kept_by": ["15m", "newest"]}], "#
        + #""dropped": [{"generation": 41991, "why": "generation 41990 is first in its 15m slot"}]}"#)
    let two = PruneReport(
      plan: Self.plan(), decisions: [Self.decision(2, ["newest"], of: "a"), Self.decision(1, [], "old", of: "b")],
      isDryRun: true)
    #expect(
      two.json.text
        == #"{"kept": [{"connection": "a", "generation": 2, "kept_by": ["newest"]}], "#
        + #""dropped": [{"connection": "b", "generation": 1, "why": "old"}]}"#)
    #expect(two.text(now: Self.now).contains("\nconnection  number  UTC time"))
    let none = PruneReport(plan: Self.plan(), decisions: [], isDryRun: false)
    #expect(none.json.text == #"{"kept": [], "dropped": []}"#)
    #expect(none.text(now: Self.now) == "plan default: 15m,1h,1d/7d\nno generation to look at")
  }

  @Test("a plan that is switched off says so, a refusal decides the exit code, and a quiet run of every hour is quiet")
  func endings() {
    let off = PruneReport(
      plan: Self.plan(isDisabled: true), decisions: [Self.decision(1, ["newest", "disabled"])], isDryRun: false)
    #expect(off.text(now: Self.now).hasPrefix("plan default: switched off, nothing goes\n"))
    #expect(off.isRoutine)
    let refused = PruneReport(
      plan: Self.plan(), decisions: [], isDryRun: false,
      failures: [
        ErrorReport(ReportError(.refused, "cannot prune", "the store of \"a\"", cause: "a clock has jumped", next: "x"))
      ])
    #expect(refused.exitCode == .refused)
    #expect(!refused.isRoutine)
  }
}
