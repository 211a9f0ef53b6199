import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncPlan

/// Random patterns on a random tree, with the real rsync as judge.
@Suite struct RsyncOracleTests {
  private let scratch: ScratchFolder
  private let tree: [Entry]
  private let random: SeededGenerator

  init() throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    scratch = try ScratchFolder("rules")
    _ = try scratch.makeFolder("tree")
    _ = try scratch.makeFolder("empty")
    var tree: [Entry] = []
    try Self.grow(in: scratch, below: nil, depth: 0, &tree, &random)
    self.tree = tree
    self.random = random
  }

  @Test("random patterns exclude what rsync excludes, and those refused exclude nothing there")
  func patternsMeanWhatRsyncMeans() throws {
    var random = random
    var excluding = 0
    for round in 0..<150 {
      let pattern = patternText(tree, &random)
      if [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(pattern.first), pattern.dropFirst().first == UInt8(ascii: " ")
      {
        continue
      }
      let expected = try kept(byRsync: [pattern])
      let parsed: [ExcludePattern]
      do throws(PlanError) { parsed = [try ExcludePattern(pattern)] } catch { parsed = [] }
      let actual = kept(by: PatternSet(parsed), in: tree)
      let difference = expected.symmetricDifference(actual).sorted()
      if expected.count < tree.count { excluding += 1 }
      #expect(
        difference.isEmpty,
        "seed \(random.seed) round \(round): \(shown(pattern)) (refused: \(parsed.isEmpty)) differs at \(difference.prefix(5))"
      )
      if !difference.isEmpty { return }
    }
    #expect(excluding > 20, "seed \(random.seed): too few patterns exclude anything to prove a thing")
  }

  @Test("several patterns together exclude what rsync excludes")
  func listsMeanWhatRsyncMeans() throws {
    var random = random
    for round in 0..<30 {
      var texts: [[UInt8]] = []
      var patterns: [ExcludePattern] = []
      while patterns.count < 5 {
        let text = patternText(tree, &random)
        guard let pattern = try? ExcludePattern(text) else { continue }
        texts.append(text)
        patterns.append(pattern)
      }
      let difference = try kept(byRsync: texts).symmetricDifference(
        kept(by: PatternSet(patterns), in: tree))
      #expect(
        difference.isEmpty,
        "seed \(random.seed) round \(round): \(texts.map { shown($0) }) differs at \(difference.sorted().prefix(5))")
    }
  }

  // MARK: The tree

  struct Entry {
    let path: RelativePath
    let isFolder: Bool
  }

  /// Names that collide with what patterns are made of.
  private static let names = [
    "a", "b", "ab", "aab", "abb", "a.b", ".a", "A", "a-b", "a*b", "*", "**", "[a]", "a?b", "\\", "a\\b", "\\*", "]",
    "-", "^a",
    "1", "b c", "é", "x_1",
  ]

  private static func grow(
    in scratch: ScratchFolder, below parent: RelativePath?, depth: Int, _ tree: inout [Entry],
    _ random: inout SeededGenerator
  ) throws {
    for text in names.shuffled(using: &random).prefix(depth == 0 ? 24 : random.number(2...5)) {
      let name = try #require(FileName(text))
      let path = try #require(parent.map { $0.appending(name) } ?? RelativePath(name))
      let isFolder = depth < 3 && random.chance(depth == 0 ? 500 : 350)
      tree.append(Entry(path: path, isFolder: isFolder))
      let place = "tree/" + String(decoding: path.bytes, as: UTF8.self)
      if isFolder {
        _ = try scratch.makeFolder(place)
        try grow(in: scratch, below: path, depth: depth + 1, &tree, &random)
      } else {
        try scratch.write([], to: place)
      }
    }
  }

  // MARK: The patterns

  private static let pieces = [
    "a", "b", "ab", ".", "A", "-", "*", "*", "*", "?", "**", "***", "/", "/", "[a-b]", "[!a]", "[^b]", "[]]", "[]-a]",
    "[a", "[[:alpha:]]",
    "[[:punct:]b]", "[[:no:]]", "[[:a]", "[a\\]b]", "[b-a]", "[a-]", "[*]", "[/]", "[**]", "\\", "\\*", "\\\\", "\\a",
    "\\[", "é", " ", "_", "1", "^",
  ]

  private func patternText(_ tree: [Entry], _ random: inout SeededGenerator) -> [UInt8] {
    var text: [UInt8] = []
    if random.chance(400), let entry = tree.randomElement(using: &random) {
      // Something real with a part of it replaced.
      text = entry.path.bytes
      if random.chance(500), let slash = text.firstIndex(of: .slash) { text.removeSubrange(...slash) }
      if random.chance(800) {
        let start = random.number(0...(text.count - 1))
        let piece = random.element(RsyncOracleTests.pieces) ?? ""
        text.replaceSubrange(start..<min(text.count, start + random.number(0...3)), with: Array(piece.utf8))
      }
    } else {
      for _ in 0..<random.number(1...6) { text += Array((random.element(RsyncOracleTests.pieces) ?? "").utf8) }
    }
    if random.chance(200) { text.insert(.slash, at: 0) }
    if random.chance(150) { text += Array("/***".utf8) } else if random.chance(150) { text.append(.slash) }
    return text.isEmpty ? [.asterisk] : text
  }

  // MARK: The two judges

  private func kept(by patterns: PatternSet, in tree: [Entry]) -> Set<String> {
    var kept: Set<String> = []
    var closed: RelativePath?
    for entry in tree {
      if let closed, entry.path.isBelow(closed) { continue }
      if patterns.contains(entry.path, isFolder: entry.isFolder) {
        if entry.isFolder { closed = entry.path }
      } else {
        kept.insert(String(decoding: entry.path.bytes, as: UTF8.self))
      }
    }
    return kept
  }

  private func kept(byRsync patterns: [[UInt8]]) throws -> Set<String> {
    // In a file, since arguments of a child are text here and patterns are bytes.
    let file = try scratch.write(patterns.flatMap { $0 + [0] }, to: "patterns")
    let result = try RunningProgram.run(
      "rsync",
      [
        "-rn", "-8", "-0", "--exclude-from=\(file)", "--out-format=%n", scratch.path("tree") + "/",
        scratch.path("empty") + "/",
      ])
    try #require(result.exitCode == 0, "\(result)")
    var kept: Set<String> = []
    for line in result.outputText.split(separator: "\n") where line != "./" {
      kept.insert(String(line.hasSuffix("/") ? line.dropLast() : line))
    }
    return kept
  }
}
