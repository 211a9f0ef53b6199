import HotsyncReport
import HotsyncSystem
import Testing

@Suite("What the other commands say")
struct StoreReportsTests {
  static let now = Timestamp(seconds: 1_795_266_000)

  static let generation = GenerationsReport.Generation(
    connection: "standby", number: 42, time: now, epoch: 3, files: 1_000_000, bytes: 365_072_220_160, changed: 22,
    keptBy: ["1h", "snapshot:before-upgrade"], verified: nil)

  @Test("generations: fields, nulls and the table")
  func generations() {
    let report = GenerationsReport(generations: [Self.generation])
    #expect(
      report.json.text
        == #"{"generations": [{"connection": "standby", "generation": 42, "time": "2026-11-21T13:00:00Z", "epoch": 3, "#
        + #""files": 1000000, "bytes": 365072220160, "changed": 22, "kept_by": ["1h", "snapshot:before-upgrade"], "#
        + #""verified": null, "from": "master"}]}"#)
    let expected = """
      number  UTC time                 files       size  changed  verified  kept by
          42  2026-11-21 13:00:00  1,000,000  340.0 GiB       22  -         1h,snapshot:before-upgrade
      """
    #expect(report.text(now: Self.now) == expected)
    #expect(GenerationsReport(generations: []).json.text == #"{"generations": []}"#)
  }

  @Test("a store is sound, or damaged with code 65 and each place")
  func verify() {
    let sound = VerifyReport(filesChecked: 2, bytesChecked: 1_024, damaged: [])
    #expect(sound.json.text == #"{"result": "sound", "files_checked": 2, "bytes_checked": 1024, "damaged": []}"#)
    #expect(sound.text(now: Self.now) == "sound: 2 files, 1.0 KiB checked")
    #expect(sound.exitCode == .done)
    let damaged = VerifyReport(
      filesChecked: 2, bytesChecked: 1_024,
      damaged: [.init(path: path("srv/x"), generation: 42, what: "content differs from the catalog")])
    #expect(damaged.exitCode == .damaged)
    #expect(
      damaged.json.text.hasSuffix(
        #""damaged": [{"path": "/srv/x", "generation": 42, "what": "content differs from the catalog"}]}"#))
    #expect(damaged.text(now: Self.now).contains("  /srv/x: content differs from the catalog: generation 42\nnext: "))
  }

  @Test("a path's versions carry mode in octal and digest in hexadecimal")
  func history() {
    let report = HistoryReport(
      path: path("srv/x"),
      versions: [
        .init(generation: 42, time: Self.now, kind: "file", size: 5, mode: 0o644, digest: [0xAB, 0x01]),
        .init(generation: 41, time: Self.now, kind: "deleted", size: nil, mode: nil, digest: nil),
      ])
    #expect(
      report.json.text
        == #"{"versions": [{"generation": 42, "time": "2026-11-21T13:00:00Z", "kind": "file", "size": 5, "mode": "0644", "#
        + #""digest": "ab01"}, {"generation": 41, "time": "2026-11-21T13:00:00Z", "kind": "deleted", "size": null, "#
        + #""mode": null, "digest": null}]}"#)
    let expected = """
      /srv/x
      generation  UTC time             kind     mode  size  digest
              42  2026-11-21 13:00:00  file     0644   5 B  ab01
              41  2026-11-21 13:00:00  deleted  -        -  -
      """
    #expect(report.text(now: Self.now) == expected)
  }

  @Test("what the slave does not know is null, and what blocks it has a next step")
  func slaveStatus() {
    var connection = SlaveStatusReport.Connection(name: "standby")
    #expect(
      SlaveStatusReport(role: "slave", connections: [connection]).json.text
        == #"{"role": "slave", "connections": [{"connection": "standby", "epoch": null, "fenced": null, "last_sync": null, "#
        + #""last_maintenance": null, "readiness": {"ready": null, "blockers": [], "estimated_seconds": null}, "#
        + #""store": {"generations": null, "lost": 0, "bytes": null, "free_bytes": null, "is_seed": false}}]}"#)
    connection.epoch = 3
    connection.fenced = false
    connection.lastSync = .init(generation: 42, time: Self.now, age: .seconds(725))
    connection.lastMaintenance = .init(time: Self.now, result: "ok")
    connection.ready = false
    connection.generations = 12
    connection.freeBytes = 1_048_576
    connection.blockers = [Blocker(code: "age", message: "the copy is old", nextStep: "hotsync sync")]
    let expected = """
      role         slave

      standby
        last sync    generation 42, 12 minutes ago
        maintenance  ok, 2026-11-21 13:00:00 UTC
        epoch        3
        store        12 generations, 1.0 MiB free
        ready        no
        blocked by age: the copy is old
          next: hotsync sync
      """
    let report = SlaveStatusReport(role: "slave", connections: [connection])
    #expect(report.text(now: Self.now) == expected)
    #expect(report.json.text.contains(#""last_sync": {"generation": 42, "time": "2026-11-21T13:00:00Z", "age": 725}"#))
  }

  @Test("the master tells its last cycle, the age and the next run")
  func masterStatus() {
    var connection = MasterStatusReport.Connection(name: "standby", status: "enabled", transport: "ssh")
    connection.lastCycle = .init(
      result: .committed, generation: 42, time: Self.now, duration: .milliseconds(3_214))
    connection.age = .seconds(61)
    connection.slaveReady = true
    let report = MasterStatusReport(role: "master", connections: [connection])
    #expect(
      report.json.text
        == #"{"role": "master", "connections": [{"connection": "standby", "status": "enabled", "transport": "ssh", "#
        + #""last_cycle": {"result": "committed", "generation": 42, "time": "2026-11-21T13:00:00Z", "seconds": 3.214}, "#
        + #""age": 61, "next_run": null, "fenced": null, "slave": {"ready": true, "blockers": []}}]}"#)
    let expected = """
      role         master

      standby (enabled, ssh)
        last cycle   committed, generation 42, 2026-11-21 13:00:00 UTC, took 3.2 s
        in step      1 minute ago
        next run     not scheduled
        slave ready  yes
      """
    #expect(report.text(now: Self.now) == expected)
  }

  @Test("no status line is wider than a terminal of 80 columns")
  func width() {
    let wide = GenerationsReport(
      generations: [
        .init(
          connection: "standby", number: 99_999, time: Self.now, epoch: 1, files: 9_999_999, bytes: 1_000_000_000_000,
          changed: 99_999, keptBy: ["15m"], verified: Self.now)
      ])
    #expect(wide.text(now: Self.now).split(separator: "\n").allSatisfy { $0.count <= 80 })
  }
}
