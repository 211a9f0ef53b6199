import HotsyncSystem
import TestSupport
import Testing

@Suite struct HappyWayTests {
  @Test("a promotion puts the newest generation in place, keeps what was there, and overlays the configuration")
  func promotes() throws {
    let pair = try Stage.pair()
    let stage = try Stage(copyOf: pair)
    let result = try stage.promote(Stage.unasked)
    // A hook failed, which is told and stops nothing.
    #expect(result.exitCode == 3, "\(result)")
    let slave = stage.slave
    let data = try pair.data.snapshot().differences(to: slave.below("srv/data").snapshot())
    #expect(data == [], "\(result)")
    #expect(try slave.read("srv/other.txt") == "beside it\n")
    #expect(try slave.read("srv/.hotsync-undo-standby-1/data/old.txt") == "was here before\n")
    #expect(try slave.read("etc/app/app.conf") == "master's own\n")
    #expect(try slave.status("etc/app/app.conf").permissions == 0o640)
    #expect(try slave.read("etc/app/conf.d/extra.conf") == "new here\n")
    #expect(try slave.read("etc/app/local.conf") == "only here\n")
    #expect(try slave.read("etc/fstab") == "of the slave\n")
    #expect(try slave.read("etc/hotsync/conf.d/90-local.yaml").contains("role: slave"))
    #expect(try slave.read("var/lib/hotsync-state/epoch").hasPrefix("2 "))
    #expect(result.outputText.contains("restored generation 2"), "\(result)")
    #expect(result.outputText.contains("FAILED: /etc/hotsync/post-restore.d/20-fail"), "\(result)")
  }

  @Test("the old master is refused as fenced once its slave is promoted")
  func refusesTheOldMaster() throws {
    let pair = try Stage.pair()
    let result = try RunningProgram.run(
      "hotsync-promote", Stage.unasked + ["--root", pair.slave.path])
    #expect(result.exitCode == 3, "\(result)")
    let cycle = try pair.hotsync("sync")
    #expect(cycle.exitCode == 77, "\(cycle)")
    #expect(cycle.errorText.contains("promoted"), "\(cycle)")
  }

  @Test("by exchange the mirror's own files become the live ones, and the store says that it was handed over")
  func exchanges() throws {
    let pair = try Stage.pair()
    let stage = try Stage(copyOf: pair)
    let inode = try stage.slave.status("var/lib/hotsync/standby/mirror/files/srv/data/number.txt").inode
    let result = try stage.promote(Stage.unasked + ["--files", "exchange"])
    #expect(result.exitCode == 3, "\(result)")
    #expect(result.outputText.contains("gives up 1 older generations (1)"), "\(result)")
    #expect(try stage.slave.status("srv/data/number.txt").inode == inode)
    #expect(try pair.data.snapshot().differences(to: stage.slave.below("srv/data").snapshot()) == [])
    let verify = try RunningProgram.run("hotsync-slave", ["verify", "--root", stage.slave.path])
    #expect(verify.exitCode == 77, "\(verify)")
    #expect(verify.errorText.contains("handed"), "\(verify)")
  }

  @Test("what the promotion displaced goes with --commit, and then there is no way back")
  func commits() throws {
    let stage = try Stage(copyOf: try Stage.pair())
    #expect(try stage.promote(Stage.unasked).exitCode == 3)
    let unasked = try stage.promote(["--commit"])
    #expect(unasked.exitCode == 77, "\(unasked)")
    #expect(try stage.slave.holds("srv/.hotsync-undo-standby-1"))
    let result = try stage.promote(["--commit", "--yes"])
    #expect([0, 3].contains(result.exitCode), "\(result)")
    #expect(try !stage.slave.holds("srv/.hotsync-undo-standby-1"))
    #expect(try !stage.slave.holds("var/lib/hotsync-state/standby/promotion/1/kept"))
    let back = try stage.promote(["--rollback", "--yes"])
    #expect(back.exitCode == 77, "\(back)")
  }

  @Test("a check, and reports, write nothing at all")
  func writesNothing() throws {
    let pair = try Stage.pair()
    let before = try pair.slave.snapshot()
    for words in [["--check"], ["--check", "--json"], ["--history"], ["--report"]] {
      let result = try RunningProgram.run("hotsync-promote", words + ["--root", pair.slave.path])
      #expect([0, 64, 77].contains(result.exitCode), "\(result)")
      let changed = before.differences(to: try pair.slave.snapshot())
      #expect(changed == [], "\(words): \(result)")
    }
  }
}
