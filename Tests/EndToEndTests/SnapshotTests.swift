import HotsyncSystem
import TestSupport
import Testing

/// Snapshots by the commands of both sides.
@Suite struct SnapshotTests {
  private func list(_ result: RunningProgram.Result) throws -> [Document] {
    #expect(result.exitCode == 0, "\(result)")
    return try Document(result.outputText)["snapshots"].items
  }

  private func names(_ pair: Pair) throws -> [String] {
    let here = try list(pair.hotsync("snapshot", "list", "--json"))
    let there = try list(pair.hotsyncSlave("snapshot", "list", "--json"))
    #expect(here == there)
    return here.map { "\($0["name"].text ?? "") \($0["generation"].integer ?? 0)" }
  }

  @Test("create is a cycle whose generation is pinned; both sides list it, and restore takes its name")
  func create() throws {
    let pair = try Pair()
    #expect(try names(pair) == [])
    let made = try pair.hotsync("snapshot", "create", "before-upgrade", "--json")
    let cycle = try Document(made.outputText)["connections"][0]
    #expect(made.exitCode == 0 && cycle["result"].text == "committed", "\(made)")
    #expect(cycle["snapshot"].names == ["name", "generation", "pinned"])
    #expect(cycle["snapshot"]["generation"].integer == 1 && cycle["snapshot"]["pinned"] == .bool(true))
    #expect(try names(pair) == ["before-upgrade 1"])
    let item = try #require(try list(pair.hotsync("snapshot", "list", "--json")).first)
    #expect(item.names == ["connection", "name", "generation", "time", "pinned", "asked"])
    #expect(item["connection"].text == "standby" && item["asked"] == .null)
    let generation = try Document(pair.hotsyncSlave("generations", "--json").outputText)["generations"][0]
    #expect(generation["kept_by"].items.contains(.string("snapshot:before-upgrade")), "\(generation)")
    #expect(item["time"] == generation["time"])
    let target = Place(path: pair.scratch.path("target"))
    let restored = try pair.hotsyncSlave("restore", "--to", target.path, "--generation", "before-upgrade")
    #expect(try restored.exitCode == 0 && target.read("srv/data/first.txt") == "the first file\n", "\(restored)")
  }

  @Test("a snapshot brings back its own generation, whatever came after it, by its name and while it is asked to go")
  func older() throws {
    let pair = try Pair()
    #expect(try pair.sync("--snapshot", "first").code == 0)
    for number in 2...4 {
      try pair.data.write("the file, version \(number)\n", to: "first.txt")
      #expect(try pair.sync().generation == number)
    }
    #expect(try pair.hotsyncSlave("snapshot", "pin", "third", "--generation", "latest-1").exitCode == 0)
    #expect(try pair.hotsync("snapshot", "delete", "first").exitCode == 0)
    #expect(try names(pair) == ["first 1", "third 3"])
    for (name, content) in [("first", "the first file\n"), ("third", "the file, version 3\n")] {
      let target = Place(path: pair.scratch.path(name))
      let result = try pair.hotsyncSlave("restore", "--to", target.path, "--generation", name)
      #expect(try result.exitCode == 0 && target.read("srv/data/first.txt") == content, "\(result)")
    }
    let generations = try Document(pair.hotsyncSlave("generations", "--json").outputText)["generations"].items
    let kept = generations.filter { $0["kept_by"].items.contains { $0.text?.hasPrefix("snapshot:") == true } }
    #expect(kept.map { $0["generation"].integer } == [3, 1], "\(generations)")
  }

  @Test("a cycle with nothing to change pins the newest generation; the same name once more is no error")
  func unchanged() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    for _ in 0..<2 {
      let cycle = try pair.sync("--snapshot", "calm")
      #expect(cycle.code == 0 && cycle.result == "unchanged" && cycle.generation == 1, "\(cycle)")
      #expect(cycle.connection["snapshot"]["pinned"] == .bool(true))
    }
    #expect(try names(pair) == ["calm 1"])
    let told = try pair.hotsync("sync", "--snapshot", "calm")
    #expect(told.outputText.contains("\n  snapshot calm: generation 1\n"), "\(told)")
  }

  @Test("a name that is another generation's is refused with 77 before anything is sent, by dry runs too")
  func taken() throws {
    let pair = try Pair()
    #expect(try pair.sync("--snapshot", "mine").code == 0)
    try pair.data.write("more", to: "more.txt")
    #expect(try pair.sync().generation == 2)
    try pair.data.write("more yet", to: "more.txt")
    try pair.expectRefusal(77, "mine", "generation 1", "never moves", "unpin", arguments: ["--snapshot", "mine"])
    try pair.expectRefusal(77, "mine", "generation 1", arguments: ["--snapshot", "mine", "--dry-run"])
    expectThreeParts(try pair.hotsync("snapshot", "create", "mine"), code: 77, ["mine"])
    expectThreeParts(
      try pair.hotsyncSlave("snapshot", "pin", "mine"), code: 73, ["mine", "generation 1", "unpin mine"])
    #expect(try names(pair) == ["mine 1"])
    let cycle = try pair.sync("--snapshot", "yours")
    #expect(cycle.code == 0 && cycle.generation == 3, "\(cycle)")
    #expect(try names(pair) == ["mine 1", "yours 3"])
  }

  @Test("the newest one's name for a further generation: the cycle is committed, the name stays, and it is 77")
  func takenByNewest() throws {
    let pair = try Pair()
    #expect(try pair.sync("--snapshot", "mine").code == 0)
    try pair.data.write("more", to: "more.txt")
    try pair.expectRefusal(77, "mine", "generation 1", arguments: ["--snapshot", "mine", "--dry-run"])
    let cycle = try pair.sync("--snapshot", "mine")
    #expect(cycle.code == 77 && cycle.result == "committed" && cycle.generation == 2, "\(cycle)")
    #expect(cycle.connection["snapshot"]["pinned"] == .bool(false))
    #expect(cycle.problems.map { $0["code"].text } == ["refused"], "\(cycle)")
    #expect(try names(pair) == ["mine 1"])
    #expect(try pair.differences() == [])
    #expect(try pair.sync().result == "unchanged")
    let status = try Document(pair.hotsync("status", "--json").outputText)["connections"][0]
    #expect(status["last_cycle"]["generation"].integer == 2)
  }

  @Test("a dry run says what would be pinned, and writes nothing")
  func dryRun() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let before = try (pair.storeSnapshot(), pair.master.snapshot())
    let calm = try pair.sync("--dry-run", "--snapshot", "calm")
    #expect(calm.code == 0 && calm.connection["snapshot"]["generation"].integer == 1, "\(calm)")
    #expect(calm.connection["snapshot"]["pinned"] == .bool(false))
    #expect(before.0.differences(to: try pair.storeSnapshot()) == [])
    #expect(before.1.differences(to: try pair.master.snapshot()) == [])
    try pair.data.write("more", to: "more.txt")
    let told = try pair.hotsync("sync", "--dry-run", "--snapshot", "calm")
    #expect(told.exitCode == 0 && told.outputText.contains("snapshot calm: would be generation 2"), "\(told)")
    #expect(try names(pair) == [])
  }

  @Test("a cycle that fails pins nothing")
  func failed() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.master.writeScript("exit 1", to: "etc/hotsync/pre-sync.d/fails")
    let cycle = try pair.sync("--snapshot", "never")
    #expect(cycle.code == 1 && cycle.connection["snapshot"]["generation"] == .null, "\(cycle)")
    #expect(try names(pair) == [])
  }

  @Test("delete on the master only asks: the snapshot stays, with the time of the first request")
  func delete() throws {
    let pair = try Pair()
    #expect(try pair.sync("--snapshot", "old").code == 0)
    let before = try pair.mirror.snapshot()
    let asked = try pair.hotsync("snapshot", "delete", "old", "--json")
    let document = try Document(asked.outputText)
    #expect(asked.exitCode == 0 && document["result"].text == "asked", "\(asked)")
    #expect(try pair.hotsync("snapshot", "delete", "old").outputText.contains("keep_within"))
    let item = try #require(try list(pair.hotsync("snapshot", "list", "--json")).first)
    #expect(item["asked"] == document["asked"] && item["asked"] != .null)
    #expect(try names(pair) == ["old 1"])
    #expect(before.differences(to: try pair.mirror.snapshot()) == [])
    expectThreeParts(try pair.hotsync("snapshot", "delete", "none"), code: 64, ["none"])
    // On the slave it goes at once.
    #expect(try pair.hotsyncSlave("snapshot", "unpin", "old").exitCode == 0)
    #expect(try names(pair) == [])
    expectThreeParts(try pair.hotsyncSlave("snapshot", "unpin", "old"), code: 64, ["old"])
  }

  @Test("the slave pins any generation that it keeps, and says which")
  func pin() throws {
    let pair = try Pair()
    expectThreeParts(try pair.hotsyncSlave("snapshot", "pin", "a"), code: 64, [])
    #expect(try pair.sync().code == 0)
    let pinned = try pair.hotsyncSlave("snapshot", "pin", "a", "--generation", "1", "--json")
    #expect(try pinned.exitCode == 0 && Document(pinned.outputText)["generation"].integer == 1, "\(pinned)")
    #expect(try pair.hotsyncSlave("snapshot", "pin", "b", "--generation", "a").exitCode == 0)
    #expect(try pair.hotsyncSlave("snapshot", "pin", "c").exitCode == 0)
    #expect(try names(pair) == ["a 1", "b 1", "c 1"])
    expectThreeParts(try pair.hotsyncSlave("snapshot", "pin", "d", "--generation", "9"), code: 64, ["9"])
  }

  @Test("what is no name is wrong usage, and nothing is sent", arguments: ["1", "latest", "a b", "2026-11-20", "../x"])
  func noName(_ name: String) throws {
    let pair = try Pair()
    for words in [["sync", "--snapshot", name], ["snapshot", "create", name], ["snapshot", "delete", name]] {
      expectThreeParts(
        try pair.start("hotsync", words, root: pair.master, environment: [:]).wait(), code: 64, ["letter"])
    }
    for verb in ["pin", "unpin"] {
      expectThreeParts(try pair.hotsyncSlave("snapshot", verb, name), code: 64, ["letter"])
    }
    #expect(try !pair.master.holds("var/lib/hotsync-state/standby/record"))
  }

  @Test("a damaged list of snapshots is 65 wherever it is asked for, and cycles go on without it")
  func damaged() throws {
    let pair = try Pair()
    #expect(try pair.sync("--snapshot", "a").code == 0)
    try pair.store.write("a 7 pinned=1.0\nend 00\n", to: "snapshots")
    for words in [["generations"], ["snapshot", "list"], ["snapshot", "pin", "b"], ["snapshot", "unpin", "a"]] {
      let result = try pair.start("hotsync-slave", words, root: pair.slave, environment: [:]).wait()
      expectThreeParts(result, code: 65, ["snapshots", "pin anew"])
    }
    expectThreeParts(try pair.hotsync("snapshot", "list"), code: 65, ["snapshots"])
    expectThreeParts(try pair.hotsync("snapshot", "delete", "a"), code: 65, ["snapshots"])
    try pair.data.write("more", to: "more.txt")
    try pair.expectRefusal(65, "snapshots", arguments: ["--snapshot", "b"])
    #expect(try pair.sync().result == "committed")
  }

  @Test("a disabled connection is refused: no snapshot is there that somebody counts on")
  func disabled() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("deactivate", "standby").exitCode == 0)
    for words in [["create", "a"], ["list"], ["delete", "a"]] {
      let result = try pair.start("hotsync", ["snapshot"] + words, root: pair.master, environment: [:]).wait()
      expectThreeParts(result, code: 77, ["disabled", "hotsync activate standby"])
    }
    let cycle = try pair.sync("--snapshot", "a")
    #expect(cycle.code == 0 && cycle.result == "disabled" && cycle.connection["snapshot"]["pinned"] == .bool(false))
  }

  @Test("with several connections the snapshot verbs want one named, and a sync pins in each")
  func several() throws {
    let pair = try Pair()
    let other = try Pair("spare")
    try pair.set(
      "connections.spare.transport", "local", "connections.spare.local_root", other.slave.path,
      "connections.spare.data.include", "[/srv/data]")
    expectThreeParts(try pair.hotsync("snapshot", "list"), code: 64, ["--connection"])
    let both = try pair.hotsync("sync", "--snapshot", "both")
    #expect(both.exitCode == 0 && both.outputText.contains("spare: snapshot both: generation 1"), "\(both)")
    #expect(try pair.hotsync("snapshot", "create", "one", "--connection", "spare").exitCode == 0)
    for (connection, expected) in [("standby", ["both"]), ("spare", ["both", "one"])] {
      let listed = try list(pair.hotsync("snapshot", "list", "--json", "--connection", connection))
      #expect(listed.map { $0["name"].text } == expected)
    }
  }

  // MARK: A line that is lost

  @Test(
    "a slave that dies before or behind the pin is asked again: one generation, and its name",
    arguments: ["pin:1", "pinned:1"])
  func lost(_ point: String) throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    #expect(try pair.sync().code == 0)
    try pair.data.write("more", to: "more.txt")
    try scripted.killSlave(at: point, after: "echo later >'\(pair.data.path)/later.txt'")
    let cycle = try pair.sync("--snapshot", "kept")
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 2, "\(cycle)")
    #expect(cycle.connection["snapshot"]["pinned"] == .bool(true) && cycle.problems == [], "\(cycle)")
    #expect(try scripted.laterSlaves() == 1)
    // What came meanwhile belongs to the next cycle.
    #expect(try names(pair) == ["kept 2"])
    #expect(try pair.sync().generation == 3)
  }

  @Test("without a second try a lost pin is 69, and the cycle is told as the good one that it was")
  func lostForGood() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try scripted.killSlave(at: "pin:1")
    let cycle = try pair.sync("--snapshot", "kept", "--no-retry")
    #expect(cycle.code == 69 && cycle.result == "committed" && cycle.generation == 1, "\(cycle)")
    #expect(cycle.connection["snapshot"]["pinned"] == .bool(false))
    #expect(try names(pair) == [])
    #expect(try pair.sync("--snapshot", "kept").result == "unchanged")
    #expect(try names(pair) == ["kept 1"])
  }
}
