import HotsyncReport
import HotsyncSystem
import Testing

@Suite("What is said of snapshots")
struct SnapshotReportsTests {
  private static let now = Timestamp(seconds: 1_795_266_000)

  private static let kept = SnapshotsReport.Snapshot(
    connection: "standby", name: "before-upgrade", generation: 42, time: now, pinned: now, asked: now)
  private static let gone = SnapshotsReport.Snapshot(
    connection: "standby", name: "z", generation: 7, time: nil, pinned: now, asked: nil)

  @Test("the list: fields, nulls and the table")
  func list() {
    let report = SnapshotsReport(snapshots: [Self.kept, Self.gone])
    #expect(
      report.json.text
        == #"{"snapshots": [{"connection": "standby", "name": "before-upgrade", "generation": 42, "#
        + #""time": "2026-11-21T13:00:00Z", "pinned": "2026-11-21T13:00:00Z", "asked": "2026-11-21T13:00:00Z"}, "#
        + #"{"connection": "standby", "name": "z", "generation": 7, "time": null, "pinned": "2026-11-21T13:00:00Z", "#
        + #""asked": null}]}"#)
    let expected = """
      name            generation  UTC time             pinned               to be let go since
      before-upgrade          42  2026-11-21 13:00:00  2026-11-21 13:00:00  2026-11-21 13:00:00
      z                        7  -                    2026-11-21 13:00:00
      """
    #expect(report.text(now: Self.now) == expected)
    #expect(SnapshotsReport(snapshots: []).json.text == #"{"snapshots": []}"#)
  }

  @Test("what was changed is told with its result")
  func changes() {
    func json(_ change: SnapshotReport.Change) -> String {
      SnapshotReport(connection: "standby", name: "a", change: change).json.text
    }
    let head = #"{"connection": "standby", "name": "a", "result": "#
    #expect(json(.pinned(generation: 42)) == head + #""pinned", "generation": 42}"#)
    #expect(json(.unpinned) == head + #""unpinned"}"#)
    #expect(json(.asked(Self.now)) == head + #""asked", "asked": "2026-11-21T13:00:00Z"}"#)
  }

  @Test("a cycle tells its snapshot; one that could not be pinned is an error with its own code, and the cycle stands")
  func cycle() {
    var report = SyncReportTests.committed
    report.snapshot = SnapshotOutcome(name: "before-upgrade")
    report.snapshot?.generation = 42
    report.snapshot?.isPinned = true
    let good = SyncReport(connections: [report])
    #expect(good.exitCode == .done && good.failures == [] && good.isRoutine)
    #expect(
      good.json.text.hasSuffix(
        #""problems": [], "snapshot": {"name": "before-upgrade", "generation": 42, "pinned": true}}]}"#))
    #expect(good.text(now: Self.now).contains("\n  snapshot before-upgrade: generation 42\n"))
    report.snapshot?.isPinned = false
    report.snapshot?.failure = ErrorReport(TestError(.refused, "cannot pin", "it", cause: "too many", next: "unpin"))
    let bad = SyncReport(connections: [report])
    #expect(bad.exitCode == .refused && bad.failures.map(\.cause) == ["too many"])
    #expect(bad.json.text.contains(#""result": "committed", "generation": 42"#))
    #expect(bad.json.text.contains(#""problems": [{"code": "refused", "path": null, "message": "cannot pin it: too"#))
    #expect(bad.json.text.hasSuffix(#""generation": 42, "pinned": false}}]}"#))
    #expect(bad.text(now: Self.now).contains("snapshot before-upgrade: generation 42 is NOT pinned"))
    #expect(SyncReport(connections: [report, report]).text(now: Self.now).contains("\nstandby: snapshot before-"))
    report.result = .incomplete
    #expect(SyncReport(connections: [report]).exitCode == .refused)
  }
}
