import HotsyncConfig
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@testable import HotsyncSlave

/// The executable as the tests' bundle has it beside itself.
enum Executable {
  static func path() throws -> String {
    let own = try #require(Environment.executablePath)
    let folder = own.split(separator: "/").dropLast().joined(separator: "/")
    return "/" + folder + "/hotsync-slave"
  }
}

extension TestSlave {
  /// Gives the root a configuration, so that the executable serves it.
  func configure(_ text: String = "role: slave\nconnections:\n  standby:\n    master_host: 192.0.2.10\n") throws {
    var folder = try scratch.open()
    for name in ["etc", "hotsync"] {
      folder = try folder.makeOrOpenFolder(try #require(FileName(name)), permissions: 0o755)
    }
    try folder.replace(try #require(FileName("hotsync.yaml")), with: Array(text.utf8), permissions: 0o644)
  }

  /// Runs a cycle against the executable; gives the error that it met, if any.
  func cycleInChild(_ changes: Changes, on tree: Tree, environment: [String: String] = [:]) throws -> (any Error)? {
    let transport = try LocalTransport(
      program: try Executable.path(), connection: "standby", root: scratch.path, silence: .seconds(30),
      environment: environment)
    defer { transport.end() }
    do {
      var tree = tree
      try ScriptedMaster(transport).cycle(changes, on: &tree)
      return nil
    } catch { return error }
  }
}

@Suite struct CrashPointTests {
  /// A commit with one entry of each kind of change.
  private static func small() -> (Changes, Changes) {
    var first = Changes()
    first.put = [
      "d": .folder, "d/gone": .file("gone"), "f": .file("old"), "image": Entry(.file(large(1, size: 2 << 20))),
      "k": .file("kind"), "l": .file("linked"), "m": Entry(.link("f")), "t": .folder, "t/u": .file("in what turns"),
    ]
    var second = Changes()
    var image = large(1, size: 2 << 20)
    image[9_000] ^= 1
    second.put = [
      "f": .file("new"), "image": Entry(.file(image)), "k": .folder, "k/in": .folder, "k/in/side": .file("in"),
      "l": Entry(.file(Array("linked".utf8)), permissions: 0o600), "m": .folder, "m/n": .folder, "m/n/o": .file("deep"),
      "moved": .file("gone"), "t": .file("turned"), "x": Entry(.hardLink("l")),
    ]
    second.remove = ["d", "d/gone", "t/u"]
    second.patched = ["image"]
    second.moved = ["moved": "d/gone"]
    return (first, second)
  }

  @Test(
    "killed at any point of a commit, the store holds exactly the old or exactly the new generation",
    arguments: ["stage", "seal", "flush", "commit", "journal", "committed", "carry-out", "list", "listed", "tidy"])
  func killed(_ point: String) throws {
    let (first, second) = CrashPointTests.small()
    var isOver = false
    var count = 0
    while !isOver {
      count += 1
      let slave = try TestSlave(limit: .percent(100))
      try slave.configure()
      var old = Tree()
      try slave.cycle(first, on: &old)
      var new = old
      for name in second.remove { new.entries[try path(name)] = nil }
      for (name, entry) in second.put { new.entries[try path(name)] = entry }
      let error = try slave.cycleInChild(second, on: old, environment: ["HOTSYNC_KILL_AT": "\(point):\(count)"])
      isOver = error == nil
      // A point that is never met would test nothing.
      if count == 1 { #expect(!isOver, "\(point) was not met: \(String(describing: error))") }
      let wasCommitted = try slave.store().hasJournal() || slave.store().generations().newest?.number == 2
      let expected = wasCommitted ? new : old
      let pinned = try slave.pin()
      #expect(pinned.generation.number == (wasCommitted ? 2 : 1), "\(point):\(count)")
      #expect(try expected.differences(in: try slave.mirror()) == [], "\(point):\(count)")
      #expect(try Verification(pinned, share: 1, accounts: Accounts()).run().damaged == [], "\(point):\(count)")
      try slave.restore(from: pinned)
      #expect(try expected.differences(in: try slave.scratch.makeOrOpenFolder("out")) == [], "\(point):\(count)")
      if count > 200 { break }
    }
    #expect(isOver)
  }

  @Test("a roll-forward that is killed itself is gone on with")
  func killedTwice() throws {
    let (first, second) = CrashPointTests.small()
    for count in stride(from: 1, to: 40, by: 5) {
      let slave = try TestSlave(limit: .percent(100))
      try slave.configure()
      var tree = Tree()
      try slave.cycle(first, on: &tree)
      _ = try slave.cycleInChild(second, on: tree, environment: ["HOTSYNC_KILL_AT": "carry-out:20"])
      #expect(try slave.store().hasJournal())
      _ = try slave.cycleInChild(Changes(), on: tree, environment: ["HOTSYNC_KILL_AT": "carry-out:\(count)"])
      for name in second.remove { tree.entries[try path(name)] = nil }
      for (name, entry) in second.put { tree.entries[try path(name)] = entry }
      #expect(try slave.pin().generation.number == 2)
      #expect(try tree.differences(in: try slave.mirror()) == [], "\(count)")
    }
  }
}
