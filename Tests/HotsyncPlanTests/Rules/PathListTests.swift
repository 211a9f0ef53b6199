import HotsyncPlan
import HotsyncSystem
import Testing

@Suite struct PathListTests {
  @Test("comments and blank lines are skipped, and line numbers are those of the file")
  func skipsWhatIsNoPath() throws {
    let list = try parse("# what\n/home/anna \n\n  \t\n/srv/data\r\n#/etc\n/last")
    #expect(list.lines.map(\.number) == [2, 5, 7])
    #expect(try list.roots() == ["home/anna ", "srv/data", "last"].map { RelativePath($0) })
  }

  @Test("roots are absolute, and slashes too many or a dot mean nothing")
  func rootsAreNormalized() throws {
    #expect(try parse("//srv/./data//\n").roots() == [RelativePath("srv/data")])
  }

  @Test(
    "what is no absolute path is refused with file and line", arguments: ["srv", "/", "/srv/../etc", "/a\0b", "/."])
  func refusesOtherRoots(line: String) throws {
    let list = try parse("# head\n\(line)\n")
    let error = try #require(throws: PlanError.self) { try list.roots() }
    #expect(error.kind == .configuration && error.subject == "list line 2")
  }

  @Test("patterns are read as patterns, and a wrong one is told with file and line")
  func readsPatterns() throws {
    #expect(try parse("*.tmp\n/var/log\n").patterns().map(\.description) == ["*.tmp", "/var/log"])
    let error = try #require(throws: PlanError.self) { try parse("*.tmp\n[a\n").patterns() }
    #expect(error.subject == "list line 2" && error.cause.contains("[a"))
  }

  @Test("a file that is too large is refused")
  func isBounded() {
    #expect(throws: PlanError.self) { try parse(String(repeating: "x\n", count: PathList.maximumLines + 1)) }
    #expect(throws: PlanError.self) {
      try PathList.parse([UInt8](repeating: 35, count: PathList.maximumBytes + 1), source: "list")
    }
  }

  @Test("a cache folder's tag counts with its signature only")
  func tagNeedsItsSignature() {
    let signature = "Signature: 8a477f597d28d172789f06886806bc55"
    #expect(CacheDirectoryTag.isValid(firstBytes: Array("\(signature)\n# made by x\n".utf8)))
    #expect(CacheDirectoryTag.isValid(firstBytes: Array(signature.utf8)))
    #expect(CacheDirectoryTag.signatureLength == 43)
    for text in ["", "Signature: 8a477f597d28d172789f06886806bc5", " \(signature)", "# \(signature)"] {
      #expect(!CacheDirectoryTag.isValid(firstBytes: Array(text.utf8)))
    }
    #expect(CacheDirectoryTag.name == FileName("CACHEDIR.TAG") && NoBackupMark.name == FileName(".nobackup"))
  }

  private func parse(_ text: String) throws -> PathList { try PathList.parse(Array(text.utf8), source: "list") }
}
