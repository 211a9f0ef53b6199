import HotsyncSystem
import Testing

@testable import HotsyncConfig

@Suite struct ValueTests {
  @Test("sizes are bytes, or have a binary unit")
  func sizes() {
    #expect(byteCount("64KiB") == 65_536)
    #expect(byteCount("10MiB") == 10_485_760)
    #expect(byteCount("512") == 512)
    #expect(byteCount("1TiB") == 1 << 40)
    for text in ["", "KiB", "1KB", "1M", "-1", "1.5GiB", "999999999999999999TiB"] {
      #expect(byteCount(text) == nil, "\(text)")
    }
  }

  @Test("limits are a share or a number")
  func limits() {
    #expect(DeletionLimit("50%") == .percent(50))
    #expect(DeletionLimit("2.5%") == .percent(2.5))
    #expect(DeletionLimit("0") == .count(0))
    for text in ["", "%", "101%", "-1%", "1e2%", "nan%", "inf%", "0x10%", "5 %", ".5%", "1.2.3%", "all"] {
      #expect(DeletionLimit(text) == nil, "\(text)")
    }
  }

  @Test("five fields are checked as cron does, anything else must look like OnCalendar")
  func schedules() {
    for text in [
      "*/15 * * * *", "0 3 * * 1-5", "0,30 8-18/2 1 jan-mar sun", "5 4 * * SUN", "hourly", "*-*-* *:00/15",
      "Mon..Fri 10:00",
      "Sat *-*~07/1 00:00:00 America/New_York",
    ] { #expect(Schedule(text)?.text == text, "\(text)") }
    for text in [
      "", " ", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "5/2 * * * *",
      "5-1 * * * *",
      "a * * * *", "1, * * * *", "* * * * * *", "hourly\nExecStart=/bin/sh", "$(reboot)", "-x", "a;b", "%h",
    ] { #expect(Schedule(text) == nil, "\(text)") }
  }

  @Test("hosts are names or addresses, and never look like an option")
  func hosts() {
    for text in ["a", "standby.example.org", "192.0.2.20", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.1", "a_b.c"] {
      #expect(isHost(text), "\(text)")
    }
    for text in [
      "", "-oProxyCommand=x", "a b", "a..b", "a.-b", "256.1.1.1", "1.2.3", "a/b", "::::::::::", "1:2", "fe80::1%-x",
      "$(x)", "a\n",
    ] {
      #expect(!isHost(text), "\(text)")
    }
  }

  @Test("connections have names that are safe in file and unit names")
  func names() {
    for text in ["a", "standby-2", "0", String(repeating: "a", count: 63)] {
      #expect(isConnectionName(text), "\(text)")
    }
    for text in ["", "-a", "A", "a.b", "a/b", "..", "a_b", "é", String(repeating: "a", count: 64)] {
      #expect(!isConnectionName(text), "\(text)")
    }
  }

  @Test(
    "folders to send lie apart from the system's, from HotSync's own, and from each other",
    arguments: [
      ("[/home, /srv/, /var/www, /usr/local, /etc/nginx, /boot/x, /var/library]", nil),
      ("[/]", "expected an absolute path without \".\" and \"..\", found /"),
      ("[/usr]", "expected folders below /usr, /var, /etc or /boot, not these themselves, found /usr"),
      ("[/var/]", "expected folders below /usr, /var, /etc or /boot, not these themselves, found /var/"),
      ("[/etc]", "expected folders below /usr, /var, /etc or /boot, not these themselves, found /etc"),
      ("[/boot]", "expected folders below /usr, /var, /etc or /boot, not these themselves, found /boot"),
      ("[/etc/hotsync]", "expected folders apart from /etc/hotsync, found /etc/hotsync"),
      ("[/proc/1]", "expected folders apart from /proc, found /proc/1"),
      ("[/run]", "expected folders apart from /run, found /run"),
      ("[/var/lib]", "expected folders apart from HotSync's own /var/lib/hotsync, found /var/lib"),
      (
        "[/var/lib/hotsync-state]",
        "expected folders apart from HotSync's own /var/lib/hotsync, found /var/lib/hotsync-state"
      ),
      ("[/data/store/x]", "expected folders apart from the store /data/store, found /data/store/x"),
      ("[/data]", "expected folders apart from the store /data/store, found /data"),
      ("[home]", "expected an absolute path without \".\" and \"..\", found home"),
      ("[/home/../etc]", "expected an absolute path without \".\" and \"..\", found /home/../etc"),
      ("[/home//x]", "expected an absolute path without \".\" and \"..\", found /home//x"),
      ("[/home, /srv, /home/a]", "/home/a and /home: one lies inside the other, expected only the outer one"),
      ("[/home/a, /home]", "/home and /home/a: one lies inside the other, expected only the outer one"),
      ("[/home, /home/]", "/home/ stands there twice"),
      ("/home", "expected a list, each element an absolute path without \".\" and \"..\", found /home"),
    ] as [(String, String?)])
  func includes(_ list: String, _ cause: String?) throws {
    let scratch = try Scratch("role: slave\nstore: /data/store\nconnections: {a: {data: {include: \(list)}}}\n")
    #expect(failure { try scratch.load() }?.cause == cause)
  }

  @Test("a folder that holds the slave's mounted root is refused, the root's own place considered")
  func localRoot() throws {
    let scratch = try Scratch("role: slave\n")
    try scratch.write(
      "etc/hotsync/conf.d/1.yaml", "connections: {a: {local_root: \(scratch.root)/mnt/disk, data: {include: [/mnt]}}}\n"
    )
    #expect(failure { try scratch.load() }?.cause.hasPrefix("expected folders that do not hold local_root") == true)
    try scratch.write(
      "etc/hotsync/conf.d/1.yaml", "connections: {a: {local_root: /mnt/disk, data: {include: [/mnt]}}}\n")
    _ = try scratch.load()
  }

  @Test("the nearest key is the one with the fewest edits, and none where all are far")
  func nearest() {
    let keys = ["transport", "port", "timeouts", "user"]
    #expect(NearestKey.nearest(to: "tranport", among: keys) == "transport")
    #expect(NearestKey.nearest(to: "prot", among: keys) == "port")
    #expect(NearestKey.nearest(to: "timeout", among: keys) == "timeouts")
    #expect(NearestKey.nearest(to: "bandwidth", among: keys) == nil)
    #expect(NearestKey.distance(Array("abc".utf8), []) == 3)
    #expect(NearestKey.distance(Array("ab".utf8), Array("ba".utf8)) == 1)
  }
}
