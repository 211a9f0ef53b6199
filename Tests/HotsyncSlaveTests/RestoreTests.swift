import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// A store with the first tree in it, and what it holds.
func filledSlave() throws -> (TestSlave, Tree) {
  let slave = try TestSlave()
  var tree = Tree()
  try slave.cycle(firstTree(), on: &tree)
  return (slave, tree)
}

extension TestSlave {
  func pin(_ name: String = "latest") throws -> PinnedGeneration {
    try PinnedGeneration.open(try store(), name, accounts: Accounts())
  }

  /// Restores into a folder of the scratch folder.
  @discardableResult
  func restore(
    _ paths: [String] = [], to name: String = "out", force: Bool = false, from pinned: PinnedGeneration? = nil
  ) throws -> RestoreResult {
    let request = RestoreRequest(
      paths: try paths.map(HotsyncSlaveTests.path), force: force, keepsNumbers: false)
    return try Restore(try pinned ?? pin(), request, into: try scratch.makeOrOpenFolder(name), accounts: Accounts())
      .run()
  }

  /// Turns one bit of a file of the mirror.
  func damage(_ text: String) throws {
    let file = try mirror().open(at: try HotsyncSlaveTests.path(text), .readingAndWriting)
    let status = try file.status()
    var buffer: [UInt8] = [0]
    _ = try file.read(into: &buffer, count: 1, at: 0)
    try file.write([buffer[0] ^ 1], at: 0)
    try file.setPermissions(status.permissions)
    try file.setModified(status.modified)
  }
}

func kind(_ body: () throws -> Void) -> FailureKind? {
  do {
    try body()
    return nil
  } catch { return (error as? any HotsyncError)?.kind }
}

@Suite struct RestoreTests {
  @Test("everything comes back as the master had it")
  func everything() throws {
    let (slave, tree) = try filledSlave()
    let result = try slave.restore()
    #expect(try tree.differences(in: try slave.scratch.makeOrOpenFolder("out")) == [])
    #expect(result.files == UInt64(tree.entries.values.filter { $0.content != .folder }.count))
    #expect(result.damaged == [])
  }

  @Test("holes stay holes")
  func sparse() throws {
    let (slave, _) = try filledSlave()
    try slave.restore(["srv/image"])
    let file = try slave.scratch.makeOrOpenFolder("out").open(at: try path("srv/image"))
    #expect(try file.status().blocks * 512 < file.status().size)
  }

  @Test(
    "a single path comes with the folders above it and nothing else",
    arguments: ["srv/deep/er/file", "srv/deep", "srv.d"])
  func single(_ text: String) throws {
    let (slave, tree) = try filledSlave()
    try slave.restore([text])
    #expect(try tree.differences(in: try slave.scratch.makeOrOpenFolder("out"), below: try path(text)) == [])
  }

  @Test("links whose first name was not asked for come back as one file")
  func links() throws {
    let slave = try TestSlave()
    var tree = Tree()
    var changes = Changes()
    changes.put = [
      "a": .file("shared"), "b": .folder, "b/one": Entry(.hardLink("a")), "b/two": Entry(.hardLink("a")),
    ]
    try slave.cycle(changes, on: &tree)
    try slave.restore(["b"])
    let folder = try slave.scratch.makeOrOpenFolder("out").folder(at: try path("b"))
    let names = try folder.names()
    #expect(names.map(\.description) == ["one", "two"])
    #expect(try folder.status(names[0]).inode == folder.status(names[1]).inode)
    #expect(try folder.open(names[0]).readAll(limit: 100) == Array("shared".utf8))
  }

  @Test("a file that is in the way stops it before anything is changed")
  func obstacle() throws {
    let (slave, _) = try filledSlave()
    let out = try slave.scratch.makeOrOpenFolder("out")
    let place = try out.makeOrOpenFolder(try #require(FileName("srv")))
    try place.replace(try #require(FileName("linked")), with: [1, 2, 3])
    #expect(kind { try slave.restore() } == .unwritable)
    #expect(try out.names().map(\.description) == ["srv"])
    #expect(try place.names().map(\.description) == ["linked"])
  }

  @Test("with force it replaces what is in the way")
  func force() throws {
    let (slave, tree) = try filledSlave()
    let out = try slave.scratch.makeOrOpenFolder("out")
    let place = try out.makeOrOpenFolder(try #require(FileName("srv")))
    try place.replace(try #require(FileName("linked")), with: [1, 2, 3])
    try place.makeSymbolicLink(try #require(FileName("deep")), to: Array("/tmp".utf8))
    try slave.restore(force: true)
    #expect(try tree.differences(in: out) == [])
    try slave.restore(force: true)
    #expect(try tree.differences(in: out) == [])
  }

  @Test("a link in the target is not followed")
  func targetLink() throws {
    let (slave, _) = try filledSlave()
    let aside = try slave.scratch.makeOrOpenFolder("aside")
    let out = try slave.scratch.makeOrOpenFolder("out")
    try out.makeSymbolicLink(try #require(FileName("srv")), to: Array("../aside".utf8))
    #expect(kind { try slave.restore() } == .unwritable)
    #expect(try aside.names() == [])
  }

  @Test("a damaged file is not written under its name, and the others come")
  func damaged() throws {
    let (slave, tree) = try filledSlave()
    try slave.damage("srv/image")
    let result = try slave.restore()
    #expect(result.damaged.map(\.path.description) == ["/srv/image"])
    let out = try slave.scratch.makeOrOpenFolder("out")
    #expect(try tree.differences(in: out) == ["/srv/image is missing"])
  }

  @Test("a path that is not there is answered with the nearest that is")
  func unknown() throws {
    let (slave, _) = try filledSlave()
    do {
      try slave.restore(["srv/deap/er"])
      Issue.record("it was restored")
    } catch let error as StoreError {
      #expect(error.kind == .usage)
      #expect(error.nextStep.hasSuffix("/srv/deep"))
    }
  }

  @Test("a pinned generation is read as it was while commits go on")
  func pinned() throws {
    let (slave, before) = try filledSlave()
    let pinned = try slave.pin()
    var tree = before
    try slave.cycle(secondTree(), on: &tree)
    var third = Changes()
    third.put = ["srv/a": .file("a third time"), "srv/image": Entry(.file(large(9)))]
    try slave.cycle(third, on: &tree)
    try slave.restore(from: pinned)
    #expect(try before.differences(in: try slave.scratch.makeOrOpenFolder("out")) == [])
    try slave.restore(to: "new")
    #expect(try tree.differences(in: try slave.scratch.makeOrOpenFolder("new")) == [])
  }
}

@Suite struct GenerationNameTests {
  @Test("numbers, latest, times and names of snapshots are understood, and nothing else")
  func names() throws {
    #expect(GenerationName("12") == .number(12))
    #expect(GenerationName("latest") == .latest(before: 0))
    #expect(GenerationName("latest-3") == .latest(before: 3))
    #expect(GenerationName("2026-11-20 14:00Z") == .time(Timestamp(seconds: 1_795_183_200)))
    #expect(GenerationName("2026-11-20T14:00:30Z") == .time(Timestamp(seconds: 1_795_183_230)))
    #expect(try GenerationName("before-upgrade") == .snapshot(snapshotName("before-upgrade")))
    for text in [
      "", "-1", "latest-", "latest-x", "2026-13-01", "2026-02-30 10:00", "14:00", "2026-11-20 25:00", "before upgrade",
    ] {
      #expect(GenerationName(text) == nil, "\(text)")
    }
  }

  @Test("an unknown generation is a wrong command line")
  func unknown() throws {
    let (slave, _) = try filledSlave()
    for name in ["2", "latest-1", "1999-01-01", "nonsense"] {
      #expect(kind { _ = try slave.pin(name) } == .usage, "\(name)")
    }
    #expect(try slave.pin("1").generation.number == 1)
    #expect(try slave.pin("2100-01-01").generation.number == 1)
  }
}
