import HotsyncSystem
import TestSupport
import Testing

/// Paths that no tool names in one piece: 1,000 levels, far beyond 4,096 bytes.
@Suite struct DeepTreeTests {
  /// Makes a chain of folders in a place, with an entry of each kind in the innermost; gives that folder.
  private func makeChain(_ place: Place, of name: String, levels: Int) throws -> Folder {
    var folder = try Folder.open(place.path)
    for _ in 0..<levels { folder = try folder.makeOrOpenFolder(.of(name), permissions: 0o755) }
    try folder.open(.of("file"), [.writing, .exclusively]).write(Array(name.utf8))
    try folder.makeSymbolicLink(.of("link"), to: Array("file".utf8))
    try folder.makeFIFO(.of("fifo"))
    try folder.link(.of("file"), into: Folder.open(place.path), as: .of("of " + String(name.prefix(9))))
    return folder
  }

  @Test(
    "trees of 1,000 levels and of paths far beyond 4,096 bytes go there and back, change, and go",
    arguments: TestedTransport.all)
  func deep(_ transport: TestedTransport) throws {
    Environment.raiseOpenFileLimit()
    let pair = try Pair(transport: transport)
    // The last names are the 1,000th: `srv/data` is two levels, the entry itself is one.
    let bottom = try makeChain(pair.data, of: "level", levels: RelativePath.maximumLevels - 3)
    let long = String(repeating: "n", count: FileName.maximumLength)
    let wide = try makeChain(pair.data, of: long, levels: 40)
    var before = try expectAlike(pair, nil)
    for folder in [0, 1] {
      let change = { (folder: borrowing Folder) throws in
        try folder.open(.of("file"), [.writing]).write(Array("changed".utf8))
        try folder.unlink(.of("fifo"))
        try folder.makeFolder(.of("fifo"), permissions: 0o700)
        try folder.unlink(.of("link"))
      }
      if folder == 0 { try change(bottom) } else { try change(wide) }
    }
    before = try expectAlike(pair, before)
    try bottom.removeFolder(.of("fifo"))
    try pair.data.remove(long)
    try pair.data.remove("level")
    _ = try expectAlike(pair, before)
  }

  private func expectAlike(_ pair: Pair, _ before: TreeSnapshot?) throws -> TreeSnapshot {
    let cycle = try pair.sync("--accept-deletes")
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    return try pair.expectAlikeEverywhere(before: before, lookedAtByOthers: false)
  }

  @Test("what is deeper than 1,000 levels is told by name, and the rest comes")
  func tooDeep() throws {
    Environment.raiseOpenFileLimit()
    let pair = try Pair()
    _ = try makeChain(pair.data, of: "d", levels: RelativePath.maximumLevels - 2)
    let cycle = try pair.sync()
    #expect(cycle.code == 3 && cycle.problems.contains { $0["code"].text == "too_deep" }, "\(cycle)")
    #expect(try pair.mirror.read("srv/data/first.txt") == "the first file\n")
    #expect(try pair.mirror.read("srv/data/of d") == "d")
  }
}
