import HotsyncFacts
import HotsyncSystem
import Testing

@Suite("Facts that a hostile master wrote")
struct HostileFactsTests {
  private func refuses<Document: FactsDocument>(_ type: Document.Type, _ json: String) -> Bool {
    do throws(FactsError) {
      _ = try Document(decoding: Array(json.utf8))
      return false
    } catch { return error.kind == .damaged }
  }

  @Test(
    "what is no document is refused",
    arguments: ["", "null", "[]", "{}", "{\"version\": 1}", "\u{0}", "{\"version\": 1e99}"])
  func shapes(json: String) { #expect(refuses(Facts.Packages.self, json)) }

  @Test("another version is refused")
  func version() {
    #expect(refuses(Facts.Packages.self, #"{"version": 2, "packages": [], "sources": []}"#))
    #expect(!refuses(Facts.Packages.self, #"{"version": 1, "packages": [], "sources": []}"#))
  }

  @Test("a document that is too long is refused before it is read")
  func length() {
    #expect(refuses(Facts.Packages.self, String(repeating: " ", count: Facts.limit + 1)))
  }

  @Test("nesting without end is refused")
  func depth() { #expect(refuses(Facts.Packages.self, String(repeating: "[", count: 1_000_000))) }

  @Test(
    "a name that is no package's is refused",
    arguments: ["-o=APT::x", "a b", "../x", "A", "x;y", "x\\ny", "", String(repeating: "a", count: 256)])
  func packages(name: String) {
    let json = #"{"version": 1, "packages": [{"name": "NAME", "version": "1", "architecture": "all"}], "sources": []}"#
    #expect(refuses(Facts.Packages.self, json.replacing("NAME", with: name)))
    #expect(!refuses(Facts.Packages.self, json.replacing("NAME", with: "lib-x++1.0")))
  }

  @Test(
    "a file outside of the places of its subject is refused",
    arguments: [
      "/etc/shadow", "etc/cron.d/x", "/etc/cron.d/../shadow", "/etc/cron.d", "/etc/cron.dx/y", "/etc/cron.d//x",
      "/etc/cron.d/x\\u0000",
      "/etc/cron.d/a\\nb",
    ])
  func files(path: String) {
    let json =
      #"{"version": 1, "files": [{"path": "PATH", "mode": "0644", "owner": "root", "group": "0", "content": ""}]}"#
    #expect(refuses(Facts.Schedules.self, json.replacing("PATH", with: path)) == (path != "/etc/cron.d"))
    #expect(!refuses(Facts.Schedules.self, json.replacing("PATH", with: "/etc/cron.d/x")))
  }

  @Test("a mode, an owner or a content that cannot be is refused")
  func fileFields() {
    let json =
      #"{"version": 1, "files": [{"path": "/etc/cron.d/x", "mode": "M", "owner": "O", "group": "0", "content_base64": "C"}]}"#
    func with(_ mode: String, _ owner: String, _ content: String) -> Bool {
      refuses(
        Facts.Schedules.self,
        json.replacing("\"M\"", with: "\"\(mode)\"").replacing("\"O\"", with: "\"\(owner)\"")
          .replacing("\"C\"", with: "\"\(content)\""))
    }
    #expect(!with("0644", "root", "/w=="))
    #expect(with("0999", "root", "/w==") && with("10000", "root", "/w==") && with("-1", "root", "/w=="))
    #expect(with("0644", "ro:ot", "/w==") && with("0644", "", "/w==") && with("0644", "root", "%%"))
  }

  @Test(
    "a field that would make a second line or field of passwd is refused",
    arguments: ["x:0:0", "a\\nroot2", "a\\r", "a\\u0000"])
  func accounts(home: String) {
    let json = """
      {"version": 1, "groups": [], "users": [{"name": "anna", "id": 1, "group": 1, "comment": "", "home": "HOME",
      "shell": "/bin/sh", "subordinate_users": [], "subordinate_groups": []}]}
      """
    #expect(refuses(Facts.Accounts.self, json.replacing("HOME", with: home)))
    #expect(!refuses(Facts.Accounts.self, json.replacing("HOME", with: "/home/anna")))
    #expect(refuses(Facts.Accounts.self, json.replacing("\"id\": 1", with: "\"id\": 4294967295")))
    #expect(refuses(Facts.Accounts.self, json.replacing("\"id\": 1", with: "\"id\": -1")))
  }

  @Test(
    "a unit that is an option or a path is refused",
    arguments: ["--now", "a/b.service", "x", ".service", "x.exe", "a b.service"])
  func units(name: String) {
    let json = #"{"version": 1, "enabled": [{"name": "NAME", "wanted_by": []}], "masked": [], "scripts": []}"#
    #expect(refuses(Facts.Services.self, json.replacing("NAME", with: name)))
    #expect(!refuses(Facts.Services.self, json.replacing("NAME", with: "hotsync@standby.timer")))
  }

  @Test(
    "an interface or an address that cannot be is refused",
    arguments: [
      ("-eth0", "192.0.2.1", 24), ("eth0", "192.0.2.256", 24), ("eth0", "192.0.2.1", 33), ("eth0", "2001:db8::1", 129),
      ("a-name-too-long-for-it", "192.0.2.1", 24), ("eth0", "x:y", 64), ("../x", "192.0.2.1", 24),
    ])
  func network(name: String, address: String, prefix: Int) {
    let json = """
      {"version": 1, "manager": "ifupdown", "files": [], "interfaces": [{"name": "\(name)", "gateways": [],
      "addresses": [{"address": "\(address)", "prefix": \(prefix), "lease": false}]}]}
      """
    #expect(refuses(Facts.Network.self, json))
    #expect(
      !refuses(
        Facts.Network.self,
        json.replacing("\"\(name)\"", with: "\"eth0\"").replacing("\"\(address)\"", with: "\"2001:db8::1\"")
          .replacing(": \(prefix),", with: ": 64,")))
  }
}
