import HotsyncFacts
import Testing

@Suite("Which interface stands in for which")
struct InterfaceMatchTests {
  private func interfaces(_ words: String...) -> [Facts.Network.Interface] {
    words.map { word in
      let parts = word.split(separator: " ").map(String.init)
      return Facts.Network.Interface(
        name: parts[0], hardwareAddress: nil, driver: parts.count > 1 ? parts[1] : nil, addresses: [], gateways: [])
    }
  }

  @Test("the same names are the same interfaces, and another driver is remarked")
  func sameNames() {
    let match = InterfaceMatch(
      theirs: interfaces("eth0 e1000e", "eth1 igb"), ours: interfaces("eth0 virtio_net", "eth1 igb", "eth2 igb"),
      wanted: ["eth0", "eth1"])
    #expect(match.isClear && match.renamed.isEmpty && match.pairs.count == 2)
    #expect(match.remarks == ["eth0 is driven by virtio_net here, and was by e1000e there"])
  }

  @Test("one interface on either side stands in for the other whatever its name")
  func onlyOne() {
    let match = InterfaceMatch(theirs: interfaces("eth0 igb"), ours: interfaces("enp2s0 e1000e"), wanted: ["eth0"])
    #expect(match.isClear && match.renamed == ["eth0": "enp2s0"])
  }

  @Test("several with other names are matched within their drivers, and that is for a person to see")
  func several() {
    let match = InterfaceMatch(
      theirs: interfaces("eth10 igb", "eth2 igb", "eth3 r8169"),
      ours: interfaces("enp1s0 igb", "enp2s0 igb", "enp3s0 r8169"), wanted: ["eth10", "eth2", "eth3"])
    #expect(!match.isClear)
    #expect(match.renamed == ["eth2": "enp1s0", "eth10": "enp2s0", "eth3": "enp3s0"])
  }

  @Test("too few, of another kind, or not known to the master: nothing is clear")
  func unclear() {
    let few = InterfaceMatch(theirs: interfaces("eth0", "eth1"), ours: interfaces("eth0"), wanted: ["eth0", "eth1"])
    #expect(few.doubts == ["the master used 2 interfaces, and this machine has 1"])
    let kinds = InterfaceMatch(
      theirs: interfaces("a0 igb", "a1 igb"), ours: interfaces("b0 igb", "b1 r8169"), wanted: ["a0", "a1"])
    #expect(kinds.doubts == ["the master used 2 interfaces driven by igb, and this machine has 1"])
    let unknown = InterfaceMatch(theirs: interfaces("eth0"), ours: interfaces("eth0"), wanted: ["eth0", "eth5"])
    #expect(!unknown.isClear)
    #expect(!InterfaceMatch(theirs: [], ours: interfaces("eth0"), wanted: []).isClear)
  }

  @Test("what the files do not configure needs no counterpart, nor do bridges and VLANs")
  func notNeeded() {
    let match = InterfaceMatch(
      theirs: interfaces("eth0 igb", "wlan0 ath9k", "br0", "eth0.5"), ours: interfaces("eth0 igb"),
      wanted: ["eth0", "br0", "eth0.5", "bond0"])
    #expect(match.isClear && match.pairs.map(\.ours) == ["eth0"])
  }
}

@Suite("Units that a machine keeps whatever its role")
struct BaseUnitsTests {
  @Test("what reaches and orders the machine is kept, what serves is managed")
  func managed() {
    let units = [
      ("ssh.service", "multi-user.target"), ("nginx.service", "multi-user.target"),
      ("cron.service", "multi-user.target"),
      ("getty@tty1.service", "getty.target"), ("systemd-timesyncd.service", "sysinit.target"),
      ("hotsync-guard.service", "multi-user.target"), ("mariadb.service", "multi-user.target"),
      ("postgresql@15-main.service", "multi-user.target"), ("keyboard-setup.service", "sysinit.target"),
      ("odd.service", "sysinit.target"), ("cups.socket", "sockets.target"), ("backup.timer", "timers.target"),
      ("remote-fs.target", "multi-user.target"), ("sshguard.service", "multi-user.target"),
      ("srv.mount", "multi-user.target"),
    ].map { Facts.Services.Unit(name: $0.0, wantedBy: [$0.1]) }
    #expect(
      BaseUnits.managed(units) == [
        "backup.timer", "cron.service", "cups.socket", "mariadb.service", "nginx.service",
        "postgresql@15-main.service", "sshguard.service",
      ])
  }
}
