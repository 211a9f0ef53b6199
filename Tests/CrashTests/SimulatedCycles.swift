import Glibc
import HotsyncSystem
import TestSupport

/// Cycles, those that come to a bad end among them, and prunes.
extension Simulation {
  // MARK: Cycles

  /// A cycle that must go well.
  func cycle() throws {
    let tree = try pair.masterTree()
    let name = random.chance(80) ? "sync\(random.number(1...9))" : nil
    let wanted = name.flatMap { past.snapshots[$0] == nil ? $0 : nil }
    let cycle = try pair.sync(options: wanted.map { ["--snapshot", $0] } ?? [])
    guard cycle.exitCode == 0, cycle.result == "committed" || cycle.result == "unchanged" else {
      throw SupportError("a cycle that nothing disturbed: \(cycle.run)")
    }
    guard !isInStep || cycle.result == "unchanged" else { throw SupportError("nothing changed: \(cycle.run)") }
    let newest = try listed().last?.number ?? 0
    guard newest == past.newest + (cycle.result == "committed" ? 1 : 0) else {
      throw SupportError("after \(past.newest) it is generation \(newest): \(cycle.run)")
    }
    if newest > past.newest { past.add(tree) }
    if let wanted { past.snapshots[wanted] = newest }
    try compareMirror(tree)
    usualCycle = cycle.run.elapsed
    isInStep = true
  }

  /// A cycle that is killed or cut, or meets a fault, and may go well all the same.
  func breakCycle() throws {
    let tree = try pair.masterTree()
    isInStep = false
    let cycle = random.chance(200) ? try cutCycle() : try pair.sync(cycleDisaster())
    try pair.waitForAgent()
    guard cycle.wasKilled || honestCodes.contains(cycle.exitCode ?? -1) else {
      throw SupportError("a disturbed cycle: \(cycle.run)")
    }
    let newest = try listed().last?.number ?? 0
    // What waits in the journal is done all the same; it may be what an earlier cycle left there.
    let isPending = try journaled() > newest
    note("  \(cycle.run.ending), generation \(newest)\(isPending ? ", and one that waits" : "")")
    let reached = isPending ? newest + 1 : newest
    guard reached == past.newest || reached == past.newest + 1 else {
      throw SupportError("after \(past.newest) it is generation \(reached): \(cycle.run)")
    }
    guard reached > past.newest else {
      if cycle.exitCode == 0 { try compareMirror(tree) }
      return
    }
    // What could not be read was left out, and said.
    past.add(cycle.exitCode == 3 && !isPending ? try pair.mirrorTree() : tree)
    if !isPending { try compareMirror(past.copies[newest] ?? tree) }
  }

  private func compareMirror(_ tree: TreeSnapshot) throws {
    let differences = tree.differences(to: try pair.mirrorTree())
    guard differences.isEmpty else { throw SupportError("the mirror is another tree: \(differences)") }
  }

  private func cutCycle() throws -> Cycle {
    let program = try pair.start()
    let pause = usualCycle * Double(random.number(0...120)) / 100
    let isAgents = random.chance(700)
    note("  \(isAgents ? "the agent" : "hotsync") killed after \(pause)")
    usleep(UInt32(pause / .microseconds(1)))
    if isAgents { pair.killAgent() } else { program.kill() }
    return Cycle(try program.wait(limit: .seconds(120)))
  }

  /// The variables that bring it about.
  private func cycleDisaster() -> [String: String] {
    var variables: [String: String]
    if random.chance(600), let point = random.element(KillPoint.all) {
      variables = point.variables(1 + random.logarithmicSize(maximum: 80))
    } else {
      variables = [random.chance(700) ? "HOTSYNC_AGENT_FAULT" : "HOTSYNC_FAULT": randomFault(maximum: 2_000)]
    }
    note("  \(variables)")
    return variables
  }

  // MARK: Prunes

  func pruneDisaster() -> [String: String] {
    let pass = 1 + random.logarithmicSize(maximum: 12)
    guard random.chance(600) else { return ["HOTSYNC_FAULT": randomFault(maximum: 800)] }
    let point = random.element(["unlist", "unlisted", "fold", "fold", "fold", "folded"]) ?? "fold"
    return ["HOTSYNC_KILL_AT": "\(point):\(point.hasPrefix("unlist") ? 1 : pass)"]
  }

  private static let schedules = ["1s/1s", "1s/4s", "1s,5s/20s", "2s,10s/1m", "3s/6s", "1s,2s,4s/16s", "1h/1d"]

  func prune(_ variables: [String: String]) throws {
    let schedule = try NaiveRetention(random.element(Simulation.schedules) ?? "1s/4s")
    let isBounded = random.chance(150)
    let accepts = random.chance(700)
    note("  \(schedule)\(isBounded ? " within 2 MiB" : "")\(accepts ? " accepted" : "") \(variables)")
    try configureSlave(schedule, isBounded: isBounded)
    let before = Set(past.kept)
    past.note(try listed())
    let result = try slave(["prune", "--json"] + (accepts ? ["--accept"] : []), variables)
    try expect(result, accepts ? [0] : [0, 77], isFaulted: !variables.isEmpty)
    let after = try listed()
    past.note(after)
    // What waits in a journal is not listed yet.
    let found = Set(after.map(\.number)).union(try hasJournal() ? [past.newest] : [])
    try check(found, before, past.survivors(schedule), result, isBounded: isBounded)
    past.keep(only: found)
    note("  \(result.ending), \(found.count) of \(before.count) left")
    if result.exitCode == 0 { try checkHistory() }
  }

  private func check(
    _ found: Set<UInt64>, _ before: Set<UInt64>, _ survivors: Set<UInt64>?, _ result: RunningProgram.Result,
    isBounded: Bool
  ) throws {
    let isPruned =
      survivors.map { isBounded ? past.pinned.isSubset(of: found) && found.isSubset(of: $0) : found == $0 } ?? false
    let isGood =
      switch result.exitCode {
      case 0: isPruned
      case 77: found == before
      default: isPruned || found == before
      }
    guard !isGood else { return }
    throw SupportError(
      "of \(before.sorted()) a prune left \(found.sorted()), and should have left "
        + "\(survivors.map { "\($0.sorted())" } ?? "all"): \(result)")
  }

  private func configureSlave(_ schedule: NaiveRetention, isBounded: Bool) throws {
    let text = """
      role: slave
      history: {schedule: "\(schedule)", keep_within: 0s, max_size: \(isBounded ? "2MiB" : "none")}
      connections:
        standby: {max_delete: 90%}

      """
    try Descriptor.open("\(pair.slave)/etc/hotsync/hotsync.yaml", [.writing, .truncating]).write(text.utf8)
  }

  // MARK: The store

  /// The store's own list, oldest first, as it stands on the disk.
  func listed() throws -> [NaiveRetention.Generation] {
    guard let file = try? Descriptor.open("\(pair.store)/generations", .reading) else { return [] }
    let text = String(decoding: try file.readAll(limit: 64 << 20) ?? [], as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 2, let number = UInt64(words[0]), let seconds = words[1].split(separator: ".").first else {
        return nil
      }
      return Int64(seconds).map { NaiveRetention.Generation(number: number, seconds: $0) }
    }
  }

  /// The generation that the journal would bring about, listed already or not; 0 without a journal.
  func journaled() throws -> UInt64 {
    guard let file = try? Descriptor.open("\(pair.store)/journal", .reading) else { return 0 }
    // A line as in the list of generations stands between two lengths (docs/store-format.md).
    let text = String(decoding: try file.readAll(limit: 1 << 20) ?? [], as: UTF8.self)
    guard let end = text.firstRange(of: " epoch=")?.lowerBound,
      let number = text[..<end].split(separator: " ").dropLast().last?.reversed().prefix(while: \.isNumber).reversed(),
      let generation = UInt64(String(number))
    else { throw SupportError("the journal has no generation: \(text)") }
    return generation
  }

  func hasJournal() throws -> Bool { try Folder.open(pair.store).statusIfPresent(FileName.of("journal")) != nil }

  /// After a prune that went well history has nothing of generations that are gone.
  private func checkHistory() throws {
    let kept = Set(past.kept.map(String.init))
    let others = try Folder.open("\(pair.store)/history").names().map(\.description).filter { !kept.contains($0) }
    guard others.isEmpty else { throw SupportError("history still has \(others)") }
  }
}
