import HotsyncConfig
import HotsyncProtocol
import HotsyncSystem
import Testing

@testable import HotsyncMaster

@Suite("Whether a machine may serve")
struct GuardDecisionTests {
  private let now = Timestamp(seconds: 1_000_000_000)
  private let address = InternetAddress(text: "192.0.2.10")!
  private let card = HardwareAddress(text: "02:00:00:00:00:02")!
  private let silent = PeerAnswer.silent(cause: "connection refused")
  private let promoted = PeerAnswer.fenced(cause: "another machine was promoted", epoch: 2)

  private func state(
    _ moment: GuardMoment, _ answers: [PeerAnswer] = [], isTaken: Bool = false, fence: Fence? = nil, held: Bool = false,
    holds: Bool = false
  ) -> GuardState {
    GuardFindings(
      moment: moment, fence: fence, wasHeld: held,
      answers: answers.enumerated().map { ("c\($0.offset)", $0.element) }, taken: isTaken ? [address: card] : [:],
      policy: holds ? .hold : .start
    ).state(now: now)
  }

  private func fence(_ evidence: Fence.Evidence) -> Fence {
    Fence(evidence: evidence, epoch: 2, since: Timestamp(seconds: 1), connection: "c0", cause: "told before")
  }

  @Test("one peer that knows of a promotion is enough, at any time, whatever the others say")
  func epoch() {
    let new = Fence(evidence: .epoch, epoch: 2, since: now, connection: "c1", cause: "another machine was promoted")
    for moment in [GuardMoment.boot, .running] {
      #expect(state(moment, [.accepted, promoted]) == .fenced(new))
      #expect(state(moment, [silent, promoted], holds: true) == .fenced(new))
    }
  }

  @Test("a fence stays with the time of its beginning, and no other peer's word lifts it")
  func stays() {
    let old = fence(.epoch)
    for moment in [GuardMoment.link, .boot, .running] {
      #expect(state(moment, [promoted], fence: old) == .fenced(old))
      #expect(state(moment, [silent], fence: old) == .fenced(old))
      #expect(state(moment, [.accepted], fence: old) == .fenced(old))
      #expect(state(moment, fence: old) == .fenced(old))
    }
  }

  @Test(
    "somebody who answers at an address fences before addresses come up, and later where no peer knows this machine")
  func answered() {
    let cause = "another machine has this one's address: 02:00:00:00:00:02 answers at 192.0.2.10"
    let new = GuardState.fenced(Fence(evidence: .address, epoch: nil, since: now, connection: "", cause: cause))
    #expect(state(.link, isTaken: true) == new)
    #expect(state(.boot, [silent], isTaken: true) == new)
    #expect(state(.running, [silent], isTaken: true) == new)
    #expect(state(.running, [.accepted], isTaken: true) == .free)
    #expect(state(.link) == .free)
  }

  @Test("a fence for an address goes when nobody has that any more and every peer knows this machine, not before")
  func release() {
    let old = fence(.address)
    #expect(state(.running, [.accepted, .accepted], fence: old) == .free)
    #expect(state(.boot, [.accepted], fence: old) == .free)
    #expect(state(.running, [.accepted], isTaken: true, fence: old) == .fenced(old))
    #expect(state(.running, [.accepted, silent], fence: old) == .fenced(old))
    #expect(state(.running, [silent], fence: old) == .fenced(old))
    #expect(state(.running, fence: old) == .fenced(old))
    #expect(state(.link, [.accepted], fence: old) == .fenced(old))
  }

  @Test("an address fence becomes an epoch's once that is told, which only the operator lifts")
  func hardens() {
    let new = Fence(evidence: .epoch, epoch: 2, since: now, connection: "c0", cause: "another machine was promoted")
    #expect(state(.running, [promoted], fence: fence(.address)) == .fenced(new))
  }

  @Test("nobody answers: guard.alone decides at boot, and a machine that is held waits until somebody does")
  func alone() {
    #expect(state(.boot, [silent]) == .free)
    guard case .held = state(.boot, [silent, silent], holds: true) else {
      Issue.record("not held")
      return
    }
    #expect(state(.boot, [silent, .accepted], holds: true) == .free)
    // What runs goes on when the line is lost.
    #expect(state(.running, [silent], holds: true) == .free)
    guard case .held = state(.running, [silent], held: true, holds: true) else {
      Issue.record("not held")
      return
    }
    #expect(state(.running, [.accepted], held: true, holds: true) == .free)
    #expect(state(.boot, [], holds: true) == .free)
  }
}
