import HotsyncConfig
import HotsyncSystem
import Testing

@testable import HotsyncPromote

/// Each guard alone, over what was collected.
@Suite struct GuardTests {
  private func circumstances() -> Circumstances {
    var facts = Circumstances()
    facts.connection = "standby"
    facts.console = Circumstances.Console(isTerminal: true)
    facts.now = Timestamp(seconds: 1_000_000)
    facts.maintenance = Circumstances.Maintenance(time: Timestamp(seconds: 999_000), succeeded: true)
    let kept = Circumstances.Kept(number: 7, time: Timestamp(seconds: 999_500), isSeed: false)
    facts.generations = [kept]
    facts.chosen = kept
    facts.masterHost = "old"
    facts.hasPackageFacts = true
    facts.signals = [Signal("ping", .silent, "silent"), Signal("ssh", .silent, "silent")]
    return facts
  }

  private func state(_ name: GuardName, _ change: (inout Circumstances) -> Void) -> GuardResult.State? {
    var facts = circumstances()
    change(&facts)
    return Guards.judge(facts).first { $0.name == name }?.state
  }

  @Test("on a slave that is well every guard passes")
  func allPass() {
    let states = Guards.judge(circumstances()).map { "\($0.name) \($0.state) \($0.message)" }
    #expect(Guards.judge(circumstances()).allSatisfy { $0.state == .pass }, "\(states)")
  }

  @Test("a machine that is master, or was promoted, fails, and no word gets past that")
  func role() {
    #expect(state(.role) { $0.role = .master } == .fail)
    #expect(state(.role) { $0.promotedSince = .zero } == .fail)
    #expect(
      state(.role) {
        $0.role = .master
        $0.options.accepted = ["role"]
      } == .fail)
  }

  @Test("a terminal over SSH should be held by screen or tmux")
  func console() {
    #expect(state(.console) { $0.console.isTerminal = false } == .fail)
    #expect(state(.console) { $0.console.isOverSSH = true } == .warn)
    #expect(
      state(.console) {
        $0.console.isOverSSH = true
        $0.console.isHeld = true
      } == .pass)
    #expect(
      state(.console) {
        $0.console.isTerminal = false
        $0.console.isInteractive = false
      } == .pass)
  }

  @Test("maintenance that never ran, failed, or is old fails unless it is accepted")
  func maintenance() {
    #expect(state(.maintenance) { $0.maintenance = nil } == .fail)
    #expect(state(.maintenance) { $0.maintenance?.succeeded = false } == .fail)
    #expect(state(.maintenance) { $0.maintenance?.time = Timestamp(seconds: 990_000) } == .fail)
    #expect(
      state(.maintenance) {
        $0.maintenance = nil
        $0.options.accepted = ["maintenance"]
      } == .warn)
  }

  @Test("a copy that is older than it may be needs a word of its own")
  func fresh() {
    #expect(state(.fresh) { $0.now = Timestamp(seconds: 1_010_000) } == .fail)
    #expect(
      state(.fresh) {
        $0.now = Timestamp(seconds: 1_010_000)
        $0.options.allowsStale = true
      } == .warn)
    // It was in step again since it was committed.
    #expect(
      state(.fresh) {
        $0.now = Timestamp(seconds: 1_010_000)
        $0.lastSync = Timestamp(seconds: 1_009_000)
      } == .pass)
  }

  @Test("a living master, and somebody else at its address, stop everything")
  func alive() {
    #expect(state(.masterOff) { $0.signals[0] = Signal("ping", .alive, "answers") } == .fail)
    #expect(state(.masterOff) { $0.signals[0] = Signal("arp", .addressTaken, "taken") } == .fail)
    #expect(
      state(.masterOff) {
        $0.signals[0] = Signal("ping", .alive, "answers")
        $0.options.confirmedMaster = "old"
        $0.options.accepted = ["master-off"]
      } == .fail)
  }

  @Test("with fewer than two silent probes the typed name is the word for it")
  func byName() {
    #expect(state(.masterOff) { $0.signals = [] } == .warn)
    #expect(state(.masterOff) { $0.signals.removeLast() } == .warn)
    #expect(
      state(.masterOff) {
        $0.signals = []
        $0.options.isInteractive = false
      } == .fail)
    #expect(
      state(.masterOff) {
        $0.signals = []
        $0.options.isInteractive = false
        $0.options.confirmedMaster = "other"
      } == .fail)
    #expect(
      state(.masterOff) {
        $0.signals = []
        $0.options.isInteractive = false
        $0.options.confirmedMaster = "old"
      } == .warn)
  }

  @Test("a seed, damage, a generation that is not there, and none at all fail")
  func generation() {
    #expect(state(.generation) { $0.generations = [] } == .fail)
    #expect(state(.generation) { $0.chosen = nil } == .fail)
    #expect(state(.generation) { $0.chosen?.isSeed = true } == .fail)
    #expect(state(.generation) { $0.damaged = 1 } == .fail)
    #expect(state(.generation) { $0.isStoreHandedOver = true } == .fail)
    #expect(state(.generation) { $0.hasUnfinishedCycle = true } == .warn)
  }

  @Test("a higher epoch elsewhere, and a clock before the generation, fail")
  func epochAndClock() {
    #expect(state(.epoch) { $0.heardEpoch = 2 } == .fail)
    #expect(state(.epoch) { $0.heardEpoch = 1 } == .pass)
    #expect(state(.clock) { $0.now = Timestamp(seconds: 999_000) } == .fail)
  }

  @Test("what could not be collected is the failure of its guard")
  func failures() {
    #expect(
      state(.packages) {
        $0.failures[.packages] = PromoteError(.damaged, "cannot read", "x", cause: "y", next: "z")
      } == .fail)
  }
}
