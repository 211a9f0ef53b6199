import HotsyncReport
import HotsyncSystem
import Testing

@Suite struct SeedReportTests {
  private static let now = Timestamp(seconds: 1_795_266_000)

  private func report(_ generation: UInt64?, _ problems: [Problem] = []) -> SeedReport {
    SeedReport(
      connection: "standby", generation: generation, roots: [path("home"), path("srv")], files: 1_200, skipped: 1,
      bytes: 5 << 30, copied: 1 << 30, cloned: 4 << 30, duration: .seconds(12), problems: problems)
  }

  private func path(_ text: String) -> ReportedPath { RelativePath(text).map { ReportedPath($0) } ?? .root }

  @Test("a seed tells what it holds, as what, how much of it is new on the disk, and what comes next")
  func text() {
    let expected = """
      standby: generation 1 is a seed of 1,200 files, 5.0 GiB, in 12.0 s
        as     /home, /srv on the master
        bytes  4.0 GiB cloned, 1.0 GiB copied
      next: on the master: hotsync sync, which sends only what differs
      """
    #expect(report(1).text(now: Self.now) == expected)
    #expect(report(1).exitCode == .done && report(1).isRoutine)
    #expect(report(nil).text(now: Self.now).contains("nothing is written; it would take 1,200 files"))
    #expect(!report(nil).isRoutine)
  }

  @Test("what is left out makes it 3 and stands in its document")
  func document() {
    let problem = Problem(
      code: "vanished", path: path("srv/x"), message: "it went", nextStep: "nothing", leftOut: true)
    let incomplete = report(1, [problem])
    #expect(incomplete.exitCode == .incomplete && !incomplete.isRoutine)
    #expect(incomplete.text(now: Self.now).contains("with 1 file left out"))
    #expect(
      incomplete.json.text
        == #"{"connection": "standby", "generation": 1, "dry_run": false, "roots": [{"path": "/home"}, {"path": "/srv"}], "#
        + #""files": {"total": 1200, "skipped": 1}, "#
        + #""bytes": {"total": 5368709120, "copied": 1073741824, "cloned": 4294967296}, "seconds": 12, "#
        + #""problems": [{"code": "vanished", "path": "/srv/x", "message": "it went", "next_step": "nothing"}]}"#)
  }

  @Test("a generation that is a seed is told as one, in the table and in the document")
  func generations() {
    let seed = GenerationsReport.Generation(
      connection: "standby", number: 1, time: Self.now, epoch: 1, files: 1, bytes: 1, changed: 1,
      keptBy: ["newest"], verified: nil, isSeed: true)
    let report = GenerationsReport(generations: [seed])
    #expect(report.text(now: Self.now).hasSuffix("newest (a seed)"))
    #expect(report.json.text.hasSuffix(#""from": "seed"}]}"#))
  }

  @Test("status says that no cycle has come yet where the store holds a seed")
  func status() {
    var connection = SlaveStatusReport.Connection(name: "standby")
    connection.seed = (1, Self.now)
    let report = SlaveStatusReport(role: "slave", connections: [connection])
    #expect(
      report.text(now: Self.now).contains(
        """
          last sync    never
          seed         generation 1 of 2026-11-21 13:00:00 UTC: no cycle has come yet
        """))
    #expect(report.json.text.contains(#""last_sync": null"#) && report.json.text.contains(#""is_seed": true"#))
  }
}
