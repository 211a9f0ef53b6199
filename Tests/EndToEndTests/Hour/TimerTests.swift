import HotsyncSystem
import TestSupport
import Testing

/// `apply` below a root of its own: drop-ins are written, systemd is told nothing.
@Suite("Timers by the configuration") struct TimerTests {
  private static let dropIn = "etc/systemd/system/hotsync@standby.timer.d/60-schedule.conf"

  @Test("apply writes the connection's schedule, says so, and has nothing to do the second time")
  func schedule() throws {
    let pair = try Pair()
    try pair.set(ofConnection: "schedule", "10 3 1 * mon")
    let first = try pair.hotsync("apply")
    #expect(first.exitCode == 0 && first.outputText.contains("schedule of hotsync@standby.timer"), "\(first)")
    let text = try pair.master.read(TimerTests.dropIn)
    #expect(text.hasSuffix("[Timer]\nOnCalendar=\nOnCalendar=*-*-1 3:10:00\nOnCalendar=Mon *-*-* 3:10:00\n"), "\(text)")
    #expect(try pair.hotsync("apply").outputText == "nothing to change\n")
  }

  @Test("a connection that is switched off has none; switched on again it has its own")
  func disabled() throws {
    let pair = try Pair()
    #expect(try pair.hotsync("apply").exitCode == 0)
    #expect(try pair.hotsync("deactivate", "standby").exitCode == 0)
    #expect(try !pair.master.holds(TimerTests.dropIn))
    #expect(try pair.hotsync("activate", "standby").exitCode == 0)
    #expect(try pair.master.read(TimerTests.dropIn).contains("OnCalendar=*-*-* *:0,15,30,45:00\n"))
  }

  @Test("what a connection that is gone left behind goes; what the administrator put beside it stays")
  func strangers() throws {
    let pair = try Pair()
    for name in ["old", "kept"] {
      try pair.master.makeFolder("etc")
      try pair.master.makeFolder("etc/systemd")
      try pair.master.makeFolder("etc/systemd/system")
      try pair.master.makeFolder("etc/systemd/system/hotsync@\(name).timer.d")
      try pair.master.write("[Timer]\n", to: "etc/systemd/system/hotsync@\(name).timer.d/60-schedule.conf")
    }
    try pair.master.write("[Timer]\n", to: "etc/systemd/system/hotsync@kept.timer.d/own.conf")
    #expect(try pair.hotsync("apply").exitCode == 0)
    #expect(try !pair.master.holds("etc/systemd/system/hotsync@old.timer.d"))
    #expect(try pair.master.holds("etc/systemd/system/hotsync@kept.timer.d/own.conf"))
    #expect(try !pair.master.holds("etc/systemd/system/hotsync@kept.timer.d/60-schedule.conf"))
  }

  @Test("a schedule that systemd does not understand is refused before anything is written")
  func impossible() throws {
    guard (try? Descriptor.open("/usr/bin/systemd-analyze")) != nil else { return }
    let pair = try Pair()
    try pair.set(ofConnection: "schedule", "Someday 25:00")
    expectThreeParts(try pair.hotsync("apply"), code: 78, ["Someday 25:00", "connections.standby.schedule"])
    #expect(try !pair.master.holds(TimerTests.dropIn))
  }

  @Test("the slave's hour follows maintenance.schedule")
  func hour() throws {
    let pair = try Pair()
    let config = ["config", "set", "maintenance.schedule", "30 * * * *"]
    #expect(try pair.start("hotsync-slave", config, root: pair.slave, environment: [:]).wait().exitCode == 0)
    #expect(try pair.hotsyncSlave("apply").exitCode == 0)
    let text = try pair.slave.read("etc/systemd/system/hotsync-slave.timer.d/60-schedule.conf")
    #expect(text.hasSuffix("OnCalendar=\nOnCalendar=*-*-* *:30:00\n"), "\(text)")
  }
}
