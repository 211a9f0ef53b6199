import HotsyncSystem
import TestSupport
import Testing

/// Real cycles and maintenances, with a sendmail planted below their roots.
@Suite("Mail of what runs by itself") struct MailTests {
  private func plant(_ place: Place) throws {
    try place.makeFolder("usr")
    try place.makeFolder("usr/sbin")
    try place.writeScript("#!/bin/sh\ncat >>'\(place.path)/mails'\n", to: "usr/sbin/sendmail")
  }

  /// Without `HotSync on HOST: `.
  private func subjects(_ place: Place) throws -> [String] {
    guard try place.holds("mails") else { return [] }
    return try place.read("mails").split(separator: "\n").filter { $0.hasPrefix("Subject: HotSync on ") }.map { line in
      line.split(separator: ": ").dropFirst(2).joined(separator: ": ")
    }
  }

  @Test("a cycle that fails is told once however often it runs, and told again when it runs well")
  func cycle() throws {
    let pair = try Pair()
    try plant(pair.master)
    try pair.master.makeFolder("etc/hotsync/pre-sync.d")
    try pair.master.writeScript("#!/bin/sh\nexit 1\n", to: "etc/hotsync/pre-sync.d/stop")
    for _ in 0..<3 { #expect(try pair.sync().code == 1) }
    #expect(try subjects(pair.master) == ["standby: the cycle failed"])
    #expect(try pair.master.read("mails").contains("cause: "))
    try pair.master.remove("etc/hotsync/pre-sync.d/stop")
    for _ in 0..<2 { #expect(try pair.sync().code == 0) }
    #expect(try subjects(pair.master) == ["standby: the cycle failed", "standby: cycles run again"])
  }

  @Test("as a service it only notes what the service after it mails")
  func service() throws {
    let pair = try Pair()
    try plant(pair.master)
    try pair.master.makeFolder("etc/hotsync/pre-sync.d")
    try pair.master.writeScript("#!/bin/sh\nexit 1\n", to: "etc/hotsync/pre-sync.d/stop")
    #expect(try pair.sync([], environment: ["HOTSYNC_MAIL": "later"]).code == 1)
    #expect(try subjects(pair.master).isEmpty)
    for _ in 0..<2 { #expect(try pair.hotsync("alert", "hotsync@standby.service").exitCode == 0) }
    #expect(try subjects(pair.master) == ["standby: the cycle failed"])
  }

  @Test("a dry run, a mail_to of nobody, and a cycle that is well say nothing")
  func silent() throws {
    let pair = try Pair()
    try plant(pair.master)
    #expect(try pair.sync().code == 0)
    try pair.set("mail_to", "")
    try pair.master.makeFolder("etc/hotsync/pre-sync.d")
    try pair.master.writeScript("#!/bin/sh\nexit 1\n", to: "etc/hotsync/pre-sync.d/stop")
    #expect(try pair.sync().code == 1)
    #expect(try subjects(pair.master).isEmpty && !pair.master.holds("var/lib/hotsync-state/alerts/sync.standby"))
  }

  @Test("the slave tells of a maintenance that fails, of a copy that is old, and of a promotion that would not work")
  func slave() throws {
    let pair = try Pair()
    try plant(pair.slave)
    #expect(try pair.hotsyncSlave("maintain").exitCode == 0)
    #expect(try subjects(pair.slave) == ["standby: a promotion would not work now"])
    #expect(try pair.sync().code == 0)
    try pair.store.write("1 1700000000\n", to: "contact")
    #expect(try pair.hotsyncSlave("maintain").exitCode == 0)
    #expect(
      try Set(subjects(pair.slave).dropFirst()) == [
        "standby: a promotion would work again", "standby: the copy is old",
      ])
    try pair.mirror.remove("srv/data/first.txt")
    #expect(try pair.hotsyncSlave("maintain").exitCode == 65)
    #expect(try subjects(pair.slave).filter { $0 == "standby: the slave's maintenance failed" }.count == 1)
  }
}
