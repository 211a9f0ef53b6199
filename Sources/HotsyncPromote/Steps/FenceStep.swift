import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncProtocol
import HotsyncSlave
import HotsyncSystem

/// Raises the epoch on disk before anything else is changed, and has the agent answer nothing but that.
struct FenceStep: PromotionStep {
  /// What is raised to: settled when the promotion begins.
  let epoch: Epoch
  let since: Timestamp

  var name: StepName { .fence }
  var summary: String { "raise the epoch, so that the old master is refused from here on" }

  private static let timers = ["hotsync-slave.timer", "hotsync-slave.service"]

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    guard let path = PromotionMark.path(of: world.connection.name) else {
      throw PromoteError(
        .bug, "cannot fence", world.connection.name, cause: "its name is no part of a path", next: "report this")
    }
    let mark = PromotionMark(number: world.number, epoch: epoch.number, since: since)
    var plan = StepPlan(estimatedSeconds: 1)
    let hooks = try HookFolder.fence.names(world)
    if !hooks.isEmpty {
      plan.actions.append(
        .own(
          OwnWork(
            "hooks", shown: "run /etc/hotsync/fence.d: \(hooks.map(\.description).joined(separator: ", "))",
            needsMachine: false)))
    }
    plan.actions.append(
      .own(
        OwnWork(
          "epoch", ["number": "\(epoch.number)", "promoter": hexadecimal(epoch.promoter)],
          shown: "raise the epoch to \(epoch.number) (/var/lib/hotsync-state/epoch)", needsMachine: false)))
    plan.actions.append(.write(LivePath(path), StoredBytes(mark.bytes), FileOwner(mode: 0o600)))
    for timer in FenceStep.timers where world.isMachine && FenceStep.isActive(timer) {
      plan.actions.append(
        .run(
          ProgramRun("systemctl", ["stop", timer], undo: ["systemctl", "start", timer], seconds: 60, mayFail: true)))
    }
    return plan
  }

  private static func isActive(_ unit: String) -> Bool {
    let tool = Tool("systemctl", in: ["/usr/bin", "/bin"], limit: .seconds(10))
    return (try? tool.run(["is-active", "--quiet", unit], outputLimit: 4_096).succeeded) ?? false
  }

  func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    if work.name == "hooks" { return try HookFolder.fence.run(world) }
    let wanted = try FenceStep.epoch(work)
    try FenceStep.tidyState(world)
    do throws(ProtocolError) {
      let known = try EpochFile.read(below: world.root.folder)
      // Where another promotion of this machine raised it further meanwhile, it stays as high.
      if known.number < wanted.number { try EpochFile.adopt(wanted, below: world.root.folder) }
    } catch { throw PromoteError(error) }
    return "the epoch is \(wanted.number)"
  }

  /// The epoch stays raised: whoever may write from now on is told apart by name.
  func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    // What a power switch did is the operator's to take back.
    if work.name == "hooks" { return }
    let epoch = try FenceStep.epoch(work)
    try FenceStep.tidyState(world)
    let path = LivePath(checked: "var/lib/hotsync-state").path
    let state = try PromoteError.telling { () throws(SystemError) in try world.root.folder.folder(at: path) }
    do throws(ProtocolError) {
      // Where it was not raised before the crash, it is now: the same promotion's number is used once only.
      if try EpochFile.read(below: world.root.folder).number < epoch.number {
        try EpochFile.adopt(epoch, below: world.root.folder)
      }
      try EpochHolder.grant(epoch, to: world.connection.name, in: state)
    } catch { throw PromoteError(error) }
  }

  private static func tidyState(_ world: PromotionWorld) throws(PromoteError) {
    try PromoteError.telling { () throws(SystemError) in
      let state = try world.root.folder.folder(at: LivePath(checked: "var/lib/hotsync-state").path)
      try state.removeLeftovers(beginningWith: ".new-epoch")
    }
  }

  private static func epoch(_ work: OwnWork) throws(PromoteError) -> Epoch {
    guard let number = work.values["number"].flatMap({ UInt64($0) }),
      let promoter = work.values["promoter"].flatMap({ parseHexadecimal($0[...]) }),
      let epoch = Epoch(number: number, promoter: promoter)
    else { throw .unknownWork(work, .fence) }
    return epoch
  }
}
