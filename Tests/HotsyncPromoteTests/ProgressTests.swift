import HotsyncSystem
import Testing

@testable import HotsyncPromote

/// The state machine alone: what a journal says comes next.
@Suite struct ProgressTests {
  private static let start = PromotionStart(
    number: 1, connection: "standby", generation: 7, masterHost: "old", epoch: 2,
    promoter: String(repeating: "0", count: 32), options: PromotionOptions())

  private static func action(_ name: String) -> Action {
    .makeFolder(LivePath(checked: name), FileOwner(mode: 0o755))
  }

  /// Two actions in the fence, one in files, none elsewhere.
  private static func plan(_ step: StepName) -> StepPlan {
    switch step {
    case .fence: StepPlan(actions: [action("a"), action("b")])
    case .files: StepPlan(actions: [action("c")])
    default: StepPlan()
    }
  }

  /// What a driver that never fails writes until there is nothing more to do.
  private static func entries(_ begin: [JournalEntry], atMost limit: Int = 1_000) throws -> [JournalEntry] {
    var entries = begin
    while entries.count < limit {
      switch try Progress(entries).next {
      case .nothing: return entries
      case .decide(let step): entries.append(.decided(step, answers: [:]))
      case .plan(let step, _): entries.append(.planned(step, plan: plan(step)))
      case .begin(let step, let index, _): entries.append(.about(step, index: index, before: Before()))
      case .repeatAction(let step, let index, _, _): entries.append(.done(step, index: index, outcome: Outcome(.done)))
      case .end(let step): entries.append(.ended(step))
      case .open: entries.append(.opened)
      case .forget(let step): entries.append(.forgotten(step))
      case .undo(let step, let index, _, _): entries.append(.undone(step, index: index, outcome: Outcome(.done)))
      case .endRollback: entries.append(.rolledBack)
      }
    }
    return entries
  }

  @Test("every journal leads to its end, whatever it was cut at")
  func leadsToItsEnd() throws {
    let whole = try ProgressTests.entries([.begun(ProgressTests.start)])
    #expect(try Progress(whole).state == .open)
    for count in 1...whole.count {
      let cut = Array(whole.prefix(count))
      #expect(try ProgressTests.entries(cut) == whole, "cut at \(count)")
    }
  }

  @Test("a rollback takes back what was begun, last first, and nothing else", arguments: 1...40)
  func takesBack(_ count: Int) throws {
    let whole = try ProgressTests.entries([.begun(ProgressTests.start)])
    guard count <= whole.count else { return }
    let cut = Array(whole.prefix(count))
    let begun = cut.compactMap { entry -> String? in
      if case .about(let step, let index, _) = entry { "\(step)-\(index)" } else { nil }
    }
    let back = try ProgressTests.entries(cut + [.rollback])
    let undone = back.compactMap { entry -> String? in
      if case .undone(let step, let index, _) = entry { "\(step)-\(index)" } else { nil }
    }
    #expect(undone == begun.reversed())
    #expect(try Progress(back).state == .rolledBack)
    for cut in (count + 1)...back.count {
      #expect(try ProgressTests.entries(Array(back.prefix(cut))) == back)
    }
  }

  @Test("a step that is reconsidered is taken back alone, and planned anew, wherever that is cut")
  func reconsiders() throws {
    let whole = try ProgressTests.entries([.begun(ProgressTests.start)])
    let place = try #require(whole.lastIndex { if case .about(.fence, 1, _) = $0 { true } else { false } })
    let again = try ProgressTests.entries(Array(whole[...place]) + [.reconsider(.fence)])
    #expect(try Progress(again).state == .open)
    let undone = again.compactMap { entry -> Int? in
      if case .undone(.fence, let index, _) = entry { index } else { nil }
    }
    #expect(undone == [1, 0])
    for cut in (place + 1)...again.count {
      #expect(try ProgressTests.entries(Array(again.prefix(cut))).last == .opened)
    }
    // In the middle of it all can still be taken back.
    #expect(try Progress(ProgressTests.entries(Array(again.prefix(place + 3)) + [.rollback])).state == .rolledBack)
    #expect((try? Progress(Array(whole[...place]) + [.reconsider(.files)])) == nil)
  }

  @Test("entries that cannot follow one another are damage")
  func impossible() throws {
    let whole = try ProgressTests.entries([.begun(ProgressTests.start)])
    #expect(throws: PromoteError.self) { try Progress([]) }
    #expect(throws: PromoteError.self) { try Progress(whole.dropFirst()) }
    for index in 1..<whole.count {
      var missing = whole
      missing.remove(at: index)
      // Only the last one can be missing: then it has not happened yet.
      guard index < whole.count - 1 else { continue }
      let isAccepted = (try? Progress(missing)) != nil
      #expect(!isAccepted, "without \(whole[index])")
      let isTwiceAccepted = (try? Progress(whole[...index] + [whole[index]] + whole[(index + 1)...])) != nil
      #expect(!isTwiceAccepted, "twice \(whole[index])")
    }
    #expect(throws: PromoteError.self) { try Progress(whole + [.committed, .rollback]) }
  }
}
