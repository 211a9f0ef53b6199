import HotsyncSystem
import TestSupport
import Testing

@Suite struct TreeTests {
  @Test("the same seed makes the same tree, another seed another")
  func treesFollowTheSeed() throws {
    let scratch = try ScratchFolder("trees")
    let folders = try ["a", "b", "c"].map { try scratch.makeFolder($0) }
    let made = try folders.enumerated().map { index, folder in
      try TreeMaker.make(in: folder, seed: index == 2 ? 6 : 5, files: 600, largestSize: 100_000)
    }
    #expect(made[0] == made[1])
    let snapshots = try folders.map { try TreeSnapshot(of: $0) }
    let aspects = TreeSnapshot.Aspects.all.subtracting(.root)
    #expect(snapshots[0].differences(to: snapshots[1], aspects) == [])
    #expect(snapshots[0].differences(to: snapshots[2], aspects).count > 40)
    let lines = try rsyncDifference(folders[0], folders[1]).split(separator: "\n").filter { !$0.hasSuffix(" ./") }
    #expect(lines == [])
  }

  @Test("a tree has what is awkward in real ones")
  func treesAreAwkward() throws {
    let scratch = try ScratchFolder("trees")
    let made = try TreeMaker.make(in: scratch.path, seed: 11, files: 3_000, largestSize: 100_000)
    #expect(made.files + made.hardLinks + made.symbolicLinks == 3_000 && made.hardLinks > 30 && made.symbolicLinks > 60)
    let entries = try TreeSnapshot(of: scratch.path).entries
    func has(_ what: String, _ condition: (RelativePath, TreeSnapshot.Entry) -> Bool) {
      #expect(entries.contains { condition($0.key, $0.value) }, "no \(what)")
    }
    has("name of 255 bytes") { path, _ in path.name.bytes.count == FileName.maximumLength }
    has("name that is no UTF-8") { path, _ in path.utf8Text == nil }
    has("line break in a name") { path, _ in path.name.bytes.contains(10) }
    has("name in composed form") { path, _ in path.name.bytes.starts(with: Array("caf\u{E9}".utf8)) }
    has("name in decomposed form") { path, _ in path.name.bytes.starts(with: Array("cafe\u{301}".utf8)) }
    has("hole") { _, entry in entry.status.kind == .regular && entry.status.size > 100_000 && entry.status.blocks < 100
    }
    has("empty file") { _, entry in entry.status.kind == .regular && entry.status.size == 0 }
    has("empty folder") { path, entry in entry.status.kind == .folder && !entries.keys.contains { $0.isBelow(path) } }
    has("time before 1970") { _, entry in entry.status.modified.seconds < 0 }
    has("time after 2038") { _, entry in entry.status.modified.seconds > 1 << 31 }
    has("set-user-id bit") { _, entry in entry.status.permissions & 0o4000 != 0 }
    has("sticky folder") { _, entry in entry.status.kind == .folder && entry.status.permissions & 0o1000 != 0 }
    has("default access list") { _, entry in
      entry.attributes.contains { $0.name == Array("system.posix_acl_default".utf8) }
    }
    has("access list") { _, entry in entry.attributes.contains { $0.name == Array("system.posix_acl_access".utf8) } }
    has("large attribute") { _, entry in entry.attributes.contains { $0.value.count >= 1_000 } }
    has("many attributes") { _, entry in entry.attributes.count >= 25 }
    has("hard link across folders") { path, entry in entry.firstName.map { $0.parent != path.parent } ?? false }
    has("dangling link") { _, entry in entry.target == Array("missing".utf8) }
    if Environment.isRoot {
      has("owner without a name") { _, entry in entry.status.owner == 123_456 }
      has("closed file") { _, entry in entry.status.kind == .regular && entry.status.permissions == 0 }
    }
  }

  @Test("an edit is seen by the snapshot and by rsync", arguments: EditScript.Kind.allCases)
  func editsAreSeen(kind: EditScript.Kind) throws {
    if kind == .owner, !Environment.isRoot { return }
    let scratch = try ScratchFolder("edits")
    let first = try scratch.makeFolder("first")
    try TreeMaker.make(in: first, seed: 21, files: 120, largestSize: 20_000)
    let second = scratch.path("second")
    #expect(try RunningProgram.run("cp", ["-a", first, second]).exitCode == 0)
    let before = try TreeSnapshot(of: first)
    #expect(before.differences(to: try TreeSnapshot(of: second)) == [])
    #expect(try rsyncDifference(first, second) == "")

    let seed = SeededGenerator.testSeed()
    var script = EditScript(seed: seed, kinds: [kind])
    // Many, since a mode or an owner may be set to what it was; but folders are soon gone.
    let count = kind == .deleteFolder ? 1 : 12
    let log = try script.apply(count, to: second)
    #expect(log.count == count)
    // Only the aspect that the edit is about: a new owner also clears set-id bits, a new file also changes its
    // folder's time.
    let aspects: TreeSnapshot.Aspects =
      switch kind {
      case .owner: .owner
      case .mode: .mode
      case .touch: [.fileTimes, .folderTimes, .linkTimes]
      case .attribute, .accessList: .attributes
      default: .content
      }
    #expect(before.differences(to: try TreeSnapshot(of: second), aspects) != [], "seed \(seed): \(log)")
    #expect(try rsyncDifference(first, second) != "", "seed \(seed): \(log)")
  }

  @Test("a link that became a file of its own is seen")
  func lostHardLinksAreSeen() throws {
    let scratch = try ScratchFolder("links")
    for name in ["a", "b"] {
      let folder = try Folder.open(try scratch.makeFolder(name))
      try scratch.write([1], to: "\(name)/one")
      let names = try ["one", "two"].map { try #require(FileName($0)) }
      if name == "a" {
        try folder.link(names[0], into: folder, as: names[1])
      } else {
        try scratch.write([1], to: "b/two")
      }
    }
    let snapshots = try ["a", "b"].map { try TreeSnapshot(of: scratch.path($0)) }
    #expect(snapshots[0].differences(to: snapshots[1], [.content, .hardLinks]).count == 1)
  }

  @Test("hundreds of edits leave a tree that can be edited further")
  func editsGoOn() throws {
    let scratch = try ScratchFolder("edits")
    let seed = SeededGenerator.testSeed()
    try TreeMaker.make(in: scratch.path, seed: seed, files: 200, largestSize: 20_000)
    var script = EditScript(seed: seed)
    for _ in 0..<5 { try script.apply(150, to: scratch.path) }
    #expect(script.log.count == 750, "seed \(seed)")
    #expect(Set(script.log.compactMap { $0.split(separator: " ").first }).count >= EditScript.Kind.allCases.count - 1)
  }

  @Test("lost holes are seen")
  func lostHolesAreSeen() throws {
    let scratch = try ScratchFolder("holes")
    for name in ["a", "b"] { _ = try scratch.makeFolder(name) }
    try Descriptor.open(scratch.path("a/file"), [.writing, .creating]).truncate(to: 4 << 20)
    let result = try RunningProgram.run("cp", ["--sparse=never", "-p", scratch.path("a/file"), scratch.path("b/file")])
    #expect(result.exitCode == 0)
    let lines = try TreeSnapshot(of: scratch.path("a")).differences(
      to: TreeSnapshot(of: scratch.path("b")), .all.subtracting(.root))
    #expect(lines.count == 1 && lines[0].hasPrefix("/file: space"))
  }
}

@Suite struct TreeMutationTests {
  @Test("the asked share of the files changes its content, and nothing else does")
  func mutatesAShare() throws {
    let scratch = try ScratchFolder("mutation")
    let first = try scratch.makeFolder("first")
    try TreeMaker.make(in: first, seed: 31, files: 400, features: .plain, largestSize: 20_000)
    let second = scratch.path("second")
    #expect(try RunningProgram.run("cp", ["-a", first, second]).exitCode == 0)
    #expect(try TreeMutation.mutate(second, seed: 1, percent: 5) == 20)
    let lines = try TreeSnapshot(of: first).differences(to: TreeSnapshot(of: second), .content)
    #expect(lines.count == 20)
  }

  @Test("scattered pieces of a file change, its size stays")
  func editsPieces() throws {
    let scratch = try ScratchFolder("pieces")
    let before = [UInt8](repeating: 0, count: 1 << 20)
    let path = try scratch.write(before, to: "file")
    let result = try RunningProgram.run(
      "make-tree", ["--seed", "5", "--edit", path, "--count", "10", "--length", "1000"])
    #expect(result.exitCode == 0, "\(result)")
    let after = try #require(try Descriptor.open(path).readAll(limit: 2 << 20))
    #expect(after.count == before.count)
    #expect((9_800...10_000).contains(after.count { $0 != 0 }), "a byte in 256 is zero again")
  }

  @Test("the tool makes, mutates and compares trees, and says when it is called wrongly")
  func toolWorks() throws {
    let scratch = try ScratchFolder("tool")
    let folders = try ["a", "b"].map { try scratch.makeFolder($0) }
    for folder in folders {
      let made = try RunningProgram.run("make-tree", ["--seed", "3", "--files", "100", "--plain", folder])
      #expect(made.exitCode == 0 && made.outputText.hasPrefix("100 files, "), "\(made)")
    }
    let mutated = try RunningProgram.run("make-tree", ["--seed", "3", "--mutate", "10", folders[1]])
    #expect(mutated.outputText == "10 files changed\n")
    #expect(try RunningProgram.run("make-tree", ["--differences"] + folders).exitCode == 1)
    #expect(try RunningProgram.run("make-tree", ["--differences", folders[0], folders[0]]).exitCode == 0)
    for wrong in [[], ["--files", "many", folders[0]], ["--files"]] {
      #expect(try RunningProgram.run("make-tree", wrong).exitCode == 64)
    }
  }
}
