import HotsyncSystem
import TestSupport
import Testing

/// What a broken cycle has staged is not sent again.
@Suite struct ResumeTests {
  private func pair(_ files: [(String, Int)], seed: UInt64) throws -> Pair {
    let pair = try Pair()
    try pair.scratch.write([1], to: "master/srv/data/first")
    try pair.syncWell("committed")
    var random = SeededGenerator(seed: seed)
    for (name, size) in files { try pair.scratch.write(random.bytes(size), to: "master/srv/data/\(name)") }
    return pair
  }

  private func resume(_ pair: Pair, _ variables: [String: String]) throws -> Int {
    let broken = try pair.sync(variables)
    #expect(broken.exitCode != 0, "\(broken.run)")
    try pair.waitForAgent()
    let cycle = try pair.syncWell("committed")
    #expect(try pair.differences() == [])
    return cycle.wireSent ?? .max
  }

  @Test("small files that are staged are not sent again")
  func smallFiles() throws {
    let pair = try pair((0..<300).map { ("file-\($0)", 20_000) }, seed: 1)
    let sent = try resume(pair, ["HOTSYNC_KILL_AT": "push:250"])
    // A client within the process takes with it what it had not sent yet.
    #expect(sent < (TestedTransport.chosen == .ssh ? 5_900_000 : 2_500_000), "\(sent) of 6,000,000 bytes")
  }

  @Test("after the agent's end in the middle, what it had staged is not sent again")
  func agentEnds() throws {
    let pair = try pair((0..<300).map { ("file-\($0)", 20_000) }, seed: 2)
    let sent = try resume(pair, ["HOTSYNC_AGENT_KILL_AT": "stage:200"])
    #expect(sent < 2_500_000, "\(sent) of 6,000,000 bytes")
  }

  @Test(
    "a large new file is gone on with in its middle",
    arguments: [("HOTSYNC_KILL_AT", "push-large"), ("HOTSYNC_AGENT_KILL_AT", "stage")])
  func largeFile(_ program: String, _ point: String) throws {
    let pair = try pair([("large", 64 << 20)], seed: 3)
    let sent = try resume(pair, [program: "\(point):\(wholeChunks(in: 50 << 20))"])
    #expect(sent < 24 << 20, "\(sent) of \(64 << 20) bytes")
  }

  @Test("what is staged of a file that changed meanwhile is dropped")
  func changedMeanwhile() throws {
    let pair = try pair([("large", 16 << 20)], seed: 4)
    #expect(try pair.sync(["HOTSYNC_KILL_AT": "push-large:\(wholeChunks(in: 10 << 20))"]).wasKilled)
    try pair.waitForAgent()
    try Descriptor.open("\(pair.data)/large", .readingAndWriting).write([1, 2, 3], at: 100)
    let cycle = try pair.syncWell("committed")
    #expect(cycle.wireSent ?? 0 > 16 << 20)
    #expect(try pair.differences() == [])
    #expect(try Folder.open("\(pair.store)/incoming").names().isEmpty)
  }
}
