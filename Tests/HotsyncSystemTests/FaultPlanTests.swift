import Glibc
import HotsyncSystem
import TestSupport
import Testing

@Suite struct FaultPlanTests {
  private let scratch: ScratchFolder
  private let text = Array("written".utf8)

  init() throws { scratch = try ScratchFolder("faults") }

  /// Three calls: openat, write, fchmod's stand-in.
  private func write() throws {
    let file = try scratch.open().open(.of("file"), [.writing, .creating, .truncating])
    try file.write(text)
    try file.setPermissions(0o600)
  }

  private func content() throws -> [UInt8]? { try scratch.open().content(of: .of("file"), limit: 100) }

  private func outcome(_ plan: FaultPlan) -> Int32? {
    do {
      try plan.apply { try write() }
      return nil
    } catch { return (error as? SystemError)?.number ?? -1 }
  }

  @Test("calls are counted by their names, each once")
  func counts() throws {
    let plan = FaultPlan(.none)
    #expect(outcome(plan) == nil)
    #expect(plan.names.map(\.description) == ["open", "openat", "write", "chmod"])
    #expect(plan.calls == 4)
  }

  @Test("the chosen call fails and does nothing, and those after it are made")
  func fails() throws {
    #expect(outcome(FaultPlan(.fails(EIO), at: 3)) == EIO)
    #expect(try content() == [])
    let plan = FaultPlan(.fails(EIO), at: 1)
    #expect(throws: SystemError.self) { try plan.apply { _ = try scratch.open() } }
    #expect(plan.wasHit)
    #expect(throws: Never.self) { try plan.apply { try write() } }
  }

  @Test("an interrupted call is made again, a short one is gone on with")
  func isBorne() throws {
    for effect in [FaultPlan.Effect.isInterrupted, .isShort, .stutters] {
      for number in 1...4 {
        let plan = FaultPlan(effect, at: number)
        #expect(outcome(plan) == nil, "\(effect) at \(number)")
        #expect(plan.wasHit)
        #expect(try content() == text)
      }
    }
    let plan = FaultPlan(.isShort, at: 3)
    #expect(outcome(plan) == nil)
    #expect(plan.calls == 5, "the rest is a call of its own")
  }

  @Test("the dead do nothing any more, and half of the last write is there where they died in it")
  func dies() throws {
    try write()
    let plan = FaultPlan(.dies, at: 2)
    #expect(outcome(plan) == FaultPlan.death)
    #expect(throws: SystemError.self) { try plan.apply { try scratch.open().unlink(.of("file")) } }
    #expect(try content() == text)
    #expect(outcome(FaultPlan(.diesHalfway, at: 3)) == FaultPlan.death)
    #expect(try content() == Array(text.prefix(3)))
  }

  @Test("on a full disk what needs no space goes on")
  func isFull() throws {
    try write()
    let plan = FaultPlan(.isFullFrom(ENOSPC))
    #expect(outcome(plan) == ENOSPC)
    try plan.apply { try scratch.open().unlink(.of("file")) }
    #expect(try content() == nil)
  }

  @Test("only the thread of the plan meets it, and only from its crash point on")
  func isOwn() throws {
    let plan = FaultPlan(.fails(EIO), from: "test-point")
    try plan.apply { try write() }
    #expect(!plan.wasHit)
    plan.apply { crashPoint("test-point") }
    let worker = Worker { [scratch] in #expect(throws: Never.self) { _ = try scratch.open() } }
    worker.join()
    #expect(!plan.wasHit)
    #expect(throws: SystemError.self) { try plan.apply { _ = try scratch.open() } }
    #expect(plan.wasHit)
    #expect(throws: Never.self) { try write() }
  }
}
