import HotsyncSystem
import TestSupport
import Testing

/// `hotsync sync --json`, held against the contract: the fields, their order, their types.
@Suite struct SyncDocumentTests {
  private static let fields = [
    "connection", "result", "generation", "epoch", "started", "seconds", "phases", "files", "bytes", "databases",
    "problems",
  ]

  private func expectForm(_ cycle: SyncOutcome, sourceLocation: SourceLocation = #_sourceLocation) {
    let document = cycle.connection
    #expect(document.names == SyncDocumentTests.fields, "\(cycle)", sourceLocation: sourceLocation)
    #expect(
      document["files"].names == ["total", "created", "changed", "deleted", "renamed", "metadata", "skipped"],
      sourceLocation: sourceLocation)
    #expect(
      document["bytes"].names == ["total", "changed", "literal", "matched", "wire_sent", "wire_received"],
      sourceLocation: sourceLocation)
    for name in document["files"].names + ["connection"] where name != "connection" {
      #expect(document["files"][name].integer != nil, "\(name)", sourceLocation: sourceLocation)
    }
    for name in document["bytes"].names {
      #expect(document["bytes"][name].integer != nil, "\(name)", sourceLocation: sourceLocation)
    }
    #expect(document["connection"] == .string("standby"), sourceLocation: sourceLocation)
    #expect(document["seconds"].seconds != nil && document["databases"] == .array([]), sourceLocation: sourceLocation)
    let started = document["started"].text ?? ""
    #expect(
      started.count == 20 && started.hasSuffix("Z") && started.dropFirst(10).first == "T", "\(started)",
      sourceLocation: sourceLocation)
    for name in document["phases"].names {
      #expect(document["phases"][name].seconds != nil, "\(name)", sourceLocation: sourceLocation)
    }
    for problem in cycle.problems {
      #expect(
        problem.names.filter { $0 != "path_base64" } == ["code", "path", "message", "next_step"],
        sourceLocation: sourceLocation)
    }
  }

  @Test("a committed cycle tells what it did")
  func committed() throws {
    let pair = try Pair()
    try pair.data.write([UInt8](repeating: 0x61, count: 1_000), to: "folder/a")
    let cycle = try pair.sync()
    expectForm(cycle)
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 1, "\(cycle)")
    #expect(cycle.connection["epoch"].integer == 1)
    for phase in ["scan", "push", "commit"] { #expect(cycle.connection["phases"].names.contains(phase)) }
    // srv, data, folder and two files; total counts files.
    #expect(cycle.files("created") == 5 && cycle.files("total") == 2, "\(cycle)")
    #expect(cycle.bytes("total") == 1_015 && cycle.bytes("changed") == 1_015, "\(cycle)")
    #expect(cycle.program.errors == [])
  }

  @Test("an unchanged cycle has the last generation's number and next to nothing on the wire")
  func unchanged() throws {
    let pair = try Pair()
    #expect(try pair.sync().generation == 1)
    let cycle = try pair.sync()
    expectForm(cycle)
    #expect(cycle.code == 0 && cycle.result == "unchanged" && cycle.generation == 1, "\(cycle)")
    #expect(cycle.wire < 1_024, "\(cycle)")
    #expect(cycle.files("total") == 1 && cycle.bytes("total") == 15)
  }

  @Test("an incomplete cycle lists what it left out")
  func incomplete() throws {
    let pair = try Pair()
    try pair.data.write("soon gone", to: "gone")
    let cycle = try pair.sync(stoppedAt: "push:1") { try pair.data.remove("gone") }
    expectForm(cycle)
    #expect(cycle.code == 3 && cycle.result == "incomplete" && cycle.files("skipped") == 1, "\(cycle)")
  }

  @Test("a refused cycle says why among its problems, and in three parts on standard error")
  func refused() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.data.remove("first.txt")
    let cycle = try pair.sync()
    expectForm(cycle)
    expectThreeParts(cycle.program, code: 77, ["/srv/data"])
    #expect(cycle.result == "refused" && cycle.problems.last?["code"] == .string("refused"), "\(cycle)")
  }

  @Test("a configuration that is wrong gives a document too")
  func wrongConfiguration() throws {
    let pair = try Pair()
    try pair.master.write("role: [", to: "etc/hotsync/hotsync.yaml")
    let result = try pair.hotsync("sync", "--json")
    #expect(result.exitCode == 78)
    let error = try Document(result.outputText)["error"]
    #expect(error.names == ["code", "operation", "subject", "cause", "next_step"], "\(result)")
    #expect(error["code"] == .string("configuration"))
  }

  @Test("a path that is not UTF-8 shows its bytes as \\xNN and comes whole as path_base64")
  func oddPath() throws {
    let pair = try Pair()
    try pair.data.write([1], bytes: [0x61, 0xFF])
    let cycle = try pair.sync(stoppedAt: "push:1") { try Pair.shell("rm \"$0\"/a*", pair.data.path) }
    expectForm(cycle)
    #expect(cycle.problems.map { $0["path"] } == [.string("/srv/data/a\\xff")], "\(cycle)")
    #expect(cycle.problems.map { $0["path_base64"] } == [.string("L3Nydi9kYXRhL2H/")], "\(cycle)")
  }

  // MARK: Dry runs

  @Test("a dry run itemises all kinds of change and writes nothing on either side")
  func dryRun() throws {
    let pair = try Pair()
    for number in 0..<6 { try pair.data.write("content \(number)", to: "file\(number)") }
    #expect(try pair.sync().code == 0)
    try pair.data.write("new", to: "new/file")
    try pair.data.write("changed now", to: "file0")
    try pair.data.remove("file1")
    try pair.data.rename("file2", to: "renamed")
    try pair.data.setPermissions(0o600, of: "file3")
    try pair.data.remove("file4")
    try pair.data.makeSymbolicLink("file4", to: "renamed")
    let before = (try pair.master.snapshot(), try pair.slave.snapshot())
    let cycle = try pair.sync("--dry-run")
    #expect(before.0.differences(to: try pair.master.snapshot()) == [])
    #expect(before.1.differences(to: try pair.slave.snapshot()) == [])
    #expect(cycle.code == 0 && cycle.connection.names == SyncDocumentTests.fields + ["dry_run", "changes"], "\(cycle)")
    let changes = cycle.connection["changes"].items
    #expect(changes.allSatisfy { $0.names == ["action", "kind", "path", "size", "former_path", "attributes"] })
    let lines = Set(changes.map { "\($0["action"].text ?? "") \($0["kind"].text ?? "") \($0["path"].text ?? "")" })
    let expected = [
      "create folder /srv/data/new", "create file /srv/data/new/file", "change file /srv/data/file0",
      "delete file /srv/data/file1", "rename file /srv/data/renamed", "delete file /srv/data/file2",
      "metadata file /srv/data/file3", "change link /srv/data/file4", "metadata folder /srv/data",
    ]
    #expect(lines == Set(expected), "\(lines.symmetricDifference(expected))")
    #expect(changes.first { $0["action"] == .string("rename") }?["former_path"] == .string("/srv/data/file2"))
    #expect(try pair.sync().result == "committed")
    #expect(try pair.differences() == [])
  }

  @Test("a dry run before the first cycle writes nothing, not even a state or a lock")
  func firstDryRun() throws {
    let pair = try Pair()
    let before = (try pair.master.snapshot(), try pair.slave.snapshot())
    let result = try pair.hotsync("sync", "--dry-run")
    #expect(result.exitCode == 0 && result.outputText.contains("/srv/data/first.txt"), "\(result)")
    #expect(before.0.differences(to: try pair.master.snapshot()) == [])
    #expect(before.1.differences(to: try pair.slave.snapshot()) == [])
  }
}
