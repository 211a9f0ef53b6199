import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPlan

@Suite struct RulesTests {
  @Test(
    "a pattern matches as rsync's manual says",
    arguments: [
      // pattern, path (a folder where it ends with a slash), whether it is excluded
      ("*.tmp", "home/a/x.tmp", true), ("*.tmp", "home/a/.tmp", true), ("*.tmp", "home/a/x.tmp2", false),
      ("*.tmp", "home/x.tmp/", true), ("/home/*/.cache", "home/anna/.cache/", true),
      ("/home/*/.cache", "home/anna/b/.cache/", false), ("/home/*/.cache", "srv/home/anna/.cache/", false),
      ("home/*/.cache", "srv/home/anna/.cache/", true), ("/var/log", "var/log/", true),
      ("/var/log", "home/var/log/", false),
      ("log", "home/var/log", true), ("log", "home/var/logs", false), ("var/log", "home/var/log/", true),
      ("var/log", "home/xvar/log/", false), ("log/", "home/log/", true), ("log/", "home/log", false),
      ("/a/**/b", "a/x/y/b", true), ("/a/**/b", "a/b", false), ("**/b", "b", true), ("**/b", "a/b", true),
      ("a**b", "x/a/y/b", true), ("a**b", "x/ca/y/b", false), ("**.o", "x/y.o", true), ("d/***", "x/d/", true),
      ("d/***", "x/d", false), ("d/***", "x/d/e", true), ("d/**", "x/d/", false), ("d/**", "x/d/e", true),
      ("a?c", "abc", true),
      ("/a?c", "a/c", false), ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true),
      ("[[:digit:]]x", "7x", true), ("[]x]y", "]y", true), ("a\\b", "a\\b", true), ("a\\bc*", "abcd", true),
      ("a\\*c", "a*c", true), ("a\\*c", "abc", false), ("a[*]c", "a*c", true), ("*", "home/a/x", true),
      ("a*b*c", "a/b", false),
    ])
  func matchesAsDocumented(pattern: String, path: String, isExcluded: Bool) throws {
    let isFolder = path.hasSuffix("/")
    let entry = try #require(RelativePath(isFolder ? String(path.dropLast()) : path))
    let patterns = PatternSet([try ExcludePattern(pattern)])
    #expect(patterns.contains(entry, isFolder: isFolder) == isExcluded)
  }

  @Test("patterns and names are bytes, and need not be UTF-8")
  func patternsAreBytes() throws {
    let patterns = PatternSet([try ExcludePattern([0xFF, .asterisk, 0xFE]), try ExcludePattern([0x80])])
    #expect(patterns.contains(try #require(RelativePath([0x61, .slash, 0xFF, 0x0A, 0xFE])), isFolder: false))
    #expect(patterns.contains(try #require(RelativePath([0x80] as [UInt8])), isFolder: false))
    #expect(!patterns.contains(try #require(RelativePath([0xFF, 0xFD] as [UInt8])), isFolder: false))
  }

  @Test(
    "a pattern that could exclude nothing, or is an instruction to rsync, is refused",
    arguments: [
      "", "/", "//", "a//b", "./a", "a/../b", "..", "[a", "x[", "[[:no:]]*", "*\\", "a\0b", "+ a", "- a", "!",
      String(repeating: "a", count: 4_096),
    ])
  func refusesWhatHasNoEffect(pattern: String) throws {
    let error = try #require(throws: PlanError.self) { try ExcludePattern(pattern) }
    #expect(error.kind == .configuration)
    #expect(!error.cause.isEmpty && !error.nextStep.isEmpty)
  }

  @Test(
    "of a pattern for all and the same for folders only, that for all holds",
    arguments: [["log", "log/"], ["log/", "log"]])
  func widerPatternHolds(texts: [String]) throws {
    let patterns = PatternSet(try texts.map { try ExcludePattern($0) })
    #expect(patterns.contains(try #require(RelativePath("a/log")), isFolder: false))
  }

  @Test("only what lies below a root is in, and the folders on the way to it")
  func rootsBound() throws {
    let rules = try Rules(roots: paths("home/anna", "srv"), excludes: [])
    #expect(!isExcluded(rules, "home/") && !isExcluded(rules, "home/anna/") && !isExcluded(rules, "srv/x"))
    #expect(isExcluded(rules, "home/bert/") && isExcluded(rules, "home/anna2/") && isExcluded(rules, "etc/"))
    #expect(isExcluded(rules, "home"), "a file where a folder is the way to a root is not wanted")
    #expect(isExcluded(Rules(roots: [], excludes: []), "home/"))
  }

  @Test("a root that is named is in, whatever the patterns say")
  func rootsWin() throws {
    let rules = try Rules(roots: paths("srv/cache"), excludes: [ExcludePattern("cache"), ExcludePattern("srv/")])
    #expect(!isExcluded(rules, "srv/") && !isExcluded(rules, "srv/cache/") && !isExcluded(rules, "srv/cache/x"))
    #expect(isExcluded(rules, "srv/cache/cache/"))
  }

  @Test("beside the way to a root in an excluded folder nothing is in")
  func passagesStayNarrow() throws {
    let rules = try Rules(
      roots: paths("home", "home/anna/.cache/deep/kept"), excludes: [ExcludePattern("/home/*/.cache")])
    for path in [
      "home/anna/.cache/", "home/anna/.cache/deep/", "home/anna/.cache/deep/kept/", "home/anna/.cache/deep/kept/x",
    ] {
      #expect(!isExcluded(rules, path), "\(path)")
    }
    for path in ["home/anna/.cache/other", "home/anna/.cache/deep/other/", "home/bert/.cache/"] {
      #expect(isExcluded(rules, path), "\(path)")
    }
    #expect(!isExcluded(rules, "home/anna/x"))
  }

  @Test("a pattern of many stars costs no more than its length times the path's", .timeLimit(.minutes(1)))
  func starsDoNotExplode() throws {
    let name = String(repeating: "a", count: 255)
    let path = try #require(RelativePath(Array(repeating: name, count: 200).joined(separator: "/")))
    for text in [
      String(repeating: "*a", count: 40) + "b", String(repeating: "**a", count: 300) + "*b*",
      String(repeating: "a*/**", count: 200) + "b",
    ] {
      let patterns = PatternSet([try ExcludePattern(text)])
      let start = Clocks.system.elapsed()
      #expect(!patterns.contains(path, isFolder: false))
      #expect(Clocks.system.elapsed() - start < .seconds(5))
    }
  }

  @Test("a pattern of more than sixty-three parts matches as a short one does")
  func longPatternsMatch() throws {
    let long = String(repeating: "?", count: 150)
    let patterns = PatternSet([try ExcludePattern("/x/*\(long)/**/[a]*z")])
    let name = String(repeating: "n", count: 150)
    #expect(patterns.contains(try #require(RelativePath("x/\(name)/1/2/abcz")), isFolder: false))
    #expect(patterns.contains(try #require(RelativePath("x/y\(name)/1/az")), isFolder: false))
    #expect(!patterns.contains(try #require(RelativePath("x/\(name.dropLast())/1/az")), isFolder: false))
    #expect(!patterns.contains(try #require(RelativePath("x/\(name)/1/a/z")), isFolder: false))
  }

  private func paths(_ texts: String...) throws -> [RelativePath] { try texts.map { try #require(RelativePath($0)) } }

  private func isExcluded(_ rules: Rules, _ path: String) -> Bool {
    let isFolder = path.hasSuffix("/")
    guard let entry = RelativePath(isFolder ? String(path.dropLast()) : path) else { return false }
    return rules.isExcluded(entry, isFolder: isFolder)
  }
}
