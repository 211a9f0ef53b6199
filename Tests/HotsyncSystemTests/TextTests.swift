import HotsyncSystem
import TestSupport
import Testing

@Suite struct TextTests {
  @Test(
    "what a terminal would obey, or cannot show, is escaped; letters of any script are not",
    arguments: [
      (Array("a b".utf8), "a b"), (Array("tab\tline\n".utf8), "tab\\x09line\\x0a"),
      (Array("\u{1B}[2J".utf8), "\\x1b[2J"), (Array("back\\slash".utf8), "back\\x5cslash"), ([0x7F, 0], "\\x7f\\x00"),
      (Array("žluť 日本 🦊".utf8), "žluť 日本 🦊"), ([0xC3, 0x28], "\\xc3("), ([0xFF, 0x61], "\\xffa"),
      (Array("\u{202E}x".utf8), "\\xe2\\x80\\xaex"), (Array("\u{85}".utf8), "\\xc2\\x85"),
      ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xC0, 0x80], "\\xc0\\x80"), ([0xF0, 0x9F], "\\xf0\\x9f"),
      (Array("\u{2028}".utf8), "\\xe2\\x80\\xa8"), ([], ""),
    ] as [([UInt8], String)])
  func escapes(_ bytes: [UInt8], _ text: String) {
    #expect(shown(bytes) == text)
  }

  @Test("names and paths say what they are")
  func paths() throws {
    let path = try RelativePath.of("a/b c/d")
    #expect(path.description == "/a/b c/d")
    #expect(path.names.map(\.description) == ["a", "b c", "d"])
    #expect(path.name.description == "d")
    #expect(try path.parent == .of("a/b c"))
    #expect(try RelativePath.of("a").parent == nil)
    #expect(try path.isBelow(.of("a")))
    #expect(try !path.isBelow(.of("a/b")))
    #expect(!path.isBelow(path))
    for text in ["", ".", "..", "a/b", "a\0", String(repeating: "x", count: 256)] { #expect(FileName(text) == nil) }
    let full = try RelativePath.of(Array(repeating: "a", count: 1_000).joined(separator: "/"))
    #expect(try full.appending(.of("b")) == nil)
    #expect(try full.parent?.appending(.of("b"))?.levels == 1_000)
  }

  @Test("a wrong number becomes a sentence with a next step")
  func errors() throws {
    let error = try #require(throws: SystemError.self) { _ = try Folder.open("/nonexistent-\u{1}") }
    #expect(error.kind == .failed)
    #expect(error.isMissing)
    #expect(error.operation == "cannot open")
    #expect(error.cause == "No such file or directory")
  }
}

@Suite struct ShellWordTests {
  @Test("words of any text come back whole through a shell's quoting, and nothing that a shell would expand is read")
  func words() {
    var random = SeededGenerator(announcing: "shell words")
    let letters = Array("ab'\"\\ $`%*;&|<>()~#!\u{301}é\t".unicodeScalars)
    for _ in 0..<4_000 {
      let words = (0...random.below(3)).map { _ in
        var text = String.UnicodeScalarView()
        for _ in 0..<random.below(8) { text.append(letters[random.below(letters.count)]) }
        return String(text)
      }
      let command = words.map(quotedForShell).joined(separator: " ")
      #expect(shellWords(command.utf8) == words.map { Array($0.utf8) }, "HOTSYNC_SEED=\(random.seed)")
    }
    for text in ["'a", "a\\", "a;b", "$a", "a\nb", "a\\\nb", "`a`", "a*", "~", "\"a\""] {
      #expect(shellWords(text.utf8) == nil, "\(text)")
    }
    #expect(shellWords("  a\\ b\t'c'd  ".utf8) == [Array("a b".utf8), Array("cd".utf8)])
  }
}
