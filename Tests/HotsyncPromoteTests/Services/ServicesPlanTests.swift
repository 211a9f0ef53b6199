import HotsyncFacts
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPromote

@Suite("What is to be enabled and started")
struct ServicesPlanTests {
  private func services(_ enabled: [String], masked: [String] = [], scripts: [String] = []) -> Facts.Services {
    Facts.Services(
      enabled: enabled.map { Facts.Services.Unit(name: $0, wantedBy: ["multi-user.target"]) }, masked: masked,
      scripts: scripts)
  }

  @Test("what the master had and is installed here, sockets first and what runs at times last")
  func order() {
    let plan = ServicesPlan(
      theirs: services(
        [
          "nginx.service", "cron.service", "cups.socket", "backup.timer", "ssh.service", "hotsync@a.timer",
          "gone.service",
        ],
        scripts: ["legacy", "ssh"]),
      ours: services(["nginx.service"]), isInstalled: { $0 != "gone.service" })
    #expect(plan.units.map(\.name) == ["cups.socket", "legacy.service", "nginx.service"])
    #expect(plan.timed.map(\.name) == ["backup.timer", "cron.service"])
    #expect(plan.units.filter(\.enables).map(\.name) == ["cups.socket", "legacy.service"])
    #expect(plan.notes == ["not installed here: gone.service"])
  }

  @Test("what is masked here stays so, and is told")
  func masked() {
    let plan = ServicesPlan(
      theirs: services(["nginx.service"]), ours: services([], masked: ["nginx.service"]), isInstalled: { _ in true })
    #expect(plan.units.isEmpty && plan.notes.count == 1)
  }

  @Test("a unit that its package leads to nothing is passed over, without a word")
  func void() throws {
    let scratch = try ScratchFolder("services")
    for (path, unit) in [("lib/systemd/system", "sudo.service"), ("etc/systemd/system", "mine.service")] {
      try scratch.makeOrOpenFolder(path).makeSymbolicLink(try #require(FileName(unit)), to: Array("/dev/null".utf8))
    }
    let root = try scratch.open()
    let plan = ServicesPlan(
      theirs: services([], scripts: ["sudo", "mine"]), ours: services([]),
      isVoid: { ServicesStep.isVoid($0, below: root) }, isInstalled: { _ in true })
    #expect(plan.units.map(\.name) == ["mine.service"] && plan.notes.isEmpty)
  }

  @Test("a unit is installed by its file, an instance by its template, a script by itself")
  func installed() throws {
    let scratch = try ScratchFolder("services")
    for path in ["usr/lib/systemd/system", "etc/init.d", "etc/systemd/system"] {
      _ = try scratch.makeOrOpenFolder(path)
    }
    for path in ["usr/lib/systemd/system/a.service", "etc/systemd/system/b@.service", "etc/init.d/c"] {
      try scratch.write([], to: path)
    }
    let root = try scratch.open()
    let found = ["a.service", "b@x.service", "c.service", "a.timer", "d.service", "c.timer"].filter {
      ServicesStep.isInstalled($0, below: root)
    }
    #expect(found == ["a.service", "b@x.service", "c.service"])
  }
}
