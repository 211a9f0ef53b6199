import Glibc
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// One thing that is done to a store, with a fault at each of its system calls in turn.
struct StoreSweep {
  typealias State = SweptStore.State

  let name: String
  let template: SweptStore
  /// What the store may hold afterwards: the first as long as nothing was done, the last once it is done.
  let states: [State]
  let action: (TestSlave) throws -> Void
  /// Gives what does not go well in a store that was met by a fault: nothing is left that stops what comes next.
  let follow: (TestSlave) throws -> [String]
  let calls: [StaticString]
  /// After one of how many runs `follow` is done, too.
  let followShare: Int

  init(
    _ name: String, on template: SweptStore, states: [State], followShare: Int = 25,
    follow: @escaping (TestSlave) throws -> [String],
    action: @escaping (TestSlave) throws -> Void
  ) throws {
    self.name = name
    self.template = template
    self.states = states
    self.follow = follow
    self.followShare = followShare
    self.action = action
    calls = try StoreSweep.calls(of: action, on: template)
  }

  /// The system calls of a run that nothing disturbs.
  static func calls(of action: (TestSlave) throws -> Void, on template: SweptStore) throws -> [StaticString] {
    let plan = FaultPlan(.none)
    let slave = try template.copy()
    try plan.apply { try action(slave) }
    return plan.names
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    let effect: FaultPlan.Effect
    /// Whether what was to be done is done all the same.
    var isBorne = false

    var testDescription: String { name }

    /// Whether it can make a difference at a call, which comes after another one.
    func matters(at call: StaticString, after before: StaticString?) -> Bool {
      switch effect {
      // Dead before a call that follows one which only looked is dead before that one.
      case .dies: before.map { !FaultPlan.isLooking($0) } ?? true
      case .diesHalfway: call.description == "write" || call.description == "pwrite"
      case .isShort: FaultPlan.isTransfer(call)
      case .fails(ENOSPC), .isFullFrom: FaultPlan.takesSpace(call)
      default: true
      }
    }

    static let all = [
      Fault(name: "EIO", effect: .fails(EIO)), Fault(name: "ENOSPC", effect: .fails(ENOSPC)),
      Fault(name: "a disk that is full from there on", effect: .isFullFrom(ENOSPC)),
      Fault(name: "dead", effect: .dies), Fault(name: "dead in the middle of a write", effect: .diesHalfway),
      Fault(name: "EINTR", effect: .isInterrupted, isBorne: true),
      Fault(name: "a short transfer", effect: .isShort, isBorne: true),
      Fault(name: "EINTR and short transfers from there on", effect: .stutters, isBorne: true),
    ]
  }

  static let isFull = Environment.value("HOTSYNC_SWEEP") == "all"

  /// Where the fault is planted: everywhere, or at so many places that the seed picks. What is borne is the same code at every
  /// call, so some are enough.
  private func places(for fault: Fault, atMost limit: Int, _ random: inout SeededGenerator) -> [Int] {
    let all = calls.indices.filter { fault.matters(at: calls[$0], after: $0 > 0 ? calls[$0 - 1] : nil) }.map { $0 + 1 }
    let limit = fault.isBorne ? min(limit, 25) : limit
    guard !StoreSweep.isFull, all.count > limit else { return all }
    return all.shuffled(using: &random).prefix(limit).sorted()
  }

  /// Does it with the fault at every place, and tells what went wrong and how many places there were.
  ///
  /// - Parameter limit: of the places, unless all are wanted.
  func run(_ fault: Fault, atMost limit: Int = .max) throws {
    var random = SeededGenerator(seed: SeededGenerator.testSeed())
    let seed = random.seed
    let start = Clocks.system.elapsed()
    let places = places(for: fault, atMost: limit, &random)
    var (failed, reached) = (0, [Int](repeating: 0, count: states.count))
    var found: [String] = []
    for place in places {
      let slave = try template.copy()
      let plan = FaultPlan(fault.effect, at: place)
      var outcome: (any Error)?
      do { try plan.apply { try action(slave) } } catch { outcome = error }
      failed += outcome == nil ? 0 : 1
      let note = "\(name), \(fault.name) at call \(place) (\(calls[place - 1])), seed \(seed)"
      do {
        let follows = StoreSweep.isFull || random.number(1...followShare) == 1
        let (index, differences) = try examine(slave, outcome, fault, follows: follows)
        if reached.indices.contains(index) { reached[index] += 1 }
        if !differences.isEmpty {
          found.append("\(note), ended with \(outcome.map { "\($0)" } ?? "nothing"): \(differences)")
        }
      } catch { found.append("\(note): cannot be opened: \(error)") }
      if found.count > 5 { break }
    }
    let elapsed = (Clocks.system.elapsed() - start) / .seconds(1)
    print(
      "sweep: \(name), \(fault.name): \(places.count) of \(calls.count) calls, \(failed) failed,",
      states.count == 1 ? "all done later," : "\(reached[0]) left undone, \(reached[states.count - 1]) done,",
      "in \((elapsed * 10).rounded() / 10) s")
    for line in found { Issue.record("\(line)") }
  }

  private func examine(
    _ slave: TestSlave, _ outcome: (any Error)?, _ fault: Fault, follows: Bool
  ) throws -> (index: Int, lines: [String]) {
    var lines: [String] = []
    guard let (index, differences) = try StoreExamination(slave).find(in: states) else {
      return (-1, ["it lists what it never may"])
    }
    lines += differences
    if outcome == nil, index != states.count - 1 { lines.append("it said that it went well") }
    if fault.isBorne, let outcome { lines.append("it should have been borne: \(outcome)") }
    if follows, lines.isEmpty { lines += try follow(slave) }
    return (index, lines)
  }
}
