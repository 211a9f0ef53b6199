import HotsyncSystem
import TestSupport
import Testing

/// An include that is taken out: nothing goes without a word, and what went can be had from before.
@Suite struct RemovedIncludeTests {
  @Test("a removed include waits for --accept-deletes, is then beyond max_delete, and comes back from its generation")
  func removed() throws {
    let seed = SeededGenerator.testSeed()
    let pair = try Pair()
    try pair.master.makeFolder("srv/more")
    try TreeMaker.make(in: pair.master.below("srv/more").path, seed: seed, files: 60)
    try pair.set(ofConnection: "data.include", "[/srv/data, /srv/more]")
    try pair.set(ofConnection: "max_delete", "0")
    try #require(pair.hotsyncSlave("config", "set", "connections.standby.max_delete", "0").exitCode == 0)
    #expect(try pair.sync().generation == 1)
    let copy = pair.scratch.path("copy")
    try Pair.shell("cp -a \"$0\" \"$1\"", pair.master.below("srv/more").path, copy)

    try pair.set(ofConnection: "data.include", "[/srv/data]")
    try pair.expectRefusal(77, "srv/more", "no longer included", "hotsync sync --accept-deletes")
    #expect(try pair.mirror.holds("srv/more"))
    let cycle = try pair.sync("--accept-deletes")
    #expect(cycle.code == 0 && cycle.generation == 2 && cycle.files("deleted") ?? 0 > 60, "seed \(seed): \(cycle)")
    #expect(try !pair.mirror.holds("srv/more") && pair.master.holds("srv/more"))

    // Confirmed once is confirmed; max_delete holds again for all else.
    #expect(try pair.sync().result == "unchanged")
    try pair.data.write("new", to: "new.txt")
    #expect(try pair.sync().generation == 3)
    try pair.data.remove("new.txt")
    #expect(try pair.sync().code == 77)

    let target = pair.scratch.path("restored")
    let result = try pair.hotsyncSlave("restore", "/srv/more", "--to", target, "--generation", "1")
    #expect(result.exitCode == 0, "seed \(seed): \(result)")
    let differences = try TreeSnapshot(of: copy).differences(to: TreeSnapshot(of: "\(target)/srv/more"))
    #expect(differences == [], "seed \(seed)")
    let missing = try pair.hotsyncSlave("restore", "/srv/more", "--to", "\(target) 2")
    #expect(missing.exitCode == 64, "\(missing)")
  }
}
