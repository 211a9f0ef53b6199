import HotsyncSystem
import TestSupport

/// A pair that lives through random steps, each drawn from a seed of its own, so that what one of them draws does not
/// change those that follow.
final class Simulation {
  enum Step: String, WeightedStep {
    case edit, cycle, brokenCycle, prune, brokenPrune, verify, pin, unpin, startReader, endReader, restore, restorePath
    case checkAll

    /// Of a hundred and some.
    var weight: Int {
      switch self {
      case .edit: 24
      case .cycle: 22
      case .brokenCycle: 18
      case .brokenPrune: 8
      case .prune, .restore, .restorePath, .startReader: 5
      case .pin, .unpin, .endReader: 4
      case .verify: 2
      case .checkAll: 1
      }
    }
  }

  let pair: Pair
  let seed: UInt64
  var past = SimulatedPast()
  var readers: [SimulatedReader] = []
  /// How long a cycle takes here, so that one can be cut in its middle.
  var usualCycle = Duration.milliseconds(200)
  /// Whether the last cycle went well and nothing changed since.
  var isInStep = false
  var random: SeededGenerator
  private var script: EditScript
  private var large: LargeEdits
  private var counts: [Step: Int] = [:]
  private var log: [String] = []
  private var outputs = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededGenerator(seed: seed ^ 0xD15A)
    pair = try Pair("simulation")
    try TreeMaker.make(in: pair.data, seed: seed, files: 60, features: .possible, largestSize: 1 << 20)
    script = EditScript(seed: seed)
    large = LargeEdits(seed: seed ^ 0xB16)
    for _ in 0..<2 { try large.apply(to: pair.data) }
    try cycle()
  }

  // MARK: Steps

  func step(_ number: Int) throws {
    var own = random.split()
    guard let step = own.step(of: Step.self) else { return }
    counts[step, default: 0] += 1
    let before = random
    random = own
    note("\(number) \(step)")
    do { try take(step) } catch {
      throw SupportError("seed \(seed), \(error)\nthe last steps:\n\(log.suffix(25).joined(separator: "\n"))")
    }
    random = before
  }

  private func take(_ step: Step) throws {
    switch step {
    case .edit: try edit()
    case .cycle: try cycle()
    case .brokenCycle: try breakCycle()
    case .prune: try prune([:])
    case .brokenPrune: try prune(pruneDisaster())
    case .verify: try verify()
    case .pin: try pin()
    case .unpin: try unpin()
    case .startReader: try startReader()
    case .endReader: try endReader()
    case .restore: try restoreRandom()
    case .restorePath: try restorePath()
    case .checkAll: try checkAll()
    }
  }

  /// Lets all readers come to their end and holds everything against the copies.
  func end() throws {
    do {
      while !readers.isEmpty { try endReader() }
      try cycle()
      try verify()
      try checkAll()
    } catch { throw SupportError("seed \(seed), at the end: \(error)\n\(log.suffix(25).joined(separator: "\n"))") }
  }

  var summary: String {
    counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      + "; \(past.newest) generations, \(past.copies.count) kept"
  }

  func note(_ text: String) { log.append(text) }

  private func edit() throws {
    isInStep = false
    try script.apply(random.number(1...25), to: pair.data)
    for _ in 0..<random.number(0...3) { try large.apply(to: pair.data) }
  }

  private func verify() throws {
    let result = try slave(["verify", "--full", "--json"])
    guard result.exitCode == 0, try Document(result.outputText)["result"].text == "sound" else {
      throw SupportError("verify: \(result)")
    }
    past.verified = Set(past.kept)
  }

  // MARK: Snapshots

  private func pin() throws {
    guard let generation = random.element(past.kept) else { return }
    let name = "s\(random.number(1...6))"
    let fault = random.chance(300) ? ["HOTSYNC_FAULT": randomFault(maximum: 300)] : [:]
    note("  \(name) on \(generation) \(fault)")
    let result = try slave(["snapshot", "pin", name, "--generation", "\(generation)"], fault)
    let taken = past.snapshots[name].map { $0 != generation } ?? false
    try expect(result, taken ? [73] : [0], isFaulted: !fault.isEmpty)
    var after = past.snapshots
    if !taken { after[name] = generation }
    try adoptSnapshots(after, result, isFaulted: !fault.isEmpty)
  }

  private func unpin() throws {
    guard let name = random.element(past.snapshots.keys.sorted()) else { return }
    let fault = random.chance(300) ? ["HOTSYNC_FAULT": randomFault(maximum: 200)] : [:]
    note("  \(name) \(fault)")
    let result = try slave(["snapshot", "unpin", name], fault)
    try expect(result, [0], isFaulted: !fault.isEmpty)
    var after = past.snapshots
    after[name] = nil
    try adoptSnapshots(after, result, isFaulted: !fault.isEmpty)
  }

  /// What was asked for is there where it went well, and where it did not, that or what was there before.
  private func adoptSnapshots(
    _ after: [String: UInt64], _ result: RunningProgram.Result, isFaulted: Bool
  ) throws {
    let found = try pinnedSnapshots()
    guard found == after || (isFaulted && result.exitCode != 0 && found == past.snapshots) else {
      throw SupportError("the snapshots are \(found), and should be \(after): \(result)")
    }
    past.snapshots = found
  }

  func pinnedSnapshots() throws -> [String: UInt64] {
    let result = try slave(["snapshot", "list", "--json"])
    guard result.exitCode == 0 else { throw SupportError("snapshot list: \(result)") }
    var found: [String: UInt64] = [:]
    for item in try Document(result.outputText)["snapshots"].items {
      guard let name = item["name"].text, let generation = item["generation"].integer else { continue }
      found[name] = UInt64(generation)
    }
    return found
  }

  // MARK: Tools

  func slave(_ words: [String], _ environment: [String: String] = [:]) throws -> RunningProgram.Result {
    try RunningProgram.run(
      "hotsync-slave", words + ["--root", pair.slave], environment: environment, limit: .seconds(120))
  }

  func expect(_ result: RunningProgram.Result, _ codes: Set<Int32>, isFaulted: Bool) throws {
    let allowed = isFaulted ? codes.union(honestCodes) : codes
    guard result.ending == .killed(signal: 9) && isFaulted || allowed.contains(result.exitCode ?? -1) else {
      throw SupportError("\(result)")
    }
  }

  func randomFault(maximum: Int) -> String {
    let error = [errorOfDevice, errorOfSpace, errorOfSignal][random.number(0...2)]
    return "*:\(1 + random.logarithmicSize(maximum: maximum)):\(error)"
  }

  /// A folder for a restore, which is gone afterwards.
  func withOutput<Result>(_ body: (String) throws -> Result) throws -> Result {
    outputs += 1
    let name = "out-\(outputs)"
    defer { try? pair.scratch.folder.removeTree(FileName.of(name)) }
    return try body(pair.scratch.path(name))
  }
}

// EIO, ENOSPC and EINTR.
private let errorOfDevice = 5
private let errorOfSpace = 28
private let errorOfSignal = 4
