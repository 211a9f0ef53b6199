import HotsyncCatalog
import HotsyncPlan
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncMaster

@Suite struct WalkTests {
  @Test("a walk with folders listed ahead tells the same in the same order as one that lists each when it comes there")
  func order() throws {
    var random = SeededGenerator(announcing: "walks")
    for _ in 0..<6 {
      let tree = try WalkedTree()
      try TreeMaker.make(in: tree.scratch.path("data"), seed: random.next(), files: 400, largestSize: 1_000)
      let excludes = try random.chance(500) ? [ExcludePattern("*a*"), ExcludePattern("/data/b")] : []
      let expected = try tree.walk(limit: 0, excludes: excludes).map(\.text)
      #expect(expected.count > 20)
      for limit in [1, 7, 100, Scanner.limit] {
        let told = try tree.walk(limit: limit, excludes: excludes).map(\.text)
        #expect(told == expected, "HOTSYNC_SEED=\(random.seed), \(limit)")
      }
    }
  }

  @Test("sightings come in the catalog's order, each path once")
  func sorted() throws {
    let tree = try WalkedTree()
    for name in ["a/x", "a.b/c", "a-", "a/b/c", "a/b.c", "a/bc", "ab", "abcdefgh/i", "abcdefghi", "abcdefgh-", "é"] {
      let folder = name.split(separator: "/").dropLast().joined(separator: "/")
      _ = try tree.scratch.makeFolder("data/\(folder)")
      try tree.scratch.write([], to: "data/\(name)")
    }
    let paths = try tree.walk().compactMap { $0.sighting?.path }
    #expect(paths.count > 10)
    #expect(zip(paths, paths.dropFirst()).allSatisfy { $0 < $1 }, "\(paths)")
  }

  enum Loss: CaseIterable { case removed, file, link }

  @Test(
    "a folder that is lost after its name was listed is told as unknown below, and the walk goes on",
    arguments: Loss.allCases)
  func lost(_ loss: Loss) throws {
    let tree = try WalkedTree()
    for name in ["a", "b", "c"] {
      _ = try tree.scratch.makeFolder("data/\(name)")
      try tree.scratch.write([1], to: "data/\(name)/file")
    }
    let data = try tree.scratch.folder.folder(tree.root.name)
    let recorder = Recorder { event in
      guard event.sighting?.path == (try .of("data/a")) else { return }
      let name = try FileName.of("b")
      try data.removeTree(name)
      switch loss {
      case .removed: break
      case .file: _ = try data.open(name, [.writing, .creating])
      case .link: try data.makeSymbolicLink(name, to: Array("a".utf8))
      }
    }
    try tree.scanner(limit: 0).run(recorder)
    let below = recorder.events.filter { if case .unknownBelow = $0 { true } else { false } }
    #expect(below.count == 1 && below.first?.text.hasPrefix("below /data/b: ") == true, "\(below)")
    #expect(recorder.events.last?.sighting?.path == (try .of("data/c/file")))
  }

  private func wideTree() throws -> WalkedTree {
    let tree = try WalkedTree()
    for folder in 0..<60 {
      _ = try tree.scratch.makeFolder("data/\(folder)")
      for file in 0..<9 { try tree.scratch.write([], to: "data/\(folder)/\(file)") }
    }
    return tree
  }

  @Test("what is listed ahead and waits is bounded, whatever the tree holds")
  func bound() throws {
    let tree = try wideTree()
    let root = FolderPlace(tree.root)
    let ahead = WalkAhead(
      [root],
      lister: FolderLister(
        live: OpenFolder(try tree.scratch.folder.duplicate()), rules: Rules(roots: [tree.root], excludes: []),
        isOneFileSystem: true),
      limit: 100)
    let worker = Worker { ahead.work() }
    for _ in 0..<500 where ahead.waiting < 100 { Worker.pause(.milliseconds(10)) }
    Worker.pause(.milliseconds(100))
    // The folder that was under way when the limit was reached comes on top.
    #expect((100..<110).contains(ahead.waiting))
    ahead.end()
    worker.join()
  }

  private struct Stop: Error {}

  @Test(
    "an error of who takes the events ends the walk with its second thread and its descriptors", arguments: [1, 5, 300])
  func stopped(_ count: Int) throws {
    let tree = try wideTree()
    var left = count
    let recorder = Recorder { _ in
      left -= 1
      if left == 0 { throw Stop() }
    }
    #expect(throws: Stop.self) { try tree.scanner(limit: 50).run(recorder) }
    #expect(recorder.events.count == count)
    #expect(try tree.openFolders() == [])
  }

  @Test("a walk that was begun and never run leaves no thread and no descriptor")
  func neverRun() throws {
    let tree = try wideTree()
    for _ in 0..<20 { try tree.scanner().begin() }
    #expect(try tree.openFolders() == [])
  }

  @Test("a folder that may not be read is told as unknown below", .enabled(if: !Environment.isRoot))
  func closed() throws {
    let tree = try WalkedTree()
    _ = try tree.scratch.makeFolder("data/closed")
    try tree.scratch.folder.folder(tree.root.name).folder(.of("closed")).descriptor.setPermissions(0)
    #expect(try tree.walk().last?.text == "below /data/closed: 13")
  }
}
