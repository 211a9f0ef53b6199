import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// Seeds that cannot be, and what is told of those that are not whole.
@Suite struct SeedRefusalTests {
  /// Refused with these words, and the store as it was.
  private func expectRefusal(
    _ pair: Pair, from folder: String, _ code: Int32, _ words: String..., options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try pair.storeSnapshot()
    let result = try pair.start(
      "hotsync-slave", ["seed", "--from", folder] + options, root: pair.slave, environment: [:]
    )
    .wait()
    expectThreeParts(result, code: code, words, sourceLocation: sourceLocation)
    let changes = before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root))
    #expect(changes == [], sourceLocation: sourceLocation)
  }

  @Test(
    "a folder that is missing, a file, an empty one, one with nothing to send: told in three parts",
    arguments: [[], ["--dry-run"]])
  func badFolders(_ options: [String]) throws {
    let pair = try Pair()
    let place = Place(path: try pair.scratch.makeFolder("bad"))
    try place.write("a file", to: "file")
    try place.makeFolder("empty")
    try place.makeFolder("odd")
    try expectRefusal(pair, from: "\(place.path)/missing", 64, "missing", "--from DIR", options: options)
    try expectRefusal(pair, from: "\(place.path)/file", 64, "file", "--from DIR", options: options)
    try expectRefusal(pair, from: "\(place.path)/empty", 77, "empty", "mount", options: options)
    try Pair.shell(
      "mknod \"$0/odd/socket\" p; rm \"$0/odd/socket\"; python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$0/odd/socket\"",
      place.path)
    try expectRefusal(pair, from: "\(place.path)/odd", 77, "nothing that a master would send", options: options)
  }

  @Test("the store itself, what lies in it, and what holds it are no seed")
  func theStore() throws {
    let pair = try Pair()
    try expectRefusal(pair, from: pair.store.path, 77, "is the store itself", "--from DIR")
    try expectRefusal(pair, from: pair.mirror.path, 77, "lies in it")
    try expectRefusal(pair, from: pair.slave.path, 77, "a part of itself")
    try expectRefusal(pair, from: "/", 77, "a part of itself")
    try Pair.shell("ln -s \"$0\" \"$1\"", pair.mirror.path, pair.scratch.path("around"))
    try expectRefusal(pair, from: pair.scratch.path("around"), 77, "lies in it")
  }

  @Test("a folder that cannot be read is told as such", .enabled(if: Environment.isRoot))
  func unreadable() throws {
    let place = try SeededPair(unprivileged: true)
    try place.disk.write("closed", to: "srv/closed", permissions: 0)
    try place.disk.write("open", to: "srv/open")
    let result = try place.seed("--json")
    let document = try Document(result.outputText)
    #expect(result.exitCode == 3 && document["problems"][0]["path"].text == "/srv/closed", "\(result)")
    #expect(try place.pair.mirror.holds("srv/open") && !place.pair.mirror.holds("srv/closed"))
    let other = try SeededPair(unprivileged: true)
    try other.disk.write("closed", to: "srv/closed")
    try Pair.shell("chmod 700 \"$0\"", other.disk.path)
    try expectRefusal(other.pair, from: other.disk.path, 1, "--from DIR")
  }

  @Test("a store that is not there is 73, and none is made")
  func noStore() throws {
    let place = try SeededPair()
    try place.copy()
    try place.pair.slave.remove("var/lib/hotsync")
    expectThreeParts(try place.seed(), code: 73, ["hotsync-slave apply"])
    #expect(try !place.pair.slave.holds("var/lib/hotsync"))
  }

  @Test("a second seed is refused with 77, and so is one after a cycle")
  func second() throws {
    let place = try SeededPair()
    try place.copy()
    #expect(try place.seed().exitCode == 0)
    try expectRefusal(place.pair, from: place.disk.path, 77, "seeded already", "hotsync sync")
    try place.pair.data.write("more", to: "more.txt")
    #expect(try place.pair.sync().generation == 2)
    try expectRefusal(place.pair, from: place.disk.path, 77, "generation 2", "hotsync sync")
    try expectRefusal(place.pair, from: place.disk.path, 77, "generation 2", options: ["--dry-run"])
  }

  @Test(
    "while a cycle is under way a seed is 75, and the cycle comes to its end",
    .enabled(if: TestedTransport.chosen == .local))
  func busy() throws {
    let place = try SeededPair()
    try place.copy()
    let cycle = try place.pair.sync(stoppedAt: "push:1") {
      expectThreeParts(try place.seed(), code: 75, ["another cycle is under way"])
    }
    #expect(cycle.code == 0 && cycle.generation == 1, "\(cycle)")
  }

  @Test("what goes or changes while it is read is told with 3, and the rest is a seed")
  func changing() throws {
    let place = try SeededPair()
    try place.copy()
    try place.disk.write("it goes", to: "srv/data/gone.txt")
    try place.disk.makeSymbolicLink("srv/data/out", to: "/etc/passwd")
    let program = try place.start(["--json"], environment: ["HOTSYNC_STOP_AT": "push:1"])
    #expect(try program.wait(until: { try Pair.isStopped(program.processID) }))
    try place.disk.remove("srv/data/gone.txt")
    program.kill(18)
    let result = try program.wait()
    let document = try Document(result.outputText)
    #expect(result.exitCode == 3 && document["generation"].integer == 1, "\(result)")
    #expect(document["problems"].items.map { $0["code"].text } == ["vanished"])
    #expect(document["problems"][0]["next_step"].text?.contains("first cycle") == true)
    #expect(try place.differences() == [])
    #expect(try place.pair.mirror.status("srv/data/out").kind == .symbolicLink)
  }
}
