import HotsyncPlan
import HotsyncSystem

/// Reads the plan ahead of the push and asks for the signatures that it will want, so that no file waits for the answer to a
/// question of its own: a round trip each would be 50 s for a thousand files on a line of 50 ms.
final class StepsAhead {
  private let spool: PlanSpool
  private let contents: ContentSender
  private let damaged: Set<RelativePath>
  private var steps: [Step?] = []
  private var head = 0
  /// Of the steps that wait, as the spool holds them.
  private var weights: [Int] = []
  private var weight = 0
  private var isAtEnd = false
  private var last: RelativePath?

  /// What may wait in memory.
  static let stepLimit = 8_192
  static let weightLimit = 4 << 20

  /// - Parameter damaged: what the slave cannot patch.
  init(_ spool: PlanSpool, for contents: ContentSender, damaged: Set<RelativePath>) {
    self.spool = spool
    self.contents = contents
    self.damaged = damaged
  }

  /// The next step; nil at the end, where no signature is on its way any more.
  func next() throws -> Step? {
    if let last { contents.passAsked(last) }
    if isRunningLow { try fill() }
    last = nil
    guard head < steps.count, let step = steps[head] else {
      try contents.awaitAsked()
      return nil
    }
    steps[head] = nil
    weight -= weights[head]
    head += 1
    last = step.sighting?.path
    if head == steps.count { forgetTaken() }
    return step
  }

  private func forgetTaken() {
    steps.removeFirst(head)
    weights.removeFirst(head)
    head = 0
  }

  private var isRunningLow: Bool {
    !isAtEnd && (head == steps.count || contents.asksFew && steps.count - head < StepsAhead.stepLimit / 2)
  }

  private func fill() throws {
    forgetTaken()
    try contents.makeRoomToAsk()
    var hasAsked = false
    while steps.count < StepsAhead.stepLimit, weight < StepsAhead.weightLimit, contents.mayAskMore {
      guard let step = try spool.next() else {
        isAtEnd = true
        break
      }
      steps.append(step)
      weights.append(spool.lastLength)
      weight += spool.lastLength
      if try contents.askAhead(for: step, damaged: damaged) { hasAsked = true }
    }
    if hasAsked { try contents.line.flush() }
  }
}
