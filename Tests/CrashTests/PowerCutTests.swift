import Glibc
import HotsyncSystem
import TestSupport
import Testing

/// The slave's power fails in the middle of a commit. What the file system had not been told to flush is gone.
@Suite struct PowerCutTests {
  private static let rounds = KillSweepTests.isFull ? 20 : 6

  /// A moment of a commit.
  private struct Moment: CustomStringConvertible {
    let point: String
    let pass: Int
    /// How long the agent works on from there, in microseconds; nil: the power fails just there.
    let pause: Int?
    let keepsLog: Bool
    let side: Ordeal.Side

    init(_ random: inout SeededGenerator, _ round: Int) {
      let points: [(String, Int, Ordeal.Side)] = [
        ("journal", 1, .old), ("committed", 1, .new), ("carry-out", 80, .new), ("list", 1, .new), ("listed", 1, .new),
        ("tidy", 1, .new),
      ]
      let chosen = points[round % points.count]
      point = chosen.0
      pass = random.number(1...chosen.1)
      keepsLog = random.number(0...1) == 1
      pause = random.number(0...1) == 1 ? random.number(0...40_000) : nil
      side = pause != nil && chosen.2 == .old ? .either : chosen.2
    }

    var description: String {
      "\(point):\(pass)\(pause.map { " and \($0) µs" } ?? "")\(keepsLog ? ", its log kept" : "")"
    }
  }

  @Test(
    "a power cut in the middle of a commit leaves exactly the old or exactly the new generation, and all older ones")
  func isCut() throws {
    guard Environment.isRoot, let disk = try SmallDisk(megabytes: 256, in: ScratchFolder.memory) else { return }
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let ordeal = try Ordeal(seed: random.seed, pair: try Pair("power", slaveRoot: disk.place))
    var kept: [Substring: TreeSnapshot] = [:]
    var moments: [String] = []
    for round in 0..<PowerCutTests.rounds {
      if let newest = try generations(ordeal.pair.store).last { kept[newest] = try ordeal.pair.masterTree() }
      let moment = Moment(&random, round)
      let note = "power cut \(round) at \(moment)"
      try ordeal.round(note) { pair in
        try cut(moment, disk, pair, ordeal)
        moments.append("\(moment)")
        try checkOlder(pair, kept, note, ordeal)
        return moment.side
      }
    }
    print("power cuts: \(moments.count) of \(PowerCutTests.rounds) as they must be: \(moments)")
    #expect(moments.count == PowerCutTests.rounds)
  }

  private func cut(_ moment: Moment, _ disk: SmallDisk, _ pair: Pair, _ ordeal: Ordeal) throws {
    let program = try pair.start(["HOTSYNC_AGENT_STOP_AT": "\(moment.point):\(moment.pass)"])
    guard let agent = try stoppedAgent(of: program, pair) else {
      throw ordeal.failure("power cut at \(moment)", "nothing stopped: \(try program.wait())")
    }
    if let pause = moment.pause {
      kill(agent, SIGCONT)
      usleep(UInt32(pause))
    }
    try disk.cutPower(keepsLog: moment.keepsLog)
    kill(agent, SIGKILL)
    let cycle = Cycle(try program.wait())
    guard honestCodes.contains(cycle.exitCode ?? -1) else { throw ordeal.failure("power cut", "\(cycle.run)") }
    try disk.comeBack()
  }

  /// The numbers in the store's list, oldest first.
  private func generations(_ store: String) throws -> [Substring] {
    let bytes = try Descriptor.open("\(store)/generations", .reading).readAll(limit: 1 << 20) ?? []
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropLast()
    return lines.compactMap { $0.split(separator: " ").first }
  }

  /// Restores what was kept from the store as the cut left it.
  private func checkOlder(_ pair: Pair, _ kept: [Substring: TreeSnapshot], _ note: String, _ ordeal: Ordeal) throws {
    let copy = try pair.reopenedCopy().scratch
    for number in try generations(copy.path(Pair.storePath)) {
      guard let expected = kept[number] else { continue }
      let place = "\(copy.path)/restored-\(number)"
      let result = try RunningProgram.run(
        "hotsync-slave", ["restore", "--root", copy.path, "--to", place, "--generation", String(number)])
      guard result.exitCode == 0 else { throw ordeal.failure(note, "generation \(number): \(result)") }
      let differences = try TreeSnapshot(of: "\(place)/srv/data").differences(
        to: expected, .all.subtracting([.space, .root]))
      guard differences.isEmpty else { throw ordeal.failure(note, "generation \(number): \(differences)") }
    }
  }
}
