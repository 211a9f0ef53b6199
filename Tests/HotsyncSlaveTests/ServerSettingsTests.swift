import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

@Suite struct ServerSettingsTests {
  private func settings(_ text: String) -> ServerSettings { ServerSettings(Array(text.utf8)) }

  @Test("what sshd says of itself is understood, and what it leaves out is its default")
  func values() {
    let told = settings(
      "Port 2222\nport 22\npermitrootlogin without-password\npubkeyauthentication yes\nforcecommand none\n")
    #expect(told.ports == [2222, 22] && told.permitsRoot && told.permitsKeys && told.forcedCommand == nil)
    let closed = settings("permitrootlogin no\npubkeyauthentication no\nforcecommand /bin/a b\nport 70000\n")
    #expect(closed.ports == [22] && !closed.permitsRoot && !closed.permitsKeys && closed.forcedCommand == "/bin/a b")
    #expect(settings("").ports == [22])
  }

  @Test("an account that is left out by a list of users is told by that list")
  func lists() {
    #expect(
      settings("allowusers admin\nallowusers backup@192.0.2.1\n").exclusion(of: "root")
        == "AllowUsers admin backup@192.0.2.1")
    #expect(settings("denyusers root\n").exclusion(of: "root") == "DenyUsers root")
    for lines in [
      "", "allowusers root\n", "allowusers root@192.0.2.1\n", "allowusers r*\n", "denyusers root@x\n",
      "denyusers other\n",
    ] {
      #expect(settings(lines).exclusion(of: "root") == nil)
    }
  }

  @Test(
    "the files that sshd reads are compared with ours after its own tokens",
    arguments: [
      (".ssh/authorized_keys .ssh/authorized_keys2", true), ("%h/.ssh/authorized_keys", true), ("none", false),
      ("/home/a b/.ssh/authorized_keys", true), ("/etc/keys/%u", false), ("/home/a b/.ssh/authorized_keys2", false),
      ("/x /home/a b/.ssh/authorized_keys", true), ("%", false), ("%z", false), ("", false), (".ssh/keys", false),
    ])
  func files(_ value: String, _ isRead: Bool) {
    let told = settings("authorizedkeysfile \(value)\n")
    #expect(told.reads("/home/a b/.ssh/authorized_keys", user: "a", home: "/home/a b", userID: 7) == isRead)
    #expect(settings("authorizedkeysfile /k/%u-%U-%%\n").reads("/k/a-7-%", user: "a", home: "/", userID: 7))
  }

  @Test("random text never traps")
  func fuzz() {
    var random = SeededGenerator(announcing: "sshd settings")
    for _ in 0..<5_000 {
      let text = (0..<random.below(60)).map { _ in Array("port %u\n 09hA:".utf8)[random.below(14)] }
      let told = ServerSettings(text)
      #expect(!told.ports.isEmpty)
      _ = told.reads("/x", user: "u", home: "/h", userID: 1)
      _ = ListeningPorts.parse(text)
    }
  }

  @Test("listening ports are read from the kernel's table, and no others")
  func listening() {
    let table = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
         1: 0100007F:8AE4 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 1 1
         2: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
         3: broken:line
      """
    #expect(ListeningPorts.parse(Array(table.utf8)) == [22, 8080])
  }
}
