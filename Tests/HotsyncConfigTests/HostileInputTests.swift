import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncConfig

@Suite struct HostileInputTests {
  private func cause(_ text: String) -> String? {
    failure { try YAMLReading.value(of: Array(text.utf8), file: "f") }?.cause
  }

  @Test("a few aliases are fine; many, and those that multiply, are refused before they cost anything")
  func aliases() throws {
    let value = try YAMLReading.value(of: Array("a: &x [1, 2]\nb: *x\n".utf8), file: "f")
    #expect(value.value(at: ["b"])?.isSame(as: try #require(value.value(at: ["a"]))) == true)
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...20 {
      bomb += "a\(level): &a\(level) [" + (0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", ") + "]\n"
    }
    #expect(cause(bomb)?.hasPrefix("it has too many anchors or aliases") == true)
    let asKey = "a0: &a0 [x]\n" + (1...8).map { "? &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n: x\n" }.joined()
    #expect(cause(asKey)?.hasPrefix("it has too many anchors or aliases") == true)
    #expect(cause("a: &a [*a]\n") != nil)
    #expect(cause("a: *b\n")?.contains("alias") == true)
  }

  @Test("nesting, size, number of values, tags, second documents and odd bytes have limits")
  func limits() {
    let deep = { (levels: Int) in String(repeating: "[", count: levels) + String(repeating: "]", count: levels) }
    #expect(cause(deep(16)) == nil)
    #expect(cause(deep(17)) == "it is nested deeper than 16 levels")
    #expect(cause(deep(999))?.contains("nested deeper") == true)
    #expect(cause(deep(100_000)) != nil)
    #expect(cause(String(repeating: "- ", count: 100_000)) != nil)
    #expect(cause("[" + String(repeating: "a,", count: 60_000) + "]") == "it holds more than 50000 values")
    #expect(cause("# " + String(repeating: "a", count: 1 << 20)) == "it is larger than 1 MiB")
    #expect(cause("a: !x b") == "it has a tag (!), expected a value without one")
    #expect(cause("a: b\n---\nc: d\n")?.contains("single document") == true)
    #expect(cause("a: \u{0}") == "it holds a control character (byte 0)")
    #expect(cause("[a]: b") == "a key is a list or a map, expected a name")
    #expect(failure { try YAMLReading.value(of: [0x61, 0xFF], file: "f") }?.cause == "it is not UTF-8 text")
    #expect(cause("a:\n  b: 1\n  \"b\": 2\n") == "the key stands there twice")
  }

  @Test("an error does not quote the file, which may hold passwords")
  func quiet() {
    #expect(cause("password: \"geheim\n")?.contains("geheim") == false)
    #expect(cause("password: [geheim\n")?.contains("geheim") == false)
  }

  @Test("names with escapes are shown without them")
  func escapes() throws {
    let error = try #require(failure { try Scratch("role: slave\n\"a\\e[31m\": 1\n").load() })
    #expect(error.subject.hasSuffix("key a\\x1b[31m"))
  }

  @Test("no bytes make the reader trap or hang", arguments: UInt64(1)...20)
  func random(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let seeds = [
      try repositoryFile("etc/hotsync.yaml"), try repositoryFile("etc/examples/master.yaml"),
      Array("a: &x {b: [1, \"2\", '3'], ? c : |\n    text\n}\nd: *x\n<<: *x\n".utf8),
    ]
    let pieces = [
      "&a", "*a", "{", "}", "[", "]", ": ", "- ", "? ", "\n", "|", ">", "!!int ", "\"", "'", "#", "%", "---\n", "...\n",
      "\t", "${env:", "${file:/", "\u{FEFF}", "\u{2028}", "<<",
    ]
    var read = 0
    for round in 0..<100 {
      var bytes = seeds.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 1: bytes.insert(contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...40, using: &random)))
        default:
          let end = min(bytes.count, place + Int.random(in: 0...200, using: &random))
          bytes.insert(contentsOf: Array(bytes[place..<end]), at: Int.random(in: 0...bytes.count, using: &random))
        }
      }
      guard let value = try? YAMLReading.value(of: bytes, file: "seed \(seed) round \(round)") else { continue }
      read += 1
      let check = Check.of(value, root: "/", secrets: Secrets(environment: { _ in nil }))
      #expect(check.problems.count <= Check.maximumProblems)
      _ = ShownConfiguration.text(value)
      // Whatever was read can be written and read again as the same; but the parser drops byte order marks.
      guard bytes.firstRange(of: [0xEF, 0xBB, 0xBF]) == nil else { continue }
      let written = YAMLWriting().text(value)
      let again = try YAMLReading.value(of: Array(written.utf8), file: "again")
      #expect(again.isSame(as: value), "seed \(seed), round \(round)")
    }
    // A reader that refuses everything would pass the rest.
    #expect(read >= 5, "seed \(seed)")
  }

  @Test("random bytes are refused or read, never a trap", arguments: UInt64(100)...105)
  func noise(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
        Bool.random(using: &random)
          ? UInt8.random(in: 0...255, using: &random)
          : Array("\n :-[]{}&*!|>'\"%@`?,#a1".utf8).randomElement(using: &random) ?? 0
      }
      _ = failure { try YAMLReading.value(of: bytes, file: "f") }
    }
  }
}
