import HotsyncReport
import HotsyncSystem
import Testing

@Suite("What a sync says")
struct SyncReportTests {
  static let now = Timestamp(seconds: 1_795_266_000)

  static var committed: ConnectionReport {
    var report = ConnectionReport(connection: "standby", result: .committed, started: now)
    report.generation = 42
    report.epoch = 3
    report.duration = .milliseconds(3_214)
    report.phases = [.init(name: "scan", duration: .milliseconds(2_100)), .init(name: "push", duration: .seconds(1))]
    report.files.total = 1_000_000
    report.files.created = 3
    report.files.changed = 12
    report.files.deleted = 1
    report.files.renamed = 2
    report.files.metadata = 4
    report.bytes.total = 9_223_372_036_854_775_809
    report.bytes.changed = 1_258_291
    report.bytes.literal = 300_000
    report.bytes.matched = 958_291
    report.bytes.wireSent = 310_000
    report.bytes.wireReceived = 4_000
    return report
  }

  static let unreadable = Problem(
    code: "unreadable", path: path("srv/x"), message: "permission denied", nextStep: "ls -ld /srv/x", leftOut: true)

  @Test("the document has the interface's fields in their order, whole numbers exact")
  func document() {
    let expected =
      #"{"connections": [{"connection": "standby", "result": "committed", "generation": 42, "epoch": 3, "#
      + #""started": "2026-11-21T13:00:00Z", "seconds": 3.214, "phases": {"scan": 2.1, "push": 1}, "#
      + #""files": {"total": 1000000, "created": 3, "changed": 12, "deleted": 1, "renamed": 2, "metadata": 4, "skipped": 0}, "#
      + #""bytes": {"total": 9223372036854775809, "changed": 1258291, "literal": 300000, "matched": 958291, "#
      + #""wire_sent": 310000, "wire_received": 4000}, "databases": [], "problems": []}]}"#
    #expect(SyncReport(connections: [Self.committed]).json.text == expected)
  }

  @Test("a problem's path is text where it is UTF-8, and comes whole where it is not")
  func problemPaths() {
    var report = Self.committed
    report.problems = [
      Problem(code: "vanished", path: path("a\u{1B}\"ü"), message: "m", nextStep: "n", leftOut: true),
      Problem(code: "changed", path: path([0x62, 0xFF]), message: "m", nextStep: "n", leftOut: true),
    ]
    let text = SyncReport(connections: [report]).json.text
    #expect(text.contains(#"{"code": "vanished", "path": "/a\u001b\"ü", "message": "m", "next_step": "n"}"#))
    #expect(text.contains(#"{"code": "changed", "path": "/b\\xff", "path_base64": "L2L/", "message""#))
  }

  @Test("a failed connection has its error as a problem, and the command its code")
  func failure() {
    var report = ConnectionReport(connection: "standby", started: Self.now)
    report.fail(unreachable)
    #expect(report.result == .failed)
    let sync = SyncReport(connections: [Self.committed, report])
    #expect(sync.exitCode == .unreachable)
    let text = sync.json.text
    #expect(text.contains(#""result": "failed", "generation": null, "epoch": null"#))
    #expect(text.contains(#""problems": [{"code": "unreachable", "path": null, "message": "cannot reach the slave"#))
    report.fail(TestError(.refused, "cannot sync", "standby", cause: "stale epoch", next: "hotsync status"))
    #expect(report.result == .refused)
    #expect(SyncReport(connections: [report]).exitCode == .refused)
  }

  @Test("only what was left out makes a cycle incomplete")
  func codes() {
    var report = Self.committed
    report.problems = [Problem(code: "socket_skipped", message: "m", nextStep: "n", leftOut: false)]
    #expect(report.exitCode == .done)
    report.problems.append(Self.unreadable)
    #expect(report.exitCode == .incomplete)
    #expect(ConnectionReport(connection: "a", result: .disabled).exitCode == .done)
    #expect(ConnectionReport(connection: "a", result: .unchanged).exitCode == .done)
  }

  @Test("one connection reads in a few lines")
  func oneConnection() {
    var report = Self.committed
    report.bytes.total = 365_072_220_160
    report.result = .incomplete
    report.problems = [Self.unreadable]
    let expected = """
      standby: committed generation 42 in 3.2 s, with 1 file left out
        files  3 created, 12 changed, 1 deleted, 2 renamed, 4 with new metadata; 1,000,000 in all
        bytes  1.2 MiB changed, 306.6 KiB on the wire (4.0 times less); 340.0 GiB in all
        time   scan 2.1 s, push 1.0 s
        1 problem:
          unreadable /srv/x: permission denied
            next: ls -ld /srv/x
      """
    #expect(SyncReport(connections: [report]).text(now: Self.now) == expected)
  }

  @Test("of many problems twenty are listed and the rest counted")
  func manyProblems() {
    var report = Self.committed
    report.problems = Array(repeating: Self.unreadable, count: 1_025)
    let text = SyncReport(connections: [report]).text(now: Self.now)
    #expect(text.split(separator: "\n").count { $0.contains("unreadable /srv/x") } == 20)
    #expect(text.hasSuffix("and 1,005 more: --json lists them all"))
  }

  @Test("several connections stand under each other")
  func table() {
    var other = ConnectionReport(connection: "off-site", result: .unchanged)
    other.generation = 7
    other.duration = .seconds(250)
    let expected = """
      connection  result     generation  new  changed  deleted  on the wire        time
      standby     committed          42    3       12        1    306.6 KiB       3.2 s
      off-site    unchanged           7    0        0        0          0 B  4 min 10 s
      """
    #expect(SyncReport(connections: [Self.committed, other]).text(now: Self.now) == expected)
  }

  @Test("a dry run lists what would be done to each path")
  func dryRun() {
    var report = ConnectionReport(connection: "standby", result: .unchanged, started: Self.now)
    report.changes = [
      Change(.create, kind: "file", path: path("srv/x"), size: 12_595),
      Change(.change, kind: "file", path: path("srv/\u{1B}y"), size: 5),
      Change(.delete, kind: "folder", path: path("old")),
      Change(.rename, kind: "file", path: path("b"), former: path("a")),
      Change(.metadata, kind: "link", path: path("m"), attributes: ["mode", "owner"]),
    ]
    report.files.total = 9
    report.files.created = 1
    report.bytes.changed = 12_600
    let expected = """
      standby: a dry run, nothing is written on either side
      create    file      12.3 KiB  /srv/x
      change    file           5 B  /srv/\\x1by
      delete    folder              /old
      rename    file                /a -> /b
      metadata  link    mode,owner  /m
      1 created; 9 in all; 12.3 KiB of content are new
      """
    let sync = SyncReport(connections: [report])
    #expect(sync.text(now: Self.now) == expected)
    let text = sync.json.text
    #expect(text.contains(#""problems": [], "dry_run": true, "changes": [{"action": "create", "kind": "file", "#))
    #expect(
      text.contains(
        #"{"action": "rename", "kind": "file", "path": "/b", "size": null, "former_path": "/a", "attributes": []}"#))
  }

  @Test("quiet leaves out a good cycle and nothing else")
  func quiet() {
    let plain = Stage()
    plain.console.present(SyncReport(connections: [Self.committed]))
    #expect(plain.output.text.hasPrefix("standby: committed generation 42 in 3.2 s\n"))
    let good = Stage(.init(quiet: true))
    #expect(good.console.present(SyncReport(connections: [Self.committed])) == .done)
    #expect(good.output.text == "" && good.errors.text == "")
    var failed = ConnectionReport(connection: "standby")
    failed.fail(unreachable)
    let bad = Stage(.init(quiet: true))
    #expect(bad.console.present(SyncReport(connections: [failed])) == .unreachable)
    #expect(bad.output.text.hasPrefix("standby: failed after"))
    #expect(bad.errors.text.contains("  cause: connection refused\n  next:  start sshd there"))
  }
}
