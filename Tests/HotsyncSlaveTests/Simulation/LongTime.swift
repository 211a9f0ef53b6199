import Glibc
import HotsyncCatalog
import HotsyncConfig
import HotsyncPlan
import HotsyncSystem
import TestSupport

@testable import HotsyncSlave

/// A store in memory that lives through days: random edits, cycles, prunes, snapshots, readers, and processes that die or meet
/// faults at any of their system calls; and beside it a full copy of every generation. All of it follows from the seed.
final class LongTime {
  enum Step: String, WeightedStep {
    case cycle, brokenCycle, prune, brokenPrune, verify, pin, unpin, startReader, endReader, restoreAmid, check, reopen

    var weight: Int {
      switch self {
      case .cycle: 30
      case .brokenCycle: 20
      case .brokenPrune: 12
      case .prune: 6
      case .restoreAmid, .reopen: 5
      case .pin, .unpin, .startReader, .endReader: 4
      case .verify, .check: 3
      }
    }
  }

  struct Reader {
    let pinned: PinnedGeneration
    let copy: Tree
  }

  let slave: TestSlave
  let clock: MovedClock
  let seed: UInt64
  var random: SeededGenerator
  var readers: [Reader] = []
  var kept: [NaiveRetention.Generation] = []
  var copies: [UInt64: Tree] = [:]
  /// Generations by the snapshot's name, and when the master asked to let it go.
  var snapshots: [String: (generation: UInt64, asked: Timestamp?)] = [:]
  var verified: Set<UInt64> = []
  /// Between steps; a step draws from a generator of its own.
  private var edits: RandomEdits
  private var tree = Tree()
  private var log: [String] = []
  private var counts: [Step: Int] = [:]

  static let keepWithin = Duration.seconds(86_400)

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededGenerator(seed: seed)
    edits = RandomEdits(random.split())
    clock = MovedClock(Timestamp(seconds: 1_795_000_000 + Int64(random.number(0...86_400))))
    slave = try TestSlave(limit: .percent(100), in: ScratchFolder.memory)
    try cycle()
  }

  var newest: NaiveRetention.Generation { kept.last ?? NaiveRetention.Generation(number: 0, seconds: 0) }
  var numbers: Set<UInt64> { Set(kept.map(\.number)) }
  var summary: String {
    counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      + "; \(newest.number) generations, \(kept.count) kept"
  }

  func note(_ text: String) { log.append(text) }

  func step(_ number: Int) throws {
    var own = random.split()
    guard let step = own.step(of: Step.self) else { return }
    counts[step, default: 0] += 1
    let after = random
    random = own
    passTime()
    note("\(number) \(step) at \(clock.now.rfc3339)")
    do { try take(step) } catch {
      throw SupportError("seed \(seed), \(error)\nthe last steps:\n\(log.suffix(25).joined(separator: "\n"))")
    }
    random = after
  }

  private func take(_ step: Step) throws {
    switch step {
    case .cycle: try cycle()
    case .brokenCycle: try cycle(fault: randomFault(maximum: 900))
    case .prune: try prune(FaultPlan(.none))
    case .brokenPrune:
      let fault = randomFault(maximum: 500)
      try prune(FaultPlan(fault.effect, at: fault.call))
    case .verify: try verify()
    case .pin: try pin()
    case .unpin: try unpin()
    case .startReader: try startReader()
    case .endReader: try endReader()
    case .restoreAmid: try restoreAmid()
    case .check: try check()
    case .reopen: try settle()
    }
  }

  /// Minutes, hours or days; now and then a clock that is set back.
  private func passTime() {
    switch random.number(0...99) {
    case 0...39: clock.move(by: Int64(random.number(0...900)))
    case 40...79: clock.move(by: Int64(random.number(900...6 * 3_600)))
    case 80...95: clock.move(by: Int64(random.number(6 * 3_600...2 * 86_400)))
    default: clock.move(by: -Int64(random.number(1...20_000)))
    }
  }

  func randomFault(maximum: Int) -> (effect: FaultPlan.Effect, call: Int) {
    let call = 1 + random.logarithmicSize(maximum: maximum)
    let effect: FaultPlan.Effect =
      switch random.number(0...9) {
      case 0...3: .dies
      case 4...5: .diesHalfway
      case 6: .fails(EIO)
      case 7: .fails(ENOSPC)
      case 8: .isFullFrom(ENOSPC)
      default: .stutters
      }
    note("  \(effect) at call \(call)")
    return (effect, call)
  }

  // MARK: Cycles

  func cycle(fault: (effect: FaultPlan.Effect, call: Int) = (.none, 1)) throws {
    let changes = try edits.changes(to: tree)
    var after = tree
    for name in changes.remove { after.entries[try path(name)] = nil }
    for (name, entry) in changes.put { after.entries[try path(name)] = entry }
    let now = clock.now
    let isDisturbed = fault.effect != .none
    var ending: (any Error)?
    do {
      var sent = tree
      ending = try slave.serve(clocks: clock.clocks, fault: fault) { try $0.cycle(changes, on: &sent) }
    } catch {
      guard isDisturbed else { throw error }
      ending = error
    }
    if !isDisturbed, let ending { throw ending }
    // An earlier journal has been carried out by now, or is still there and nothing was added.
    guard try newestThere() == newest.number + 1 else {
      guard try newestThere() == newest.number, ending != nil || isDisturbed else {
        throw SupportError("after generation \(newest.number) it is \(try newestThere())")
      }
      return
    }
    // Times only grow, whatever the clock does.
    let isLater = kept.isEmpty || now.seconds > newest.seconds
    let number = newest.number + 1
    kept.append(NaiveRetention.Generation(number: number, seconds: isLater ? now.seconds : newest.seconds + 1))
    copies[number] = after
    tree = after
    note("  generation \(number)\(ending == nil ? "" : ", though it met a fault")")
  }

  /// The newest generation, listed or past its commit point.
  private func newestThere() throws -> UInt64 {
    let store = try slave.store()
    if try store.hasJournal(), let bytes = try store.top.content(of: StoreLayout.journal, limit: Journal.limit) {
      return try Journal.parse(bytes, key: store.key).generation.number
    }
    return try store.generations().newest?.number ?? 0
  }

  /// Opens the store as the next process does.
  func settle() throws {
    let metadata = MetadataWriter(accounts: Accounts(), unknownOwner: .numeric)
    try Committer(store: try slave.store(), metadata: metadata).settle()
  }
}
