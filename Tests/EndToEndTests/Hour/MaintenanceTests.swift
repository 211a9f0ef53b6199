import HotsyncSystem
import TestSupport
import Testing

/// `hotsync-slave` without a verb, on a store that real cycles filled.
@Suite("The slave's hour") struct MaintenanceTests {
  private static let steps = [
    "roll-forward", "retention", "verify", "packages", "owners", "databases", "readiness",
  ]

  private func maintain(_ pair: Pair, _ words: String...) throws -> (code: Int32?, connection: Document, text: String) {
    let result = try pair.start("hotsync-slave", words + ["--json"], root: pair.slave, environment: [:]).wait(
      limit: .seconds(120))
    let document = try Document(result.outputText)
    return (result.exitCode, document["connections"][0], "\(result)")
  }

  private func step(_ name: String, of connection: Document) -> Document {
    connection["steps"].items.first { $0["name"].text == name } ?? .null
  }

  @Test("all steps run one after the other, and status on both machines tells what came of it")
  func hour() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let hour = try maintain(pair)
    #expect(hour.code == 0, "\(hour.text)")
    #expect(hour.connection["steps"].items.map { $0["name"].text ?? "" } == MaintenanceTests.steps)
    #expect(hour.connection["result"].text == "done", "\(hour.text)")
    #expect(step("retention", of: hour.connection)["message"].text == "1 kept, 0 dropped")
    #expect(hour.connection["readiness"]["ready"] == .bool(true), "\(hour.text)")
    let slave = try Document(pair.hotsyncSlave("status", "--json").outputText)["connections"][0]
    #expect(slave["last_maintenance"]["result"].text == "done" && slave["last_maintenance"]["time"].text != nil)
    #expect(slave["readiness"]["ready"] == .bool(true))
    #expect((slave["readiness"]["estimated_seconds"].seconds ?? 0) > 0)
    // The master hears it with the next cycle's greeting.
    #expect(try pair.sync().code == 0)
    let master = try Document(pair.hotsync("status", "--json").outputText)["connections"][0]["slave"]
    #expect(master["ready"] == .bool(true) && master["blockers"] == .array([]))
  }

  @Test("before the first cycle there is nothing to read, and a promotion would not work")
  func empty() throws {
    let pair = try Pair()
    let hour = try maintain(pair)
    #expect(hour.code == 0, "\(hour.text)")
    #expect(step("verify", of: hour.connection)["result"].text == "skipped")
    #expect(hour.connection["readiness"]["blockers"].items.map { $0["code"].text } == ["generation"])
  }

  @Test("one step alone leaves what the others did before; the list does nothing")
  func only() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    _ = try maintain(pair)
    let one = try maintain(pair, "maintain", "--only", "verify")
    #expect(one.connection["steps"].items.map { $0["name"].text ?? "" } == MaintenanceTests.steps, "\(one.text)")
    let list = try pair.hotsyncSlave("maintain", "--list", "--json")
    #expect(try Document(list.outputText)["steps"].items.map { $0["name"].text ?? "" } == MaintenanceTests.steps)
    expectThreeParts(try pair.hotsyncSlave("maintain", "--only", "cook"), code: 64, ["cook", "roll-forward"])
  }

  @Test("a step that fails stops no other, and decides the exit code")
  func damaged() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.mirror.write("the frist file\n", to: "srv/data/first.txt")
    let config = ["config", "set", "maintenance.verify_share", "100%"]
    #expect(try pair.start("hotsync-slave", config, root: pair.slave, environment: [:]).wait().exitCode == 0)
    let hour = try maintain(pair)
    #expect(hour.code == 65, "\(hour.text)")
    #expect(step("verify", of: hour.connection)["result"].text == "failed")
    #expect(step("owners", of: hour.connection)["result"].text != nil)
    #expect(hour.connection["readiness"]["blockers"].items.map { $0["code"].text } == ["damaged"], "\(hour.text)")
    #expect(
      try Document(pair.hotsyncSlave("status", "--json").outputText)["connections"][0]["last_maintenance"]["result"]
        .text == "failed")
  }

  @Test("a commit that was killed is brought to its end")
  func killed() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.data.write("more\n", to: "second.txt")
    let cut = try pair.start(
      "hotsync", ["sync", "--no-retry"], root: pair.master, environment: ["HOTSYNC_AGENT_KILL_AT": "committed:1"]
    ).wait()
    guard pair.transport == .local else { return }
    #expect(cut.exitCode != 0)
    let hour = try maintain(pair)
    #expect(
      step("roll-forward", of: hour.connection)["message"].text == "brought generation 2 to its end", "\(hour.text)")
    #expect(try pair.mirror.read("srv/data/second.txt") == "more\n")
  }

  @Test("what the master has and this root lacks is only told below a root of its own")
  func packages() throws {
    let pair = try Pair()
    for (place, packages) in [(pair.master, ["nginx", "bash"]), (pair.slave, ["bash"])] {
      let status = packages.map { "Package: \($0)\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n" }
      try place.makeFolder("var")
      try place.makeFolder("var/lib")
      try place.makeFolder("var/lib/dpkg")
      try place.write(status.joined(separator: "\n"), to: "var/lib/dpkg/status")
    }
    #expect(try pair.sync().code == 0)
    let hour = try maintain(pair)
    #expect(
      step("packages", of: hour.connection)["message"].text == "not carried out here: 1 missing (nginx)", "\(hour.text)"
    )
    #expect(hour.connection["readiness"]["ready"] == .bool(true))
  }

  @Test("on a machine that was promoted nothing is done but to say so")
  func promoted() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.slave.makeFolder("var/lib/hotsync-state/\(pair.connection)")
    try pair.slave.write(
      "promotion 1\nepoch 2\nsince 1795312800\n", to: "var/lib/hotsync-state/\(pair.connection)/promoted")
    let hour = try maintain(pair)
    #expect(hour.code == 0 && hour.connection["steps"].items.isEmpty, "\(hour.text)")
    #expect(hour.connection["notice"].text?.contains("promoted") == true)
  }

  @Test("dumps that nobody can load here stand in the way of a promotion, by name")
  func dumps() throws {
    let dumping = try DumpingPair()
    try dumping.server.write("CREATE TABLE t;\n", to: "shop.sql")
    #expect(try dumping.sync().code == 0)
    // A server that is installed here refuses that dump; one that is not cannot load any.
    let hour = try maintain(dumping.pair, "rehearse")
    #expect(hour.code == 1, "\(hour.text)")
    #expect(hour.connection["readiness"]["blockers"].items.map { $0["code"].text } == ["databases"], "\(hour.text)")
    #expect(
      try Document(dumping.pair.hotsyncSlave("status", "--json").outputText)["connections"][0]["readiness"]["ready"]
        == .bool(false))
  }
}
