import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncMaster

@Suite("Files that make units wait for the guard")
struct GuardUnitsTests {
  private func place(_ enabled: [String]) throws -> ScratchFolder {
    let scratch = try ScratchFolder("guard")
    let wants = try scratch.makeOrOpenFolder("etc/systemd/system/multi-user.target.wants")
    for unit in enabled {
      try wants.makeSymbolicLink(try #require(FileName(unit)), to: Array("/usr/lib/systemd/system/\(unit)".utf8))
    }
    return scratch
  }

  private func conf(_ scratch: ScratchFolder, _ unit: String) -> String? {
    let path = scratch.path("etc/systemd/system/\(unit).d/50-hotsync.conf")
    guard let file = try? Descriptor.open(path), let bytes = try? file.readAll(limit: 10_000) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("what serves waits for the guard, the machine's own units do not, and the network asks the wire first")
  func written() throws {
    let scratch = try place(["nginx.service", "ssh.service", "rsyslog.service"])
    let changed = try GuardUnits.apply(try scratch.open(), isMaster: true)
    #expect(changed.count == 3, "\(changed)")
    let text = try #require(conf(scratch, "nginx.service"))
    #expect(text.contains("After=hotsync-guard.service\n"))
    #expect(text.contains("ConditionPathExists=!/run/hotsync/fenced\n"))
    #expect(conf(scratch, "ssh.service") == nil && conf(scratch, "rsyslog.service") == nil)
    #expect(conf(scratch, "networking.service")?.contains("After=hotsync-guard-link.service\n") == true)
    #expect(conf(scratch, "ifup@.service") != nil)
  }

  @Test("a second time changes nothing, and what is not wanted any more goes with its empty folder")
  func again() throws {
    let scratch = try place(["nginx.service", "apache2.service"])
    _ = try GuardUnits.apply(try scratch.open(), isMaster: true)
    #expect(try GuardUnits.apply(try scratch.open(), isMaster: true) == [])
    try scratch.write(Array("[Unit]\n".utf8), to: "etc/systemd/system/nginx.service.d/own.conf")
    #expect(try GuardUnits.apply(try scratch.open(), isMaster: false).count == 4)
    let left = try scratch.makeOrOpenFolder("etc/systemd/system").names().map(\.description)
    #expect(left == ["multi-user.target.wants", "nginx.service.d"])
    #expect(
      try scratch.makeOrOpenFolder("etc/systemd/system/nginx.service.d").names().map(\.description) == ["own.conf"])
  }

  @Test("what the machine waits for before it is up does not wait for the guard")
  func early() {
    let told = """
      Id=nginx.service
      Before=shutdown.target multi-user.target

      Before=network.target shutdown.target
      Id=odd-tunnel.service

      Id=cups.socket
      Before=sockets.target
      """
    #expect(GuardUnits.early(told) == ["odd-tunnel.service", "cups.socket"])
    #expect(!GuardUnits.dropIn(of: "odd-tunnel.service", mayWait: false).contains("After="))
    #expect(!GuardUnits.dropIn(of: "cups.socket", mayWait: true).contains("After="))
    #expect(GuardUnits.dropIn(of: "backup.timer", mayWait: true).contains("After="))
  }
}
