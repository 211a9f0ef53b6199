import HotsyncSystem
import TestSupport
import Testing

/// What the commands beside `sync` say, and what every command has.
@Suite struct CommandTests {
  // MARK: Every command

  @Test("every verb of the three programs has --help, on standard output, with 0")
  func help() throws {
    let verbs = [
      "hotsync": [
        "", "sync", "status", "check", "key", "key generate", "key show", "key rotate", "trust", "activate",
        "deactivate", "apply", "guard", "config", "config get", "config set", "config unset", "config show",
        "config check", "snapshot", "snapshot create", "snapshot list", "snapshot delete",
      ],
      "hotsync-slave": [
        "", "maintain", "serve", "apply", "authorize", "revoke", "check", "status", "generations", "history",
        "restore", "verify", "prune", "rehearse", "seed", "config", "config get", "config set", "config unset",
        "config show", "config check", "snapshot", "snapshot pin", "snapshot unpin", "snapshot list",
      ],
      "hotsync-promote": ["", "post-restore"],
    ]
    for (program, verbs) in verbs {
      for verb in verbs {
        let result = try RunningProgram.run(program, verb.split(separator: " ").map(String.init) + ["--help"])
        #expect(result.exitCode == 0 && result.errors == [], "\(program) \(verb): \(result)")
        #expect(result.outputText.contains("USAGE: \(program)"), "\(program) \(verb): \(result)")
      }
    }
  }

  @Test("--version prints the version", arguments: ["hotsync", "hotsync-slave", "hotsync-promote"])
  func version(_ program: String) throws {
    let result = try RunningProgram.run(program, ["--version"])
    #expect(result.exitCode == 0 && result.outputText.hasPrefix("hotsync ") && result.errors == [], "\(result)")
  }

  @Test(
    "wrong usage is 64",
    arguments: [
      ["hotsync", "--nonsense"], ["hotsync", "sync", "--dry"], ["hotsync", "status", "--root"],
      ["hotsync", "config", "set", "role"], ["hotsync", "config"], ["hotsync", "activate"],
      ["hotsync", "snapshot", "create"], ["hotsync", "snapshot", "nonsense"], ["hotsync-slave", "snapshot", "pin"],
      ["hotsync-slave", "maintain", "--only"], ["hotsync-slave", "nonsense"], ["hotsync-slave", "serve"],
      ["hotsync-slave", "restore"],
      ["hotsync-promote", "nonsense"], ["hotsync-promote", "--check", "--rollback"],
    ])
  func usage(_ words: [String]) throws {
    let scratch = try ScratchFolder()
    let hasRoot = words.last != "--root" && words.count > 1
    let result = try RunningProgram.run(words[0], words.dropFirst() + (hasRoot ? ["--root", scratch.path] : []))
    #expect(result.exitCode == 64 || (words == ["hotsync", "config"] && result.exitCode == 0), "\(words): \(result)")
    #expect(try scratch.open().names() == [])
  }

  @Test(
    "what is not built yet is wrong usage",
    arguments: [
      ["hotsync", "log"], ["hotsync-slave", "log"], ["hotsync-slave", "rejoin"], ["hotsync-promote", "--planned"],
    ])
  func notBuilt(_ words: [String]) throws {
    let pair = try Pair()
    let result = try RunningProgram.run(words[0], words.dropFirst() + ["--root", pair.slave.path])
    #expect(result.exitCode == 64, "\(result)")
  }

  @Test("hotsync without a verb is hotsync sync")
  func defaultVerb() throws {
    let pair = try Pair()
    let result = try RunningProgram.run("hotsync", ["--root", pair.master.path])
    #expect(result.exitCode == 0 && result.outputText.hasPrefix("standby: committed generation 1"), "\(result)")
  }

  @Test("--quiet says nothing of a good cycle, and still what went wrong")
  func quiet() throws {
    let pair = try Pair()
    let good = try pair.hotsync("sync", "--quiet")
    #expect(good.exitCode == 0 && good.output == [] && good.errors == [], "\(good)")
    try pair.data.remove("first.txt")
    expectThreeParts(try pair.hotsync("sync", "--quiet"), code: 77, ["/srv/data"])
  }

  @Test("elsewhere than on a terminal a short cycle shows no progress, with and without --no-progress")
  func progress() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("sync").errors == [])
    #expect(try pair.hotsync("sync", "--no-progress").errors == [])
  }

  // MARK: status

  @Test("status tells what is not known as null, and the last cycle once there was one")
  func status() throws {
    let pair = try Pair()
    let before = try Document(pair.hotsync("status", "--json").outputText)
    #expect(before.names == ["role", "connections"] && before["role"] == .string("master"))
    let fields = ["connection", "status", "transport", "last_cycle", "age", "next_run", "fenced", "slave"]
    #expect(before["connections"][0].names == fields)
    #expect(before["connections"][0]["last_cycle"] == .null && before["connections"][0]["age"] == .null)
    #expect(
      before["connections"][0]["slave"]
        == .object([
          Document.Field(name: "ready", value: .null), Document.Field(name: "blockers", value: .array([])),
        ]))
    #expect(try pair.sync().code == 0)
    let after = try Document(pair.hotsync("status", "--json").outputText)["connections"][0]
    #expect(after.names == fields && after["status"] == .string("enabled"))
    #expect(after["transport"] == .string(pair.transport.rawValue))
    #expect(after["last_cycle"].names == ["result", "generation", "time", "seconds"])
    #expect(after["last_cycle"]["result"] == .string("committed") && after["last_cycle"]["generation"].integer == 1)
    #expect((after["age"].seconds ?? 1_000) < 120 && after["fenced"] == .bool(false))
  }

  @Test("status tells a cycle that failed, and that the copy ages since the last one in step")
  func statusAfterFailure() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.master.writeScript("exit 1", to: "etc/hotsync/pre-sync.d/fails")
    #expect(try pair.sync().code == 1)
    let document = try Document(pair.hotsync("status", "--json").outputText)["connections"][0]
    let last = document["last_cycle"]
    #expect(last["result"] == .string("failed") && document["age"].seconds != nil)
    #expect(last["cause"].text?.contains("1") == true && last["next_step"].text?.contains("pre-sync.d") == true)
    let shown = try pair.hotsync("status").outputText
    #expect(shown.contains("    cause: ") && shown.contains("    next:  mend it"), "\(shown)")
  }

  @Test("status --nagios is one line with a plugin's exit code")
  func nagios() throws {
    let pair = try Pair()
    let never = try pair.hotsync("status", "--nagios")
    #expect(never.exitCode == 2 && never.outputText.hasPrefix("HOTSYNC CRITICAL: standby was never"), "\(never)")
    #expect(try pair.sync().code == 0)
    let good = try pair.hotsync("status", "--nagios")
    #expect(good.exitCode == 0 && good.outputText.hasPrefix("HOTSYNC OK: standby is "), "\(good)")
    #expect(good.outputText.split(separator: "\n").count == 1)
  }

  // MARK: check

  @Test("check tries everything and changes nothing")
  func check() throws {
    let pair = try Pair()
    let before = (try pair.master.snapshot(), try pair.slave.snapshot())
    let result = try pair.hotsync("check", "--json")
    let document = try Document(result.outputText)
    #expect(result.exitCode == 0 && document["ready"] == .bool(true), "\(result)")
    #expect(document["connections"][0]["checks"].items.allSatisfy { $0["state"] == .string("pass") }, "\(result)")
    #expect(before.0.differences(to: try pair.master.snapshot()) == [])
    #expect(before.1.differences(to: try pair.slave.snapshot()) == [])
  }

  @Test("check tells everything that is wrong at once, each with its next step")
  func failingCheck() throws {
    let pair = try Pair()
    try pair.slave.remove("var/lib/hotsync")
    try pair.data.remove("first.txt")
    try pair.master.remove("srv/data")
    try pair.master.writeScript("", to: "etc/hotsync/pre-sync.d/open", permissions: 0o777)
    let result = try pair.hotsync("check", "--json")
    let failed = try Document(result.outputText)["connections"][0]["checks"].items.filter {
      $0["state"] == .string("fail")
    }
    #expect(result.exitCode == 77 && failed.count == 3, "\(result)")
    #expect(failed.allSatisfy { $0["next_step"].text != nil })
  }

  // MARK: Configuration

  @Test("config get, set, unset, show and check do what they say")
  func config() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("config", "get", "connections.standby.max_delete").outputText == "50%\n")
    try pair.set(ofConnection: "max_delete", "10%")
    #expect(try pair.hotsync("config", "get", "connections.standby.max_delete").outputText == "10%\n")
    let shownConfiguration = try pair.hotsync("config", "show")
    #expect(shownConfiguration.outputText.contains("90-local.yaml"), "\(shownConfiguration)")
    #expect(try pair.hotsync("config", "unset", "connections.standby.max_delete").exitCode == 0)
    #expect(try pair.hotsync("config", "get", "connections.standby.max_delete").outputText == "50%\n")
    #expect(try pair.hotsync("config", "check").exitCode == 0)
    try pair.master.write("nonsense: 1\n", to: "etc/hotsync/hotsync.yaml")
    expectThreeParts(try pair.hotsync("config", "check"), code: 78, ["nonsense", "line 1"])
  }

  @Test("config set refuses what would not load, and leaves the file as it was")
  func refusedSetting() throws {
    let pair = try Pair()
    let path = "etc/hotsync/conf.d/90-local.yaml"
    let before = try pair.master.read(path)
    for (key, value) in [
      ("connections.standby.max_delete", "lots"), ("connections.standby.transprt", "local"), ("role", "boss"),
      ("connections.standby.streams", "4"),
    ] {
      let result = try pair.hotsync("config", "set", key, value)
      #expect(result.exitCode == 78 && result.errorText.contains("  next:  "), "\(key) \(value): \(result)")
    }
    #expect(try pair.master.read(path) == before)
    #expect(try pair.hotsync("config", "get", "connections.standby.transprt").errorText.contains("transport"))
  }

  @Test("apply is idempotent on both machines")
  func apply() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("apply").exitCode == 0)
    #expect(try pair.hotsync("apply").outputText == "nothing to change\n")
    let before = try pair.slave.snapshot()
    #expect(try pair.hotsyncSlave("apply").exitCode == 0)
    #expect(before.differences(to: try pair.slave.snapshot()) == [])
  }
}
