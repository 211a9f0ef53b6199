import HotsyncFacts
import HotsyncSystem
import TestSupport
import Testing

@Suite("Facts of a machine")
struct GatheringTests {
  let fixture: FactsFixture
  let facts: FactsSet

  init() throws {
    fixture = try FactsFixture()
    facts = try FactsSet(try fixture.gather())
  }

  @Test("every subject has a document, and each comes back from its bytes")
  func whole() throws {
    #expect(facts.missing.isEmpty)
    let packages = try #require(facts.packages)
    #expect(try Facts.Packages(decoding: try packages.encode()) == packages)
    #expect(try Facts.gather(below: fixture.root.open(), isMachine: false, cache: nil).map(\.name) == Facts.names)
    #expect(Facts.names == Facts.names.sorted())
  }

  @Test("the same machine gives the same bytes, and says its version in them")
  func same() throws {
    let first = try fixture.gather()
    #expect(try fixture.gather() == first)
    for (name, bytes) in first {
      #expect(String(decoding: bytes, as: UTF8.self).contains("\"version\" : 1"), "\(name)")
    }
  }

  @Test("host name, system and host keys are read, the system's through the place that its link names")
  func machine() throws {
    let machine = try #require(facts.machine)
    #expect(machine.hostName == "shop")
    #expect(machine.system == .init(id: "debian", version: "12", name: "Debian GNU/Linux 12 (bookworm)"))
    #expect(machine.hostKeys == ["ssh-ed25519 AAAAC3Nza"])
  }

  @Test("packages are those that are installed, with what is held and what came by itself")
  func packages() throws {
    let packages = try #require(facts.packages)
    #expect(
      packages.packages.map(\.name) == [
        "kept", "libssl3", "mariadb-server", "nginx", "postgresql-13", "postgresql-15",
      ])
    #expect(packages.packages.filter(\.isHeld).map(\.name) == ["kept"])
    #expect(packages.packages.filter(\.isAutomatic).map(\.name) == ["libssl3"])
    #expect(packages.packages.first { $0.name == "nginx" }?.version == "1.22.1-9")
  }

  @Test("sources come with the keyrings that they name, whatever bytes those hold")
  func sources() throws {
    let sources = try #require(facts.packages?.sources)
    #expect(sources.map(\.path) == ["/etc/apt/sources.list", "/usr/share/keyrings/shop.gpg"])
    #expect(sources.last?.content == [0x99, 0xFF, 0x00])
  }

  @Test("units that are wanted, masked ones and old scripts are told apart")
  func services() throws {
    let services = try #require(facts.services)
    #expect(services.enabled == [.init(name: "nginx.service", wantedBy: ["multi-user.target"])])
    #expect(services.masked == ["exim4.service"])
    #expect(services.scripts == ["atop"])
  }

  @Test("users come with their passwords and ranges; one that no machine may have is left out")
  func accounts() throws {
    let accounts = try #require(facts.accounts)
    #expect(accounts.users.map(\.name) == ["root", "anna", "shop"])
    let anna = try #require(accounts.users.first { $0.name == "anna" })
    #expect(anna.password == "$y$hash" && anna.ageing == "19001:0:99999:7:::" && anna.comment == "Anna,,,")
    #expect(anna.subordinateUsers == ["100000:65536"])
    #expect(accounts.groups.first { $0.name == "shop" }?.members == ["anna", "shop"])
  }

  @Test("cron's files come with their modes, and without what packages leave there")
  func schedules() throws {
    let files = try #require(facts.schedules?.files)
    #expect(files.map(\.path) == ["/etc/cron.d/shop", "/etc/cron.daily/report"])
    #expect(files.map(\.permissions) == [0o600, 0o755])
    #expect(files.first?.text == "*/5 * * * * shop /srv/shop/tick\n")
  }

  @Test("the newest major of a database server counts, and its clusters are listed")
  func databases() throws {
    let engines = try #require(facts.databases?.engines)
    #expect(engines.map(\.engine) == ["mariadb", "postgresql"])
    #expect(engines.map(\.serverVersion) == ["1:10.11.14-0+deb12u2", "15.18-0+deb12u1"])
    #expect(engines.map(\.clusters) == [[], ["15/main"]])
  }

  @Test("the network's manager is known by its files; below a root no interface of this machine is told")
  func network() throws {
    let network = try #require(facts.network)
    #expect(network.manager == .ifupdown && network.interfaces.isEmpty)
    #expect(network.files.map(\.path) == ["/etc/hostname", "/etc/network/interfaces"])
  }

  @Test("this very machine can be told of, and what it tells can be used")
  func thisMachine() throws {
    let documents = try Facts.gather(below: Folder.open("/"), isMachine: true, cache: nil)
    let facts = try FactsSet(Dictionary(uniqueKeysWithValues: documents.map { ($0.name, $0.bytes) }))
    #expect(facts.missing.isEmpty)
    #expect(facts.packages?.packages.contains { $0.name == "dpkg" } == true)
  }

  @Test("an empty root has facts, too")
  func empty() throws {
    let empty = try ScratchFolder("empty")
    let documents = try Facts.gather(below: empty.open(), isMachine: false, cache: nil)
    let facts = try FactsSet(Dictionary(uniqueKeysWithValues: documents.map { ($0.name, $0.bytes) }))
    #expect(facts.missing.isEmpty && facts.packages?.packages.isEmpty == true)
  }
}
