import HotsyncCatalog
import HotsyncConfig
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@testable import HotsyncSlave

/// What a cycle, a roll-forward and a prune leave when any of their system calls fails, falls short, or is the last. Every place of every
/// fault with `HOTSYNC_SWEEP=all`.
@Suite struct StoreSweepTests {
  /// What a master says in the swept cycle, and the states before and after it.
  private struct Cycle {
    let template: SweptStore
    let speech: [UInt8]
    let before: SweptStore.State
    let after: SweptStore.State

    init() throws {
      template = try SweptStore.beforeCycle.get()
      before = try SweptStore.state(of: template.slave)
      let slave = try template.copy()
      var tree = template.tree
      var recording: RecordingStream?
      let line: (any ByteStream) -> any ByteStream = {
        let stream = RecordingStream($0)
        recording = stream
        return stream
      }
      try slave.serve(over: line) { try $0.cycle(SweptChanges.last, on: &tree) }
      speech = try #require(recording).bytes
      after = try SweptStore.state(of: slave)
      #expect(try tree.differences(in: try slave.mirror()) == [])
    }

    /// Serves the master's words on this thread.
    func replay(_ slave: TestSlave) throws {
      let context = AgentContext(
        connection: "standby", program: "test", deletionLimit: .percent(100), mapsUnknownOwnersToNobody: false)
      try Agent(
        context, store: try slave.store(), channel: AgentChannel(ReplayedStream(speech)), epoch: .first,
        accounts: SweptStore.accounts
      ).run()
    }

    /// Carries out the journal of a cycle that passed its commit point.
    func rollForward(_ slave: TestSlave) throws {
      let metadata = MetadataWriter(accounts: SweptStore.accounts)
      try Committer(store: try slave.store(), metadata: metadata).settle()
    }

    /// The first call after a crash point.
    func call(after point: StaticString) throws -> Int {
      let plan = FaultPlan(.none, from: point)
      let slave = try template.copy()
      try plan.apply { try replay(slave) }
      return try StoreSweep.calls(of: replay, on: template).count - plan.calls + 1
    }

    /// The store as the cycle leaves it when it dies at a call.
    func broken(at call: Int) throws -> SweptStore {
      let slave = try template.copy()
      #expect(throws: (any Error).self) { try FaultPlan(.dies, at: call).apply { try replay(slave) } }
      return SweptStore(slave, template.tree)
    }

    /// The next cycle brings what is missing, and one more change.
    func goOn(_ slave: TestSlave) throws -> [String] {
      var tree = template.tree
      if try slave.store().generations().newest?.number == 3 {
        try slave.cycle(SweptChanges.last, on: &tree)
      } else {
        SweptChanges.apply(SweptChanges.last, to: &tree)
      }
      var more = Changes()
      more.put = ["one-more": .file("one more")]
      more.remove = ["x-other"]
      try slave.cycle(more, on: &tree)
      let lines = try tree.differences(in: try slave.mirror()) + StoreExamination(slave).losses()
      return lines.map { "after the next cycle: \($0)" }
    }
  }

  private static let cycle = Result { try Cycle() }

  @Test(
    "whatever happens at any system call of a cycle, the store holds the old generation or the new one, and all older ones",
    arguments: StoreSweep.Fault.all)
  func cycle(_ fault: StoreSweep.Fault) throws {
    let cycle = try StoreSweepTests.cycle.get()
    try StoreSweep(
      "cycle", on: cycle.template, states: [cycle.before, cycle.after], follow: cycle.goOn, action: cycle.replay
    ).run(fault)
  }

  @Test(
    "whatever happens at any system call of a roll-forward, the next one brings the new generation, and all older ones stay",
    arguments: StoreSweep.Fault.all)
  func rollForward(_ fault: StoreSweep.Fault) throws {
    let cycle = try StoreSweepTests.cycle.get()
    let (first, last) = (try cycle.call(after: "committed"), try cycle.call(after: "listed"))
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    // Of commits that stopped on their way, somewhere or everywhere.
    for call in StoreSweep.isFull ? Array(first...last) : [random.number(first...last)] {
      let template = try cycle.broken(at: call)
      try StoreSweep(
        "roll-forward from call \(call)", on: template, states: [cycle.after], follow: cycle.goOn,
        action: cycle.rollForward
      ).run(fault, atMost: 80)
    }
  }

  // MARK: History

  private static func prune(_ slave: TestSlave) throws {
    let now = Clocks(now: { SweptStore.time(of: 6) }, elapsed: Clocks.system.elapsed)
    _ = try Pruner(
      try slave.store(), schedule: try RetentionSchedule("1h/1h"), keepWithin: .seconds(0), maxSize: nil,
      isDisabled: false, accounts: SweptStore.accounts, clocks: now
    ).runWhole(accepts: true)
  }

  @Test(
    "whatever happens at any system call of a prune, all that is listed can be read, and the next prune goes on",
    arguments: StoreSweep.Fault.all)
  func prune(_ fault: StoreSweep.Fault) throws {
    let template = try SweptStore.beforePrune.get()
    let slave = try template.copy()
    try StoreSweepTests.prune(slave)
    let states = [try SweptStore.state(of: template.slave), try SweptStore.state(of: slave)]
    #expect(states[1].generations.keys.sorted() == [2, 6])
    try StoreSweep(
      "prune", on: template, states: states, followShare: 3,
      follow: { slave in
        try StoreSweepTests.prune(slave)
        let store = try slave.store()
        let lines = try StoreExamination(slave).find(in: [states[1]])?.differences ?? ["it lists what it never may"]
        let rest = try HistoryLevel.numbers(in: store.history).filter { ![2, 6].contains($0) }
        return (lines + rest.map { "\($0) still has history" }).map { "after the next prune: \($0)" }
      }, action: StoreSweepTests.prune
    ).run(fault)
  }

  @Test(
    "whatever happens at any system call that keeps a snapshot or lets it go, the list is the old one or the new one",
    arguments: StoreSweep.Fault.all)
  func snapshots(_ fault: StoreSweep.Fault) throws {
    let template = try SweptStore.beforePrune.get()
    let name = SnapshotName("new")!
    let old = SnapshotName("kept")!
    let actions: [(String, (TestSlave) throws -> Void)] = [
      ("pin", { try $0.store().pin(name, generation: 3, now: SweptStore.time(of: 7)) }),
      ("unpin", { try $0.store().unpin(old) }),
      ("ask to unpin", { _ = try $0.store().askToUnpin(old, now: SweptStore.time(of: 7)) }),
    ]
    for (text, action) in actions {
      let slave = try template.copy()
      try action(slave)
      let states = [try SweptStore.state(of: template.slave), try SweptStore.state(of: slave)]
      try StoreSweep(text, on: template, states: states, follow: { _ in [] }, action: action).run(fault)
    }
  }
}
