import HotsyncSystem
import TestSupport
import Testing

/// A line that is lost in the middle of a cycle, and mended by the cycle itself.
@Suite struct ReconnectTests {
  /// A pair in step whose slave is a script, with changes of several kinds that wait for a cycle.
  private func pairWithChanges() throws -> (pair: Pair, scripted: ScriptedSlave) {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    for number in 0..<6 { try pair.data.write("content \(number)", to: "file\(number)") }
    #expect(try pair.sync().code == 0)
    for number in 0..<3 { try pair.data.write("changed \(number)", to: "file\(number)") }
    try pair.data.remove("file4")
    try pair.data.rename("file5", to: "renamed")
    return (pair, scripted)
  }

  private func random(_ seed: UInt64, _ count: Int) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
  }

  @Test(
    "a cycle whose slave dies at any moment connects again and ends well, and its report tells one cycle",
    arguments: [
      "stage:2", "seal:1", "flush:1", "commit:1", "journal:1", "carry-out:1", "carry-out:3", "committed:1", "list:1",
      "listed:1", "tidy:1",
    ])
  func mends(_ point: String) throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.killSlave(at: point)
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 2, "\(cycle)")
    #expect(try scripted.laterSlaves() > 0)
    #expect(cycle.files("changed") == 3 && cycle.files("deleted") == 1 && cycle.files("renamed") == 1, "\(cycle)")
    #expect(cycle.problems == [], "\(cycle)")
    #expect(cycle.program.errorText.contains("the next try comes in"), "\(cycle)")
    #expect(cycle.program.errorText.contains("the slave answers again"), "\(cycle)")
    let phases = cycle.connection["phases"].names.filter { $0 != "gather" }
    #expect(
      phases == ["reconnect", "connect", "scan", "push", "commit"]
        || phases == ["push", "commit", "reconnect", "connect", "scan"]
        || phases == ["commit", "reconnect", "connect", "scan", "push"], "\(cycle)")
    #expect(try pair.differences() == [])
    let next = try pair.sync()
    #expect(next.result == "unchanged" && next.generation == 2, "\(next)")
  }

  @Test("the slave dies in the middle: what it had staged is not sent again, and all attempts are counted")
  func sendsOnce() throws {
    let (pair, scripted) = try pairWithChanges()
    let (count, size) = (200, 30_000)
    for number in 0..<count { try pair.data.write(random(UInt64(number), size), to: "more/\(number)") }
    try scripted.killSlave(at: "stage:150")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    let all = count * size
    // What was on its way to the dead slave is lost: as much as pipes and buffers hold.
    #expect(cycle.bytes("literal") ?? 0 >= all && cycle.bytes("literal") ?? .max < all + (1 << 20), "\(cycle)")
    #expect(cycle.bytes("wire_sent") ?? 0 >= all && cycle.bytes("wire_sent") ?? .max < all + (5 << 18), "\(cycle)")
    let matched = (cycle.bytes("changed") ?? 0) - (cycle.bytes("literal") ?? 0)
    #expect(cycle.bytes("matched") == max(0, matched), "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a large new file is gone on with in its middle")
  func largeFile() throws {
    let (pair, scripted) = try pairWithChanges()
    let size = 32 << 20
    try pair.data.write(random(3, size), to: "large")
    try scripted.killSlave(at: "stage:\(wholeChunks(in: 20 << 20))")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(cycle.bytes("literal") ?? .max < size + (4 << 20), "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a slave that dies more than once is connected to again each time")
  func diesTwice() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.killSlave(
      at: "stage:2", after: "test -e \"$here/twice\" || rm -r \"$here/killed\"; : >\"$here/twice\"")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 2, "\(cycle)")
    #expect(
      cycle.program.errorText.split(separator: "\n").filter { $0.contains("the next try") }.count == 2, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a store that the agent of the lost line still holds is waited for")
  func busy() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.killSlave(
      at: "stage:2", after: "setsid flock '\(pair.store.path)/cycle.lock' sleep 7 & sleep 0.2")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(cycle.program.errorText.contains("another cycle is under way"), "\(cycle)")
    #expect(try scripted.laterSlaves() > 1)
    #expect(try pair.differences() == [])
  }

  @Test("a slave that refuses the second time ends the cycle at once, with its own code")
  func refusesLater() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.killSlave(
      at: "stage:2",
      after: "\"$here/true-slave\" config set connections.standby.status disabled --root '\(pair.slave.path)'")
    let cycle = try pair.sync()
    #expect(cycle.code == 77 && cycle.result == "refused", "\(cycle)")
    #expect(cycle.program.errorText.contains("it is disabled on the slave"), "\(cycle)")
    #expect(try scripted.laterSlaves() == 1)
    #expect(cycle.program.elapsed < .seconds(10))
  }

  @Test("a slave that was promoted meanwhile fences the master, also where only the line was lost")
  func fencedLater() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.answer(SlaveWords.greeting, then: SlaveWords.endAfterHello)
    let higher = SlaveWords.preamble + SlaveWords.welcome(epoch: [2])
    try Place(path: scripted.programs).write(higher, to: "higher")
    try Pair.shell("rm -f \"$0/hotsync-slave\"", scripted.programs)
    try Place(path: scripted.programs).writeScript(
      """
      here=${0%/*}
      if mkdir "$here/first" 2>/dev/null; then cat "$here/answer"; \(SlaveWords.endAfterHello); fi
      cat "$here/higher"
      cat >/dev/null
      """, to: "hotsync-slave")
    let cycle = try pair.sync("--adopt")
    #expect(cycle.code == 77 && cycle.program.errorText.contains("was promoted"), "\(cycle)")
  }

  @Test("--no-retry gives up at the first lost line, and so do a dry run and a check")
  func noRetry() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.killSlave(at: "stage:2")
    let result = try pair.hotsync("sync", "--no-retry")
    expectThreeParts(result, code: 69, ["lost the connection"])
    #expect(try scripted.laterSlaves() == 0)
    try scripted.answer(SlaveWords.greeting, then: SlaveWords.endAfterHello)
    #expect(try pair.hotsync("sync", "--dry-run").elapsed < .seconds(5))
    #expect(try pair.hotsync("check").elapsed < .seconds(5))
  }

  @Test("a first connection that fails ends the cycle at once")
  func firstConnection() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.answer([], then: "exit 0")
    let result = try pair.hotsync("sync")
    expectThreeParts(result, code: 69, ["closed the line"])
    #expect(result.elapsed < .seconds(5))
  }

  @Test("hooks and the executables of hotsync.d run once a cycle, and what a walk finds is told once")
  func once() throws {
    let (pair, scripted) = try pairWithChanges()
    try pair.master.writeScript("echo x >>'\(pair.scratch.path("pre"))'", to: "etc/hotsync/pre-sync.d/count")
    try pair.master.writeScript("echo x >>'\(pair.scratch.path("post"))'", to: "etc/hotsync/post-sync.d/count")
    try pair.master.writeScript("echo x >>'\(pair.scratch.path("lists"))'", to: "etc/hotsync.d/count")
    try pair.data.makeSocket("socket")
    try scripted.killSlave(at: "committed:1")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 2, "\(cycle)")
    #expect(cycle.problems.count == 1 && cycle.codes(of: "/srv/data/socket") == ["socket_skipped"], "\(cycle)")
    for name in ["pre", "post", "lists"] {
      #expect(try Place(path: pair.scratch.path).read(name) == "x\n", "\(name)")
    }
  }

  @Test("what changes while the line is lost comes with a generation of its own, and both are counted")
  func changesMeanwhile() throws {
    let (pair, scripted) = try pairWithChanges()
    try scripted.killSlave(at: "committed:1", after: "echo later >'\(pair.data.path)/later'")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 3, "\(cycle)")
    #expect(cycle.files("changed") == 3 && cycle.files("created") == 1 && cycle.files("deleted") == 1, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a slave that is lost again and again is given up when the next cycle is due")
  func nextIsDue() throws {
    let scripted = try ScriptedSlave()
    let pair = try Pair(programs: scripted.programs)
    try pair.set(ofConnection: "schedule", "* * * * *")
    try scripted.answer(SlaveWords.greeting, then: SlaveWords.endAfterHello)
    let result = try pair.start("sync").wait(limit: .seconds(100))
    #expect(result.exitCode == 69 && result.errorText.contains("the next cycle is due"), "\(result)")
    #expect(result.elapsed > .seconds(20) && result.elapsed < .seconds(75), "\(result.elapsed)")
    #expect(result.errorText.split(separator: "\n").filter { $0.contains("the next try") }.count >= 5, "\(result)")
  }

  @Test("status tells when the next cycle is due, by either kind of schedule", arguments: ["0 * * * *", "hourly"])
  func status(_ schedule: String) throws {
    let pair = try Pair()
    try pair.set(ofConnection: "schedule", schedule)
    let before = Clocks.system.now().seconds
    let told = try Document(pair.hotsync("status", "--json").outputText)["connections"][0]["next_run"].text
    let after = Clocks.system.now().seconds
    let hours = [before, after].map { Timestamp(seconds: ($0 / 3_600 + 1) * 3_600).rfc3339 }
    #expect(told.map { hours.contains($0) } == true, "\(told ?? "null")")
    try pair.set(ofConnection: "status", "disabled")
    #expect(try Document(pair.hotsync("status", "--json").outputText)["connections"][0]["next_run"] == .null)
  }
}
