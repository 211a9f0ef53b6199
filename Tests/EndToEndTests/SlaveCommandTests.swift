import HotsyncSystem
import TestSupport
import Testing

/// The slave's commands on a store that real cycles filled.
@Suite struct SlaveCommandTests {
  @Test("restore brings back the newest generation as the master had it at the time")
  func restore() throws {
    let seed = SeededGenerator.testSeed()
    let pair = try Pair()
    try TreeMaker.make(in: pair.data.path, seed: seed, files: 150)
    var script = EditScript(seed: seed &+ 1)
    for round in 1...3 {
      let cycle = try pair.sync("--accept-deletes")
      #expect(cycle.code == 0 && cycle.generation == round, "seed \(seed): \(cycle)")
      let copy = pair.scratch.path("copy\(round)")
      try Pair.shell("cp -a \"$0\" \"$1\"", pair.data.path, copy)
      try script.apply(40, to: pair.data.path)
      let target = pair.scratch.path("restored \(round)")
      let result = try pair.hotsyncSlave(
        "restore", "--to", target, "--generation", ["latest", "2", "latest"][round - 1])
      #expect(result.exitCode == 0, "seed \(seed): \(result)")
      let differences = try TreeSnapshot(of: copy).differences(to: TreeSnapshot(of: "\(target)/srv/data"))
      #expect(differences == [], "seed \(seed), generation \(round)")
      #expect(try rsyncDifference(copy, "\(target)/srv/data") == "", "seed \(seed)")
    }
  }

  @Test("restore of one path brings it alone, and nothing that is there is overwritten without --force")
  func restoreOne() throws {
    let pair = try Pair()
    try pair.data.write("wanted", to: "folder/wanted.txt")
    #expect(try pair.sync().code == 0)
    let target = Place(path: pair.scratch.path("target"))
    #expect(try pair.hotsyncSlave("restore", "/srv/data/folder", "--to", target.path).exitCode == 0)
    #expect(try target.read("srv/data/folder/wanted.txt") == "wanted")
    #expect(try !target.holds("srv/data/first.txt"))
    try target.write("mine", to: "srv/data/folder/wanted.txt")
    expectThreeParts(
      try pair.hotsyncSlave("restore", "/srv/data/folder", "--to", target.path), code: 73, ["wanted.txt", "--force"])
    #expect(try target.read("srv/data/folder/wanted.txt") == "mine")
    #expect(try pair.hotsyncSlave("restore", "/srv/data/folder", "--to", target.path, "--force").exitCode == 0)
    #expect(try target.read("srv/data/folder/wanted.txt") == "wanted")
  }

  @Test(
    "a generation or path that is not there is 64 and nothing is made",
    arguments: [["--generation", "99"], ["/srv/no"]])
  func unknown(_ words: [String]) throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let result = try RunningProgram.run(
      "hotsync-slave", ["restore"] + words + ["--to", pair.scratch.path("target"), "--root", pair.slave.path])
    expectThreeParts(result, code: 64, [])
  }

  @Test("generations lists them newest first, in the contract's form")
  func generations() throws {
    let pair = try Pair()
    #expect(try Document(pair.hotsyncSlave("generations", "--json").outputText)["generations"] == .array([]))
    #expect(try pair.sync().code == 0)
    try pair.data.write("more", to: "more.txt")
    #expect(try pair.sync().code == 0)
    let items = try Document(pair.hotsyncSlave("generations", "--json").outputText)["generations"].items
    #expect(items.first?["generation"].integer == 2)
    let fields = ["connection", "generation", "time", "epoch", "files", "bytes", "kept_by", "verified"]
    for item in items { #expect(item.names.filter(fields.contains) == fields, "\(item)") }
    #expect(items.first?["files"].integer == 2 && items.first?["bytes"].integer == 19)
  }

  @Test("status tells the last sync, and null what is not known yet")
  func status() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let document = try Document(pair.hotsyncSlave("status", "--json").outputText)
    let connection = document["connections"][0]
    #expect(document["role"] == .string("slave"))
    #expect(
      Array(connection.names.prefix(6))
        == ["connection", "epoch", "fenced", "last_sync", "last_maintenance", "readiness"])
    #expect(connection["last_sync"].names == ["generation", "time", "age"])
    #expect(connection["last_sync"]["generation"].integer == 1)
    #expect(connection["readiness"].names == ["ready", "blockers", "estimated_seconds"])
  }

  @Test("verify finds a byte that was altered in the mirror, with 65, and names the file")
  func verify() throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let sound = try Document(pair.hotsyncSlave("verify", "--full", "--json").outputText)
    #expect(sound["result"] == .string("sound") && sound["files_checked"].integer ?? 0 > 1, "\(sound)")
    let file = try pair.mirror.open("srv/data/first.txt")
    let modified = try file.status().modified
    try file.write([0x58], at: 4)
    try file.setModified(modified)
    let result = try pair.hotsyncSlave("verify", "--full", "--json")
    let document = try Document(result.outputText)
    #expect(
      result.exitCode == 65 && document.names == ["result", "files_checked", "bytes_checked", "damaged"], "\(result)")
    #expect(document["damaged"][0].names == ["path", "generation", "what"])
    #expect(document["damaged"][0]["path"] == .string("/srv/data/first.txt"))
  }

  // MARK: The agent

  /// A master's first words, byte by byte from docs/protocol.md.
  private func hello(versions: [UInt8] = [1, 1], connection: String = "standby", epoch: UInt8 = 1) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: 16)
    let words = ["0.0.9", connection].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    return SlaveWords.preamble
      + SlaveWords.frame(1, versions + words + [1, epoch] + zeros + [0] + zeros + [0, 0, 0, 0])
  }

  private func serve(_ pair: Pair, _ input: [UInt8]) throws -> RunningProgram.Result {
    try RunningProgram.run(
      "hotsync-slave", ["serve", "--connection", "standby", "--root", pair.slave.path], input: input)
  }

  @Test(
    "a master of an older or a newer protocol version is told so, with 76", arguments: [[0, 0], [2, 9]] as [[UInt8]])
  func otherVersion(_ versions: [UInt8]) throws {
    let pair = try Pair()
    #expect(try pair.sync().code == 0)
    let before = try pair.storeSnapshot()
    let result = try serve(pair, hello(versions: versions))
    #expect(result.exitCode == 76, "\(result)")
    #expect(result.outputText.contains("incompatible") && result.outputText.contains("versions \(versions[0]) to"))
    #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
  }

  @Test("a master under another connection's name is refused with 77")
  func otherConnection() throws {
    let pair = try Pair()
    let result = try serve(pair, hello(connection: "elsewhere"))
    #expect(result.exitCode == 77 && result.outputText.contains("refused"), "\(result)")
  }

  @Test("noise and cut greetings leave the store alone and end the agent", arguments: [0, 5, 8, 20, 40])
  func cutGreeting(_ length: Int) throws {
    let pair = try Pair()
    let before = try pair.storeSnapshot()
    for input in [Array(hello().prefix(length)), Array(hello().prefix(length)) + Array("noise, and more of it".utf8)] {
      let result = try serve(pair, input)
      #expect([0, 69, 76].contains(result.exitCode ?? -1), "\(result)")
    }
    #expect(before.differences(to: try pair.storeSnapshot(), .all.subtracting(.root)) == [])
    #expect(try pair.sync().code == 0)
  }
}
