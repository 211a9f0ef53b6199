import HotsyncConfig
import HotsyncFacts
import HotsyncProtocol
public import HotsyncReport
import HotsyncSlave
public import HotsyncSystem

/// What the guards say and what a promotion would do, with times: of `--check`, and shown before the question.
public struct PromotionCheck: Report {
  public struct Step: Sendable {
    public let name: StepName
    public let summary: String
    public let estimatedSeconds: Int
    public let notes: [String]
    /// The very commands.
    public let actions: [Action]
  }

  public let connection: String
  public let guards: [GuardResult]
  public let steps: [Step]
  /// Why no plan could be made.
  public let planFailure: PromoteError?
  public let masterHost: String
  /// What the journal would begin with; nil where there is nothing to promote.
  let start: PromotionStart?

  public var isReady: Bool { planFailure == nil && !guards.contains { $0.state == .fail } }

  public var exitCode: ExitCode { isReady ? .done : .refused }

  public var isRoutine: Bool { isReady }

  public var json: JSONValue {
    .object([
      ("connection", .string(connection)), ("ready", .bool(isReady)),
      ("generation", .known(start?.generation)),
      ("guards", .array(guards.map(PromotionCheck.json))),
      (
        "steps",
        .array(
          steps.map { step in
            .object([
              ("name", .string(step.name.rawValue)), ("summary", .string(step.summary)),
              ("estimated_seconds", .integer(Int64(step.estimatedSeconds))), ("notes", .strings(step.notes)),
              ("actions", .strings(step.actions.map(\.description))),
            ])
          })
      ),
    ])
  }

  private static func json(_ result: GuardResult) -> JSONValue {
    .object([
      ("name", .string(result.name.rawValue)), ("state", .string(result.state.rawValue)),
      ("message", .string(result.message)), ("next_step", .known(result.nextStep)),
    ])
  }

  public func text(now: Timestamp) -> String { text }

  var text: String {
    var lines = ["guards of \"\(connection)\""]
    for result in guards {
      let state = result.state == .fail ? "FAIL" : result.state.rawValue
      let name = result.name.rawValue
      lines.append("  \(state)  \(name)\(String(repeating: " ", count: max(1, 13 - name.count)))\(result.message)")
      if result.state != .pass, let next = result.nextStep { lines.append("        next: \(next)") }
    }
    if let start {
      let seconds = steps.reduce(0) { $0 + $1.estimatedSeconds }
      lines.append("plan: generation \(start.generation) of \(masterHost), about \(seconds) s")
    }
    for step in steps {
      lines.append("  \(step.name.rawValue) (\(step.estimatedSeconds) s): \(step.summary)")
      lines += step.notes.map { "      note: \($0)" }
      lines += step.actions.map { "      \($0)" }
    }
    if let planFailure {
      lines.append("no plan: \(planFailure.operation) \(planFailure.subject): \(planFailure.cause)")
      lines.append("  next: \(planFailure.nextStep)")
    }
    lines.append(isReady ? "ready" : "not ready")
    return lines.joined(separator: "\n")
  }
}

extension Promotion {
  /// Answers every guard and makes the plan; changes nothing.
  ///
  /// - Parameter isTrial: nobody is going to be asked: `--check`.
  public func check(isTrial: Bool = true) throws(PromoteError) -> PromotionCheck {
    var facts = try collect(isTrial: isTrial)
    var planned: [PromotionCheck.Step] = []
    var failure: PromoteError?
    var start: PromotionStart?
    if let chosen = facts.chosen {
      let beginning = try beginning(chosen.number, facts)
      start = beginning
      do throws(PromoteError) { planned = try plan(beginning) } catch { failure = error }
      if failure == nil { facts.files = try? FilesPlan.make(try world(of: beginning, isTrial: true)) }
    }
    return PromotionCheck(
      connection: connection.name, guards: Guards.judge(facts), steps: planned, planFailure: failure,
      masterHost: facts.masterHost, start: start)
  }

  private func beginning(_ generation: UInt64, _ facts: Circumstances) throws(PromoteError) -> PromotionStart {
    let number = (try shelf.numbers().last ?? 0) + 1
    return PromotionStart(
      number: number, connection: connection.name, generation: generation, masterHost: facts.masterHost,
      epoch: max(facts.ownEpoch, facts.heardEpoch ?? 0) + 1, promoter: hexadecimal(Environment.randomBytes(16)),
      options: options)
  }

  /// The same driver as the promotion's, behind a gate that lets nothing through.
  private func plan(_ start: PromotionStart) throws(PromoteError) -> [PromotionCheck.Step] {
    let world = try world(of: start, isTrial: true)
    let journal = try MemoryJournal(start)
    let steps = steps(start, world)
    let effects = ShownEffects()
    try Driver(world, steps: steps, journal: journal, effects: effects, person: NobodyThere()).run()
    return steps.map { step in
      let plan = journal.progress.plan(of: step.name) ?? StepPlan()
      return PromotionCheck.Step(
        name: step.name, summary: step.summary, estimatedSeconds: plan.estimatedSeconds, notes: plan.notes,
        actions: effects.shown.filter { $0.step == step.name }.map(\.action))
    }
  }
}
