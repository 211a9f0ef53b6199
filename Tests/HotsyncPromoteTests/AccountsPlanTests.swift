import HotsyncFacts
import HotsyncSlave
import HotsyncSystem
import Testing

@testable import HotsyncPromote

@Suite struct AccountsPlanTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("lines are added behind the last one, whether that has an end or not")
  func appending() {
    #expect(text(AccountsPlan.appending(["b:x:2:"], to: Array("a:x:1:\n".utf8))) == "a:x:1:\nb:x:2:\n")
    #expect(text(AccountsPlan.appending(["b:x:2:"], to: Array("a:x:1:".utf8))) == "a:x:1:\nb:x:2:\n")
    #expect(text(AccountsPlan.appending([], to: Array("a:x:1:".utf8))) == "a:x:1:")
  }

  @Test("members join the groups that they are in on the master, each once, and nothing else changes")
  func members() {
    let before = Array("root:x:0:\nadm:x:4:alice\n# a line of somebody's\nwww:x:33:\n".utf8)
    let wanted = [
      OwnerPlan.Membership(user: "bob", group: "adm"), OwnerPlan.Membership(user: "alice", group: "adm"),
      OwnerPlan.Membership(user: "bob", group: "www"), OwnerPlan.Membership(user: "bob", group: "gone"),
    ]
    #expect(
      text(AccountsPlan.withMembers(before, wanted, field: 3))
        == "root:x:0:\nadm:x:4:alice,bob\n# a line of somebody's\nwww:x:33:bob\n")
  }

  @Test("what makes the machine itself is never overlaid, and what lies beside it is")
  func neverOverlaid() throws {
    for (path, isKept) in [
      ("etc/passwd", true), ("etc/passwd.d/x", false), ("etc/fstab", true), ("etc/network/interfaces", true),
      ("etc/ssh/ssh_host_ed25519_key.pub", true), ("etc/ssh/sshd_config", false), ("etc/hotsync/keys/standby", true),
      ("etc/cron.d/backup", true), ("etc/systemd/system/multi-user.target.wants/nginx.service", true),
      ("etc/systemd/system/shop.service", false), ("etc/nginx/nginx.conf", false), ("etc/rc2.d/S01x", true),
    ] {
      let path = try #require(RelativePath(path))
      #expect((NeverOverlaid.reason(for: path) != nil) == isKept, "\(path)")
    }
  }
}
