import HotsyncFacts
import HotsyncSystem
import Testing

@testable import HotsyncPromote

@Suite("What taking over the master's network would mean")
struct NetworkPlanTests {
  private typealias Network = Facts.Network

  private func file(_ path: String, _ text: String) -> FactFile {
    FactFile(path: path, permissions: 0o644, owner: "root", group: "root", content: Array(text.utf8))
  }

  private func interface(
    _ name: String, _ addresses: [(String, Int, Bool)] = [], card: String? = nil
  ) -> Facts.Network.Interface {
    Facts.Network.Interface(
      name: name, hardwareAddress: card, driver: "virtio_net",
      addresses: addresses.map { Facts.Network.Address(address: $0.0, prefix: $0.1, isLease: $0.2) }, gateways: [])
  }

  private var master: Facts.Network {
    Facts.Network(
      manager: .ifupdown, interfaces: [interface("eth0", [("192.0.2.10", 24, false)], card: "02:00:00:00:00:01")],
      files: [
        file(
          "/etc/network/interfaces",
          "auto lo eth0\niface lo inet loopback\niface eth0 inet static\n  address 192.0.2.10/24\n  up sysctl -w x=1\n"),
        file("/etc/hosts", "127.0.0.1 localhost\n"),
      ])
  }

  private var slave: Facts.Network {
    Facts.Network(
      manager: .ifupdown,
      interfaces: [interface("enp2s0", [("192.0.2.20", 24, false), ("198.51.100.7", 24, true)])],
      files: [
        file("/etc/network/interfaces", "source /etc/network/interfaces.d/*\n"),
        file("/etc/network/interfaces.d/lan", "auto enp2s0\niface enp2s0 inet static\n  address 192.0.2.20/24\n"),
      ])
  }

  @Test("names change, this machine keeps its own address as a second one, and its own files go")
  func plan() {
    let plan = NetworkPlan(theirs: master, ours: slave)
    #expect(plan.obstacle == nil && plan.match.isClear)
    #expect(plan.files.map(\.path) == ["/etc/network/interfaces"])
    #expect(
      plan.files.first?.text == """
        auto lo enp2s0
        iface lo inet loopback
        iface enp2s0 inet static
          address 192.0.2.10/24
          up sysctl -w x=1

        # This machine's own address, kept by HotSync.
        iface enp2s0 inet static
            address 192.0.2.20/24

        """)
    #expect(plan.removed == ["/etc/network/interfaces.d/lan"])
    #expect(plan.interfaces == ["enp2s0"] && plan.before == ["enp2s0"])
    #expect(plan.addresses.map { "\($0.interface) \($0.address)" } == ["enp2s0 192.0.2.10"])
  }

  @Test("commands that would run as root, and leases that are lost, are told before")
  func notes() {
    let notes = NetworkPlan(theirs: master, ours: slave).notes
    #expect(notes.contains("/etc/network/interfaces runs as root: enp2s0 up sysctl -w x=1"), "\(notes)")
    #expect(notes.contains("enp2s0's address 198.51.100.7 was given by a server: it is not kept"), "\(notes)")
  }

  @Test("another manager on either side is an obstacle, not a guess")
  func managers() {
    let other = Facts.Network(manager: .netplan, interfaces: [interface("eth0")], files: [])
    #expect(NetworkPlan(theirs: other, ours: slave).obstacle?.contains("netplan") == true)
    #expect(NetworkPlan(theirs: master, ours: other).obstacle?.contains("netplan") == true)
    let none = Facts.Network(manager: .unknown, interfaces: [interface("eth0")], files: [])
    #expect(NetworkPlan(theirs: master, ours: none).obstacle == nil)
  }

  @Test("a work holds all that it needs, also after an interruption")
  func works() {
    let plan = NetworkPlan(theirs: master, ours: slave)
    let work = NetworkWork.apply(plan)
    #expect(NetworkWork.places(work) == plan.addresses)
    #expect(work.values["file 644 /etc/network/interfaces"] == plan.files.first?.text)
    #expect(work.values["removed"] == "/etc/network/interfaces.d/lan")
    #expect(work.needsMachine && !work.mayFail)
  }

  @Test("the way back stands alone, and quotes what it is given")
  func script() {
    let script = NetworkWork.returnScript(
      folder: "/var/lib/a b", interfaces: ["eth0", "eth1"], before: ["eth1"], new: ["/etc/network/it's"])
    #expect(script.hasPrefix("#!/bin/sh\n") && script.contains("cd '/var/lib/a b' || exit 1\n"))
    #expect(script.contains("rm -f '/etc/network/it'\\''s'\n") && script.contains("for interface in eth1; do ifup"))
  }
}

@Suite("What the wire says of the master")
struct LinkSignalTests {
  private let address = InternetAddress(text: "192.0.2.10")!
  private let theirs = HardwareAddress(text: "02:00:00:00:00:01")!
  private let other = HardwareAddress(text: "02:00:00:00:00:09")!

  private func signal(
    _ card: HardwareAddress?, asked: [String] = ["eth0"], knowsMaster: Bool = true, isOurs: Bool = false
  ) -> Signal {
    let master = Facts.Network(
      manager: .ifupdown,
      interfaces: knowsMaster
        ? [
          Facts.Network.Interface(
            name: "eth0", hardwareAddress: "02:00:00:00:00:01", driver: nil, addresses: [], gateways: [])
        ]
        : [], files: [])
    let ours = Facts.Network.Interface(
      name: "eth0", hardwareAddress: isOurs ? "02:00:00:00:00:09" : "02:00:00:00:00:02", driver: nil, addresses: [],
      gateways: [])
    return LinkSignal.signal(
      card.map { [address: $0] } ?? [:], of: master, addresses: [address], asked: asked, ours: [ours])
  }

  @Test("the master's own card means that it lives, another one that somebody took the address")
  func answers() {
    #expect(signal(theirs).state == .alive)
    #expect(signal(other).state == .addressTaken)
    #expect(signal(nil).state == .silent)
    #expect(signal(other, isOurs: true).state == .silent)
  }

  @Test("where no card is known whoever answers counts as the master; where none can ask nothing is said")
  func unknown() {
    #expect(signal(other, knowsMaster: false).state == .alive)
    #expect(signal(nil, asked: []).state == .impossible)
  }

  @Test("addresses of leases are not the master's to lose, the configured one is asked for as well")
  func known() {
    let master = Facts.Network(
      manager: .ifupdown,
      interfaces: [
        Facts.Network.Interface(
          name: "eth0", hardwareAddress: nil, driver: nil,
          addresses: [
            .init(address: "192.0.2.10", prefix: 24, isLease: false),
            .init(address: "192.0.2.9", prefix: 24, isLease: true),
            .init(address: "2001:db8::10", prefix: 64, isLease: false),
          ], gateways: [])
      ], files: [])
    #expect(LinkSignal.addresses(of: master, host: "192.0.2.11").map(\.description) == ["192.0.2.10", "192.0.2.11"])
    #expect(LinkSignal.addresses(of: nil, host: "server.example").isEmpty)
  }
}

@Suite("Whether the Internet answers")
struct InternetCheckTests {
  @Test(
    "a URL is a server to connect to, anything else is there or not",
    arguments: [
      ("https://www.debian.org", "www.debian.org", 443), ("http://a.example/x?y", "a.example", 80),
      ("https://a.example:8443/", "a.example", 8_443), ("http://[2001:db8::1]:8080", "2001:db8::1", 8_080),
      ("https://[2001:db8::1]", "2001:db8::1", 443),
    ])
  func urls(target: String, host: String, port: Int) {
    #expect(InternetCheck.question(target) == .connect(host: host, port: UInt16(port)))
    #expect(InternetCheck.question("1.1.1.1") == .ping("1.1.1.1"))
  }

  @Test("nobody who answers is nobody, and the first who does is told")
  func answering() throws {
    #expect(InternetCheck(targets: []).answering() == nil)
    #expect(InternetCheck(targets: ["http://127.0.0.1:1", "-f"], limit: .seconds(1)).answering() == nil)
  }
}

@Suite("The menu of three")
struct NetworkMenuTests {
  private final class Typing: Operator, @unchecked Sendable {
    private var answers: [String]
    let canBeAsked = true
    init(_ answers: [String]) { self.answers = answers }
    func tell(_ text: String) {}
    func ask(_ question: String, atMost limit: Duration?) throws(PromoteError) -> String {
      answers.isEmpty ? "" : answers.removeFirst()
    }
  }

  private let found = NetworkStep.Found.nothing("no facts")

  @Test("each option is what it says, after wrong answers as well")
  func options() throws {
    #expect(try NetworkMenu.ask(found, Typing(["1"])) == .restore)
    #expect(try NetworkMenu.ask(found, Typing(["x", "manual"])) == .manual)
    #expect(try NetworkMenu.ask(found, Typing(["0", "4", "3"])) == .skip)
  }

  @Test("wrong answers, a closed terminal and nobody there are refused")
  func refused() {
    for answers in [["a", "b", "c", "1"], [""], []] {
      #expect(throws: PromoteError.self) { try NetworkMenu.ask(found, Typing(answers)) }
    }
    #expect(throws: PromoteError.self) { try NetworkMenu.ask(found, NobodyThere()) }
  }
}
