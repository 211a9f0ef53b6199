import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

@Suite("The versions of a path") struct PathHistoryTests {
  private let slave: TestSlave
  private var tree = Tree()

  init() throws { slave = try TestSlave() }

  private mutating func put(_ entries: [String: Entry], remove: [String] = []) throws {
    try slave.cycle(Changes(put: entries, remove: remove), on: &tree)
  }

  private func versions(_ name: String) throws -> [PathVersion] {
    var history = PathHistory(try slave.pin())
    return try history.versions(of: try path(name))
  }

  private func told(_ name: String) throws -> [String] {
    try versions(name).map { version in
      "\(version.generation) \(version.kind) \(version.size.map(String.init) ?? "-") "
        + (version.mode.map { String($0, radix: 8) } ?? "-")
    }
  }

  @Test("newest first, each from the oldest generation that has it; other files' generations do not count")
  mutating func content() throws {
    try put(["srv": .folder, "srv/a": .file("one"), "srv/b": .file("x")])
    try put(["srv/b": .file("y")])
    try put(["srv/a": .file("three")])
    try put(["srv/b": .file("z")])
    var closed = Entry.file("three")
    closed.permissions = 0o600
    try put(["srv/a": closed])
    #expect(try told("srv/a") == ["5 file 5 600", "3 file 5 640", "1 file 3 640"])
    #expect(try told("srv/b") == ["4 file 1 640", "2 file 1 640", "1 file 1 640"])
    #expect(try told("srv") == ["1 folder - 755"])
    let generations = try slave.store().generations().all
    let versions = try versions("srv/a")
    #expect(versions.map(\.time) == [generations[4], generations[2], generations[0]].map(\.time))
    #expect(versions[0].digest == versions[1].digest && versions[0].digest != versions[2].digest)
    #expect(versions[0].digest?.count == 16)
  }

  @Test("deleted and come back: both show, and what was before it came does not")
  mutating func deletion() throws {
    try put(["srv": .folder])
    try put(["srv/a": .file("one")])
    try put([:], remove: ["srv/a"])
    try put(["srv/b": .file("one")])
    try put(["srv/a": .file("one")])
    try put([:], remove: ["srv/a", "srv/b", "srv"])
    #expect(try told("srv/a") == ["6 deleted - -", "5 file 3 640", "3 deleted - -", "2 file 3 640"])
    #expect(try told("srv") == ["6 deleted - -", "1 folder - 755"])
  }

  @Test("a change of kind is a version, a later time of modification alone is none")
  mutating func kinds() throws {
    try put(["a": .file("one")])
    try put(["a": Entry(.file(Array("one".utf8)), modified: 1_800_000_000)])
    try put(["a": Entry(.link("/etc"))])
    try put(["a": Entry(.link("/srv"))])
    try put(["a": .folder])
    #expect(try told("a") == ["5 folder - 755", "4 link - -", "3 link - -", "1 file 3 640"])
  }

  @Test("a further name of a file has that file's versions")
  mutating func hardLinks() throws {
    try put(["a": .file("one"), "b": Entry(.hardLink("a")), "c": .file("one")])
    try put(["a": .file("three"), "b": Entry(.hardLink("a"))])
    // From a link to a file of its own with the same content.
    try put(["b": .file("three")])
    #expect(try told("b") == ["2 file 5 640", "1 file 3 640"])
    #expect(try told("c") == ["1 file 3 640"])
  }

  @Test("a catalog of folded segments tells the same as one of many")
  mutating func folded() throws {
    try put(["srv": .folder, "srv/a": .file("0")])
    for round in 1...40 { try put(["srv/b\(round)": .file("\(round)"), "srv/c": .file("\(round / 10)")]) }
    #expect(try told("srv/c").count == 5)
    #expect(try told("srv/b20") == ["21 file 2 640"])
    #expect(try told("srv/a") == ["1 file 1 640"])
  }

  @Test("after a prune the versions of what is left, with the times of what is left")
  mutating func pruned() throws {
    for content in ["1", "22", "22", "4444"] { try put(["a": .file(content), "b": .file(content + "b")]) }
    try put([:], remove: ["b"])
    // A slot of a hundred years, so that its first generation and the newest stay whenever this runs.
    let schedule = try RetentionSchedule("36500d/36500d")
    _ = try slave.store().pin(try #require(SnapshotName("three")), generation: 3, now: Clocks.system.now())
    let pruner = try Pruner(
      slave.store(), schedule: schedule, keepWithin: .zero, maxSize: nil, isDisabled: false, accounts: Accounts())
    _ = try pruner.runWhole(accepts: true)
    #expect(try slave.store().generations().all.map(\.number) == [1, 3, 5])
    #expect(try told("a") == ["5 file 4 640", "3 file 2 640", "1 file 1 640"])
    #expect(try told("b") == ["5 deleted - -", "3 file 3 640", "1 file 2 640"])
  }

  @Test("a path that was never there is refused with the nearest one")
  mutating func unknown() throws {
    try put(["srv": .folder, "srv/report": .file("one")])
    let error = try #require(throws: StoreError.self) { try versions("srv/raport") }
    #expect(error.kind == .usage)
    #expect(error.nextStep == "the nearest that the newest holds: /srv/report")
  }

  @Test("the executable lists them, and refuses what is no path with 64")
  mutating func executable() throws {
    try slave.configure()
    try put(["srv": .folder, "srv/odd \n": .file("one")])
    try put(["srv/odd \n": .file("three")])
    func run(_ arguments: String...) throws -> RunningProgram.Result {
      try RunningProgram.run(try Executable.path(), ["history"] + arguments + ["--root", slave.scratch.path])
    }
    let shown = try run("/srv/odd \\x0a")
    #expect(shown.exitCode == 0)
    #expect(shown.outputText.split(separator: "\n").count == 4)
    let document = try run("/srv/odd \\x0a", "--json", "--connection", "standby").outputText
    #expect(document.hasPrefix("{\"versions\": [{\"generation\": 2, \"time\": \"20"))
    #expect(document.contains("\"kind\": \"file\", \"size\": 3, \"mode\": \"0640\", \"digest\": \""))
    for wrong in ["/srv/nothing", "/", "srv", "/srv/../x", ""] { #expect(try run(wrong).exitCode == 64, "\(wrong)") }
    #expect(try run("/srv", "--connection", "other").exitCode == 64)
  }
}
