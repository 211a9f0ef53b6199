import HotsyncSystem
import TestSupport
import Testing

@Suite struct OneAtATimeTests {
  @Test("a second run on the same master ends with 75 at once, and the first goes on")
  func secondRun() throws {
    let pair = try Pair()
    let first = try pair.sync(stoppedAt: "scan:1") {
      let second = try pair.hotsync("sync")
      expectThreeParts(second, code: 75, ["another run holds its lock"])
      #expect(second.elapsed < .seconds(5), "\(second.elapsed)")
    }
    #expect(first.code == 0 && first.result == "committed", "\(first)")
  }

  @Test("a second master that pushes to the same store meanwhile ends with 75")
  func secondMaster() throws {
    let pair = try Pair()
    let first = try pair.sync(stoppedAt: "push:1") {
      try Pair.shell("cp -a \"$0\" \"$0 two\"; rm -r \"$0 two/var/lib/hotsync-state\"", pair.master.path)
      let second = try RunningProgram.run("hotsync", ["sync", "--root", "\(pair.master.path) two"])
      expectThreeParts(second, code: 75, ["another cycle is under way"])
    }
    #expect(first.code == 0, "\(first)")
    #expect(try pair.differences() == [])
  }

  @Test("a look at the slave while a cycle runs does not disturb it")
  func lookMeanwhile() throws {
    let pair = try Pair()
    let first = try pair.sync(stoppedAt: "push:1") { () throws in
      #expect(try pair.hotsync("sync", "--dry-run").exitCode == 0)
      #expect(try pair.hotsync("check").exitCode == 0)
      #expect(try pair.hotsync("status").exitCode == 0)
    }
    #expect(first.code == 0 && first.result == "committed", "\(first)")
  }

  @Test("a run that was killed leaves no lock behind")
  func killedRun() throws {
    let pair = try Pair()
    let first = try pair.start("sync", environment: ["HOTSYNC_KILL_AT": "push:1"]).wait()
    #expect(first.ending == .killed(signal: 9), "\(first)")
    let next = try pair.sync()
    #expect(next.code == 0 && next.result == "committed", "\(next)")
    #expect(try pair.differences() == [])
  }
}
