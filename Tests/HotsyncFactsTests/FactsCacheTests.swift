import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncFacts

@Suite("Facts that are gathered again only where their sources changed")
struct FactsCacheTests {
  let fixture: FactsFixture
  let cache: ScratchFolder
  /// Long after the fixture's files were written.
  let later = Timestamp(seconds: Clocks.system.now().seconds + 3_600)

  init() throws {
    fixture = try FactsFixture()
    cache = try ScratchFolder("cache")
  }

  private func gather(now: Timestamp? = nil) throws -> [String: String] {
    let documents = try Facts.gather(
      below: try fixture.root.open(), isMachine: false, cache: try cache.open(), now: now ?? later)
    return Dictionary(uniqueKeysWithValues: documents.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) })
  }

  /// What is in the cache is given back: another text of the same length shows whether it is.
  private func mark(_ name: String) throws {
    let text = try #require(
      String(validating: try cache.folder.content(of: .of("\(name).json"), limit: 1 << 20) ?? [], as: UTF8.self))
    try cache.write(Array(text.replacing("anna", with: "emma").utf8), to: "\(name).json")
  }

  @Test("while no source changes, the kept documents are given; a changed source has its subject gathered again")
  func kept() throws {
    let first = try gather()
    try mark("accounts")
    #expect(try gather()["accounts"]?.contains("emma") == true)
    try fixture.write("etc/group", "root:x:0:\n")
    let changed = try gather()
    #expect(changed["accounts"]?.contains("emma") == false && changed["accounts"] != first["accounts"])
    #expect(changed["packages"] == first["packages"])
  }

  @Test("a new file in a folder, and one that goes, are changes")
  func folders() throws {
    let first = try gather()
    try fixture.write("etc/cron.d/new", "@daily root /bin/true\n")
    let more = try gather()
    #expect(more["schedules"]?.contains("/etc/cron.d/new") == true)
    try fixture.root.makeOrOpenFolder("etc/cron.d").unlink(.of("new"))
    #expect(try gather()["schedules"] == first["schedules"])
  }

  @Test("a source that was changed just now may change again unseen: nothing of it is kept")
  func young() throws {
    _ = try gather(now: Clocks.system.now())
    #expect(try cache.folder.content(of: .of("accounts.stamp"), limit: 1 << 20) == nil)
    _ = try gather()
    #expect(try cache.folder.content(of: .of("accounts.stamp"), limit: 1 << 20) != nil)
  }

  @Test("a cache that was cut short is not believed")
  func cut() throws {
    let first = try gather()
    try cache.write(Array("{}".utf8), to: "accounts.json")
    #expect(try gather() == first)
  }
}
