import Testing

@Suite("The repository holds its own rules")
struct TidyTests {
  @Test("every file of the repository keeps the rule", arguments: Rule.all)
  func tree(rule: Rule) throws {
    let files = try Repository.files()
    try #require(files.contains { $0.path == "Package.swift" })
    let findings = files.flatMap(rule.check)
    #expect(findings.isEmpty, "\(findings.map(\.description).joined(separator: "\n"))")
  }

  @Test("the map names every module that has sources")
  func map() throws {
    let modules = Set(try Repository.files().filter { $0.isSource && $0.isSwift }.compactMap(\.module))
    #expect(modules.subtracting(House.rows.keys).isEmpty)
    #expect(modules.contains("HotsyncSystem"))
  }

  /// What each rule must find, and the nearest thing that it must let pass.
  struct Sample: Sendable, CustomTestStringConvertible {
    let rule: String
    let path: String
    let bad: String
    let line: Int
    let good: String

    var testDescription: String { "\(rule): \(path)" }
  }

  static let samples: [Sample] = [
    Sample(
      rule: "imports go downwards", path: "Sources/HotsyncPlan/A.swift",
      bad: "import Glibc\npublic import HotsyncReport",
      line: 2, good: "public import HotsyncCatalog\nimport Glibc\n// import HotsyncReport"),
    Sample(
      rule: "imports go downwards", path: "Sources/HotsyncSlave/A.swift", bad: "import struct HotsyncMaster.Scanner",
      line: 1, good: "import HotsyncTransport"),
    Sample(
      rule: "imports go downwards", path: "Sources/HotsyncPromote/A.swift", bad: "import HotsyncMaster", line: 1,
      good: "import HotsyncSlave"),
    Sample(
      rule: "imports go downwards", path: "Sources/HotsyncDelta/A.swift", bad: "import HotsyncCatalog", line: 1,
      good: "internal import CLibrsync"),
    Sample(
      rule: "imports go downwards", path: "Sources/HotsyncSlave/A.swift", bad: "import CXxhash", line: 1,
      good: "import Synchronization"),
    Sample(
      rule: "imports go downwards", path: "Sources/HotsyncExtra/A.swift", bad: "", line: 1, good: ""),
    Sample(
      rule: "no Foundation in the data path", path: "Sources/HotsyncMaster/A.swift", bad: "import FoundationEssentials",
      line: 1, good: "import Glibc // not Foundation"),
    Sample(
      rule: "a file is one room", path: "Sources/HotsyncPlan/A.swift", bad: String(repeating: "\n", count: 401),
      line: 401, good: String(repeating: "\n", count: 400)),
    Sample(
      rule: "a function fits a screen or two", path: "Sources/HotsyncPlan/A.swift", bad: "\n" + function(lines: 81),
      line: 2, good: function(lines: 80) + "\n" + function(lines: 80)),
    Sample(
      rule: "unsafe code says why it is safe", path: "Sources/HotsyncSystem/A.swift",
      bad: "func a() {\n  // SAFETY: lent for the call.\n  unsafe b()\n}\nfunc c() {\n  unsafe d()\n}", line: 6,
      good: "// SAFETY: lent for the call.\nfunc a() {\n  unsafe b()\n}\nnonisolated(unsafe) var x = \"unsafe\""),
    Sample(
      rule: "unsafe code says why it is safe", path: "Sources/HotsyncSystem/A.swift",
      bad: "// SAFETY: too far.\n" + String(repeating: "\n", count: 12) + "let a = unsafe b()", line: 14,
      good: "// SAFETY: near.\n" + String(repeating: "\n", count: 11) + "let a = unsafe b()"),
    Sample(
      rule: "nothing is left to be done", path: "docs/a.md", bad: "text\n<!-- TO" + "DO: more -->", line: 2,
      good: "mkstemp(\"XXXXXX\"), TO" + "DOS"),
    Sample(
      rule: "only HotsyncReport prints", path: "Sources/hotsync/main.swift", bad: "let a = 1\nprint(a)", line: 2,
      good: "console.print(a)\nfunc print(_ text: String) {}\n// print(a)\nlet b = \"print(\\(a(\"print(\")))\""),
    Sample(
      rule: "only HotsyncReport prints", path: "Sources/hotsync/main.swift", bad: "Swift.print(1)", line: 1,
      good: "fingerprint(1)"),
    Sample(
      rule: "no path of somebody's machine", path: "docs/a.md", bad: "see /" + "work/main", line: 1,
      good: "at/" + "work/ and /" + "root/.ssh/authorized_keys"),
    Sample(
      rule: "a test's name is a sentence", path: "Tests/ATests/A.swift",
      bad: "import Testing\n@Test(\"a b\") func a() {}",
      line: 2, good: "@Test(\n  \"a name of words\") func a() {}"),
    Sample(
      rule: "a test's name is a sentence", path: "Tests/ATests/A.swift", bad: "@Test func a() {}", line: 1,
      good: "@Test(\"it reads well\", arguments: [1]) func a() {}"),
  ]

  private static func function(lines: Int) -> String {
    "func a(b: Int = { 1 }()) -> Int {\n" + String(repeating: "  a()\n", count: lines - 2) + "}"
  }

  @Test("each rule finds what breaks it, where it stands, and nothing else", arguments: samples)
  func broken(sample: Sample) throws {
    let rule = try #require(Rule.all.first { $0.name == sample.rule })
    let findings = rule.check(SourceFile(path: sample.path, text: sample.bad))
    #expect(findings.map(\.line) == [sample.line])
    if !sample.good.isEmpty {
      #expect(rule.check(SourceFile(path: sample.path, text: sample.good)).isEmpty)
    }
  }

  @Test("every rule has a sample that breaks it")
  func coverage() {
    #expect(Set(Rule.all.map(\.name)) == Set(TidyTests.samples.map(\.rule)))
  }

  @Test("literals, raw ones and what is interpolated are no code")
  func literals() {
    let text = ##"""
      let a = "x \(b ? "}" : "{") y"; let c = #"\("#; /* { /* } */ { */ let d = """
        unsafe { "quoted"
        """; end // {
      """##
    let tokens = SwiftWords.tokens(of: text)
    #expect(tokens.filter { $0.kind == .sign }.map(\.text) == ["=", ";", "=", ";", "=", ";"])
    #expect(tokens.filter { $0.kind == .word }.map(\.text) == ["let", "a", "let", "c", "let", "d", "end"])
    #expect(tokens.last?.line == 3)
  }

  @Test("a requirement of a protocol has no body, and the function after it has its own")
  func requirements() {
    let text = "protocol A {\n  func b() -> Int\n  init?(c: Int)\n}\nstruct D {\n  init() {\n    a.init(b)\n  }\n}"
    #expect(FunctionSpan.all(in: SwiftWords.tokens(of: text)) == [FunctionSpan(name: "init", lines: 6...8)])
  }
}
