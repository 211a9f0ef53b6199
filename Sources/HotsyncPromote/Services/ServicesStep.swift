import HotsyncFacts
public import HotsyncSystem

/// Enables and starts what the master had enabled, each by itself, so that none that fails hides another; what runs at times
/// comes last.
public struct ServicesStep: PromotionStep {
  public init() {}

  public var name: StepName { .services }
  public var summary: String { "enable and start what the master had enabled, crontabs last" }

  /// Where units are installed.
  private static let places = [
    "etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system",
  ]
  private static let startSeconds = 120

  // MARK: Planning

  public func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    guard let bytes = try world.facts(Facts.Services.name) else {
      return StepPlan(notes: ["the generation holds no facts about the master's services: start them by hand"])
    }
    let comparison: ServicesPlan
    do throws(FactsError) {
      let ours = try Facts.Services.gathered(below: world.root.folder, isMachine: world.isMachine)
      comparison = ServicesPlan(
        theirs: try Facts.Services(decoding: bytes), ours: ours,
        isVoid: { ServicesStep.isVoid($0, below: world.root.folder) },
        isInstalled: { ServicesStep.isInstalled($0, below: world.root.folder) })
    } catch { throw PromoteError(error) }
    let running = ServicesStep.running(comparison.units + comparison.timed, world)
    var actions: [Action] = [
      .run(ProgramRun("systemctl", ["daemon-reload"], undo: ["systemctl", "daemon-reload"], mayFail: true))
    ]
    for unit in comparison.units { actions += ServicesStep.actions(unit, running) }
    let schedules = try SchedulesPlan(world)
    actions += schedules.actions
    for unit in comparison.timed { actions += ServicesStep.actions(unit, running) }
    return StepPlan(
      actions: actions, estimatedSeconds: 2 + 2 * (comparison.units.count + comparison.timed.count),
      notes: comparison.notes + schedules.notes)
  }

  private static func actions(_ unit: ServicesPlan.Unit, _ running: Set<String>) -> [Action] {
    var actions: [Action] = []
    if unit.enables {
      actions.append(
        .run(
          ProgramRun("systemctl", ["enable", unit.name], undo: ["systemctl", "disable", unit.name], mayFail: true)))
    }
    actions.append(
      .own(
        OwnWork(
          "start", ["unit": unit.name, "ran": running.contains(unit.name) ? "yes" : "no"],
          shown: "systemctl start \(unit.name)", needsMachine: true, mayFail: true)))
    return actions
  }

  /// Whether the unit that its package brings leads to /dev/null, as Debian's sudo.service does.
  static func isVoid(_ unit: String, below root: borrowing Folder) -> Bool {
    guard let name = FileName(unit) else { return false }
    return places.dropFirst().contains { text in
      guard let path = RelativePath(text), let folder = try? root.folderIfPresent(at: path) else { return false }
      return (try? folder.readLink(name)) == Array("/dev/null".utf8)
    }
  }

  static func isInstalled(_ unit: String, below root: borrowing Folder) -> Bool {
    var names = [unit]
    if let at = unit.firstIndex(of: "@"), let dot = unit.lastIndex(of: ".") {
      names.append(String(unit[...at]) + String(unit[dot...]))
    }
    for text in places {
      guard let path = RelativePath(text), let folder = try? root.folderIfPresent(at: path) else { continue }
      if names.contains(where: { name in
        FileName(name).map { ((try? folder.statusIfPresent($0)) ?? nil) != nil } ?? false
      }) {
        return true
      }
    }
    guard unit.hasSuffix(".service"), let script = FileName(String(unit.dropLast(8))),
      let path = RelativePath("etc/init.d"),
      let folder = try? root.folderIfPresent(at: path)
    else { return false }
    return ((try? folder.statusIfPresent(script)) ?? nil) != nil
  }

  /// Which of them run now: the rollback leaves those running.
  private static func running(_ units: [ServicesPlan.Unit], _ world: PromotionWorld) -> Set<String> {
    guard world.isMachine, !units.isEmpty else { return [] }
    let tool = Tool("systemctl", in: ["/usr/bin", "/bin"], limit: .seconds(30))
    // A line a unit, in their order; its code only says whether all of them run.
    guard let result = try? tool.run(["is-active", "--"] + units.map(\.name), outputLimit: 1 << 20) else { return [] }
    let states = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
    return Set(zip(units, states).filter { $0.1 == "active" }.map(\.0.name))
  }

  // MARK: Doing

  public func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    guard work.name == "start", let unit = work.values["unit"] else { throw .unknownWork(work, name) }
    // A unit that ran already was started for what this machine was before.
    let verb = work.values["ran"] == "yes" ? "restart" : "start"
    guard let failure = ServicesStep.systemctl([verb, "--", unit]) else { return "" }
    let log = ServicesStep.lastLines(unit)
    throw PromoteError(
      .failed, "cannot start", unit, cause: ([failure] + log).joined(separator: "\n"),
      next: "see: systemctl status \(unit); then: systemctl start \(unit)")
  }

  public func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    guard work.name == "start", let unit = work.values["unit"] else { throw .unknownWork(work, name) }
    guard work.values["ran"] != "yes", let failure = ServicesStep.systemctl(["stop", "--", unit]) else { return }
    throw PromoteError(
      .failed, "cannot stop", unit, cause: failure,
      next: "stop it by hand (systemctl kill \(unit)), then go on with: hotsync-promote --rollback")
  }

  /// - Returns: how it failed; nil where it did not.
  private static func systemctl(_ arguments: [String]) -> String? {
    let tool = Tool("systemctl", in: ["/usr/bin", "/bin"], limit: .seconds(startSeconds))
    do throws(SystemError) {
      let result = try tool.run(arguments, outputLimit: 64 << 10)
      return result.succeeded ? nil : result.failure
    } catch { return "systemctl cannot be run: \(error.cause)" }
  }

  /// The last ten of its log.
  private static func lastLines(_ unit: String) -> [String] {
    let tool = Tool("journalctl", in: ["/usr/bin", "/bin"], limit: .seconds(10))
    let result = try? tool.run(["--no-pager", "--lines=10", "--output=cat", "--unit=\(unit)"], outputLimit: 64 << 10)
    return shownLines(result?.output ?? [])
  }
}
