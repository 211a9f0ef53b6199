import HotsyncCatalog
import Testing

@Suite struct SnapshotNameTests {
  @Test(
    "letters, digits, dots, dashes and underscores behind a letter are a name",
    arguments: ["a", "Z", "before-upgrade", "v1.2_3", "e2026-11-20", "late", String(repeating: "x", count: 64)])
  func names(_ text: String) { #expect(SnapshotName(text)?.text == text) }

  @Test(
    "what could be a number, a time, a path or another name of a generation is none",
    arguments: [
      "", "1", "12", "1a", "-a", ".a", "..", "_a", "2026-11-20", "a/b", "a b", "a\n", "a\0", "ä", "aä", "a\u{301}",
      "latest", "latest-1", "latest-x", "latestx", "LATEST", "Latest-2", String(repeating: "x", count: 65),
    ])
  func noNames(_ text: String) { #expect(SnapshotName(text) == nil) }

  @Test("names are ordered by their bytes")
  func order() throws {
    let names = try ["B", "a", "a-b", "a.b", "ab", "b"].map { try #require(SnapshotName($0)) }
    #expect(names.reversed().sorted() == names)
  }
}
