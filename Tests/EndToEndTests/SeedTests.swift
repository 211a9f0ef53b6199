import HotsyncSystem
import TestSupport
import Testing

/// `hotsync-slave seed`: an old copy becomes the base of the first cycle.
@Suite struct SeedTests {
  // MARK: What a seed is

  @Test("a seed holds all that the folder does, file by file, and the folder stays as it was")
  func whole() throws {
    let seed = SeededGenerator.testSeed()
    let place = try SeededPair(seed: seed)
    try place.copy()
    try Pair.shell(
      "truncate -s 3M \"$0/holes\"; printf x >>\"$0/holes\"; ln \"$0/holes\" \"$0/../link\"",
      "\(place.disk.path)/srv/data")
    if Environment.isRoot {
      try Pair.shell(
        "mkfifo \"$0/fifo\"; mknod \"$0/device\" c 1 3; setfattr -n trusted.x -v y \"$0/holes\"",
        "\(place.disk.path)/srv/data")
      let keys = ["connections.standby.data.devices", "connections.standby.data.trusted_xattrs"]
      for key in keys { try #require(place.pair.hotsyncSlave("config", "set", key, "true").exitCode == 0) }
    }
    let before = try place.disk.snapshot()
    let result = try place.seed("--json")
    let document = try Document(result.outputText)
    #expect(result.exitCode == 0 && document["generation"].integer == 1, "seed \(seed): \(result)")
    #expect(document["roots"].items.map { $0["path"].text } == ["/srv"])
    #expect(try place.differences() == [], "seed \(seed)")
    #expect(before.differences(to: try place.disk.snapshot()) == [], "seed \(seed)")
    #expect(try place.pair.hotsyncSlave("verify", "--full").exitCode == 0)
    let target = place.pair.scratch.path("restored")
    #expect(try place.pair.hotsyncSlave("restore", "--to", target).exitCode == 0)
    #expect(before.differences(to: try TreeSnapshot(of: target), .all.subtracting(.root)) == [], "seed \(seed)")
  }

  @Test("where the file system can clone, content lies on the disk once", arguments: LoopImage.Kind.possible)
  func cloned(_ kind: LoopImage.Kind) throws {
    let place = try SeededPair(seed: SeededGenerator.testSeed(), files: 60, on: try LoopImage(kind))
    var random = SeededGenerator(seed: 1)
    for number in 0..<8 { try place.pair.data.write(random.bytes(4 << 20), to: "large\(number)") }
    try Pair.shell("truncate -s 40M \"$0/holes\"", place.pair.data.path)
    try place.copy()
    try Pair.shell("sync -f \"$0\"", place.disk.path)
    let store = try Folder.open(place.pair.store.path)
    let free = try store.descriptor.freeSpace().freeBytes
    let result = try place.seed("--json")
    let bytes = try Document(result.outputText)["bytes"]
    try Pair.shell("sync -f \"$0\"", place.disk.path)
    let used = free - min(free, try store.descriptor.freeSpace().freeBytes)
    #expect(result.exitCode == 0, "\(result)")
    #expect(try place.differences() == [])
    #expect(try place.pair.hotsyncSlave("verify", "--full").exitCode == 0)
    let clones = kind == .ext4 ? 0 : 72 << 20
    #expect(bytes["cloned"].integer ?? -1 >= clones && (kind != .ext4 || bytes["cloned"].integer == 0), "\(bytes)")
    #expect(kind == .ext4 || used < 16 << 20, "\(used) bytes for \(bytes)")
    // What was cloned is a copy: the folder may change.
    try place.disk.write("another", to: "srv/data/large0")
    #expect(try place.pair.mirror.status("srv/data/large0").size == 4 << 20)
  }

  @Test("status and generations tell that it is a seed, and that no cycle has come")
  func told() throws {
    let place = try SeededPair()
    try place.copy()
    let result = try place.seed()
    #expect(result.exitCode == 0 && result.outputText.contains("hotsync sync"), "\(result)")
    #expect(try place.generations().map { $0["from"].text } == ["seed"])
    #expect(try place.pair.hotsyncSlave("generations").outputText.contains("(a seed)"))
    let status = try place.status()
    #expect(status["last_sync"] == .null && status["store"]["is_seed"] == .bool(true), "\(status)")
    #expect(status["readiness"]["ready"] == .bool(false) && status["readiness"]["blockers"][0]["code"].text == "seed")
    let nagios = try place.pair.hotsyncSlave("status", "--nagios")
    #expect(nagios.exitCode == 2 && nagios.outputText.contains("not ready: the store holds a seed"), "\(nagios)")
  }

  @Test("a dry run says what it would take, and writes nothing")
  func dryRun() throws {
    let place = try SeededPair()
    try place.copy()
    let before = try place.pair.store.snapshot()
    let result = try place.seed("--dry-run", "--json")
    let document = try Document(result.outputText)
    #expect(
      result.exitCode == 0 && document["files"]["total"].integer == 1 && document["generation"] == .null, "\(result)")
    #expect(before.differences(to: try place.pair.store.snapshot()) == [])
  }

  // MARK: The first cycle

  @Test("the first cycle of a master without memory needs no word and sends only what differs")
  func firstCycle() throws {
    let seed = SeededGenerator.testSeed()
    let place = try SeededPair(seed: seed, files: 200)
    let pair = place.pair
    var random = SeededGenerator(seed: seed)
    for number in 0..<4 { try pair.data.write(random.bytes(1 << 20), to: "large\(number)") }
    try place.copy()
    #expect(try place.seed().exitCode == 0)
    try pair.data.append(Array("more".utf8), to: "large0")
    try pair.data.write("new since then", to: "new.txt")
    try pair.data.remove("large1")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed" && cycle.generation == 2, "seed \(seed): \(cycle)")
    #expect(try pair.differences() == [], "seed \(seed)")
    let total = try #require(cycle.bytes("total"))
    // All but the end of one file, the new file, and what the wire carries of each entry.
    #expect(try #require(cycle.bytes("literal")) < 20_000 && cycle.bytes("wire_sent")! < total / 20, "\(cycle)")
    #expect(cycle.files("deleted") == 1 && cycle.files("created") == 1, "\(cycle)")
    #expect(try place.status()["last_sync"]["generation"].integer == 2)
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("what the seed has beyond the includes goes with the first cycle, whatever max_delete says, and is counted")
  func more() throws {
    let place = try SeededPair()
    let pair = place.pair
    try place.copy()
    for number in 0..<40 { try place.disk.write("private \(number)", to: "other/file\(number)") }
    try pair.set(ofConnection: "max_delete", "1%")
    try #require(
      pair.hotsyncSlave("config", "set", "connections.standby.max_delete", "1%").exitCode == 0)
    #expect(try place.seed().exitCode == 0)
    let look = try pair.sync("--dry-run")
    #expect(look.code == 0, "\(look)")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.files("deleted") == 41, "\(cycle)")
    let told = cycle.problems.first { $0["code"].text == "seed_replaced" }
    #expect(told?["message"].text?.contains("seed of 44 entries; 41 of them") == true, "\(cycle)")
    #expect(try pair.differences() == [] && !pair.mirror.holds("other") && place.disk.holds("other/file1"))
    // From then on the limit counts.
    for number in 0..<40 { try pair.data.write("mine \(number)", to: "file\(number)") }
    #expect(try pair.sync().code == 0)
    for number in 0..<40 { try pair.data.remove("file\(number)") }
    #expect(try pair.sync().code == 77)
  }

  @Test("where nothing differs, the seed is followed by the master's facts alone, and a lost memory counts again")
  func same() throws {
    let place = try SeededPair()
    let pair = place.pair
    try place.copy()
    #expect(try place.seed().exitCode == 0)
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.generation == 2 && cycle.bytes("changed") == 0, "\(cycle)")
    #expect(["created", "changed", "deleted", "metadata"].allSatisfy { cycle.files($0) == 0 }, "\(cycle)")
    #expect(try place.generations().first?["from"].text == "master")
    let status = try place.status()
    #expect(status["last_sync"]["generation"].integer == 2 && status["store"]["is_seed"] == .bool(false), "\(status)")
    try pair.master.remove("var/lib/hotsync-state")
    try pair.data.write("later", to: "later.txt")
    try pair.expectRefusal(77, "generation 2", "hotsync sync --adopt")
  }

  @Test("a first cycle that broke off goes on as a first cycle")
  func brokenFirstCycle() throws {
    let place = try SeededPair()
    let pair = place.pair
    try place.copy()
    for number in 0..<40 { try place.disk.write("private \(number)", to: "other/file\(number)") }
    #expect(try place.seed().exitCode == 0)
    let broken = try pair.start("sync", environment: ["HOTSYNC_KILL_AT": "before-commit:1"]).wait()
    #expect(broken.ending == .killed(signal: 9), "\(broken)")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.generation == 2, "\(cycle)")
    #expect(try pair.differences() == [])
  }

  @Test("a prune drops the seed once it is not the newest, verified or not; a snapshot of it stays")
  func pruned() throws {
    let place = try SeededPair()
    let pair = place.pair
    try place.copy()
    #expect(try place.seed().exitCode == 0)
    #expect(try pair.hotsyncSlave("verify", "--full").exitCode == 0)
    #expect(try pair.hotsyncSlave("prune").exitCode == 0)
    #expect(try place.generations().count == 1)
    try pair.data.write("changed", to: "first.txt")
    #expect(try pair.sync().generation == 2)
    #expect(try pair.hotsyncSlave("snapshot", "pin", "disk", "--generation", "1").exitCode == 0)
    #expect(try pair.hotsyncSlave("prune").exitCode == 0)
    #expect(try place.generations().map { $0["generation"].integer } == [2, 1])
    let target = Place(path: pair.scratch.path("restored"))
    #expect(try pair.hotsyncSlave("restore", "--to", target.path, "--generation", "1").exitCode == 0)
    #expect(try target.read("srv/data/first.txt") == "the first file\n")
    #expect(try pair.hotsyncSlave("snapshot", "unpin", "disk").exitCode == 0)
    #expect(try pair.hotsyncSlave("prune").exitCode == 0)
    #expect(try place.generations().map { $0["generation"].integer } == [2])
  }
}
