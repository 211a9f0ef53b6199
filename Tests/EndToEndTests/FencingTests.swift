import HotsyncSystem
import TestSupport
import Testing

@Suite("A master whose slave was promoted")
struct FencingTests {
  private static let promoter = "000102030405060708090a0b0c0d0e0f"

  /// A pair in step, whose slave then knows a higher epoch.
  private func promoted() throws -> Pair {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.slave.makeFolder("var/lib/hotsync-state")
    try pair.slave.write("2 \(FencingTests.promoter)\n", to: "var/lib/hotsync-state/epoch", permissions: 0o600)
    return pair
  }

  private func grant(_ pair: Pair) throws {
    try pair.slave.write(
      "2 \(FencingTests.promoter) \(pair.connection)\n", to: "var/lib/hotsync-state/epoch-holder", permissions: 0o600)
  }

  @Test("it is fenced by the first refusal, and asks nobody from then on")
  func fenced() throws {
    let pair = try promoted()
    expectThreeParts(try pair.hotsync("sync"), code: 77, ["another machine was promoted (epoch 2, this one has 1)"])
    #expect(try pair.master.status("var/lib/hotsync-state/fenced").permissions == 0o600)
    try pair.slave.rename("var", to: "gone")
    expectThreeParts(try pair.hotsync("sync"), code: 77, ["this machine is fenced since 20"])
    expectThreeParts(try pair.hotsync("sync", "--dry-run"), code: 77, ["this machine is fenced since 20"])
  }

  @Test("status says so, why, and since when")
  func status() throws {
    let pair = try promoted()
    #expect(try pair.sync().code == 77)
    let told = try Document(pair.hotsync("status", "--json").outputText)
    #expect(told["connections"][0]["fenced"] == .bool(true))
    #expect(told["fence"]["connection"].text == pair.connection)
    #expect(told["fence"]["cause"].text?.contains("another machine was promoted") == true)
    #expect(told["fence"]["since"].text?.hasPrefix("20") == true)
    let text = try pair.hotsync("status").outputText
    #expect(text.contains("FENCED") && text.contains("another machine was promoted"), "\(text)")
    #expect(try pair.hotsync("status", "--nagios").exitCode == 2)
  }

  @Test("a dry run and a check are refused, and put no fence up")
  func looking() throws {
    let pair = try promoted()
    #expect(try pair.hotsync("sync", "--dry-run").exitCode == 77)
    #expect(try pair.hotsync("check").exitCode == 77)
    #expect(try !pair.master.holds("var/lib/hotsync-state/fenced"))
  }

  @Test("--adopt alone gives no epoch; after a rollback it does, and the fence goes")
  func adopt() throws {
    let pair = try promoted()
    #expect(try pair.sync("--adopt").code == 77)
    #expect(try pair.master.holds("var/lib/hotsync-state/fenced"))
    try grant(pair)
    try pair.data.write("later", to: "later.txt")
    #expect(try pair.sync().code == 77)
    let adopted = try pair.sync("--adopt")
    #expect(adopted.code == 0 && adopted.result == "committed", "\(adopted)")
    #expect(adopted.connection["epoch"].integer == 2)
    #expect(try !pair.master.holds("var/lib/hotsync-state/fenced"))
    #expect(try pair.master.read("var/lib/hotsync-state/epoch") == "2 \(FencingTests.promoter)\n")
    #expect(try pair.sync().code == 0)
    #expect(try pair.differences() == [])
  }

  @Test("without --adopt the holder is told what to type")
  func holder() throws {
    let pair = try promoted()
    try grant(pair)
    expectThreeParts(try pair.hotsync("sync"), code: 77, ["to be master again: hotsync sync --adopt"])
    // The epoch of another machine is nobody's to take, whoever holds this number.
    try pair.slave.write(
      "2 \(String(repeating: "f", count: 32))\n", to: "var/lib/hotsync-state/epoch", permissions: 0o600)
    #expect(try pair.sync("--adopt").code == 77)
  }
}

@Suite("The guard of a master")
struct GuardTests {
  private static let promoter = "000102030405060708090a0b0c0d0e0f"

  private func state(_ pair: Pair, _ words: String...) throws -> (code: Int32?, told: Document) {
    let result = try RunningProgram.run("hotsync", ["guard"] + words + ["--json", "--root", pair.master.path])
    return (result.exitCode, try Document(result.outputText))
  }

  @Test("a peer that takes this master lets it serve, and nothing is written")
  func free() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let snapshot = try pair.master.snapshot()
    for words in [["--boot"], ["--link"], []] {
      let result = try RunningProgram.run("hotsync", ["guard"] + words + ["--root", pair.master.path])
      #expect(result.exitCode == 0, "\(words) \(result)")
    }
    #expect(try pair.master.snapshot().differences(to: snapshot) == [])
  }

  @Test("a promoted peer fences: a flag for units, a word above the login, code 77, until the epoch is adopted")
  func fenced() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.slave.makeFolder("var/lib/hotsync-state")
    try pair.slave.write("2 \(GuardTests.promoter)\n", to: "var/lib/hotsync-state/epoch", permissions: 0o600)
    let (code, told) = try state(pair)
    #expect(code == 77 && told["state"].text == "fenced", "\(told)")
    #expect(told["peers"][0]["answer"].text == "fenced")
    #expect(try pair.master.read("run/hotsync/fenced") == "fenced\n")
    #expect(try pair.master.read("etc/issue.d/hotsync.issue").contains("FENCED since"))
    #expect(try pair.master.holds("var/lib/hotsync-state/fenced"))
    // A boot: what lay in memory is gone, and nobody answers.
    try pair.master.remove("run/hotsync/fenced")
    try pair.slave.rename("var", to: "gone")
    #expect(try state(pair, "--link").code == 77)
    #expect(try pair.master.read("run/hotsync/fenced") == "fenced\n")
    #expect(try state(pair, "--boot").code == 77)
    // The promotion is rolled back.
    try pair.slave.rename("gone", to: "var")
    try pair.slave.write(
      "2 \(GuardTests.promoter) \(pair.connection)\n", to: "var/lib/hotsync-state/epoch-holder", permissions: 0o600)
    #expect(try state(pair).code == 77)
    #expect(try pair.sync("--adopt").code == 0)
    #expect(try state(pair).code == 0)
    #expect(try !pair.master.holds("run/hotsync/fenced"))
    #expect(try !pair.master.holds("etc/issue.d/hotsync.issue"))
  }

  @Test("where nobody answers guard.alone decides at boot, and who waits is let go by the first answer")
  func alone() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    try pair.slave.rename("var", to: "gone")
    #expect(try state(pair, "--boot").code == 0)
    try pair.set("guard.alone", "hold")
    #expect(try state(pair).code == 0)
    let (code, told) = try state(pair, "--boot")
    #expect(code == 77 && told["state"].text == "held", "\(told)")
    #expect(try pair.master.read("run/hotsync/fenced") == "held\n")
    #expect(try state(pair).told["state"].text == "held")
    #expect(try !pair.master.holds("var/lib/hotsync-state/fenced"))
    try pair.slave.rename("gone", to: "var")
    #expect(try state(pair).code == 0)
    #expect(try !pair.master.holds("run/hotsync/fenced"))
  }

  @Test("apply makes what serves wait for the guard, and says what it changed once")
  func apply() throws {
    let pair = try Pair()
    try pair.master.makeFolder("etc/systemd/system/multi-user.target.wants")
    try pair.master.makeSymbolicLink(
      "etc/systemd/system/multi-user.target.wants/nginx.service", to: "/usr/lib/systemd/system/nginx.service")
    let first = try pair.hotsync("apply")
    #expect(first.exitCode == 0 && first.outputText.contains("nginx.service: waits for the guard"), "\(first)")
    #expect(try pair.master.holds("etc/systemd/system/nginx.service.d/50-hotsync.conf"))
    #expect(try pair.hotsync("apply").outputText.contains("nginx.service") == false)
  }

  @Test("two moments of a boot are wrong usage")
  func usage() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("guard", "--boot", "--link").exitCode == 64)
  }
}
