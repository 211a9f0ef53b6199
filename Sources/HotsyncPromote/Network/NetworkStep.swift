import HotsyncConfig
import HotsyncFacts
public import HotsyncSystem

/// Takes over the master's addresses: by its files, renamed for this machine's interfaces, with this machine's own address
/// beside them; and back by itself unless somebody confirms that the network is as it should be.
public struct NetworkStep: PromotionStep {
  public init() {}

  public var name: StepName { .network }
  public var summary: String { "take over the master's addresses" }

  static let choice = "network"

  // MARK: Deciding

  public func decide(_ world: PromotionWorld, _ person: any Operator) throws(PromoteError) -> [String: String] {
    if !world.connection.network { return [NetworkStep.choice: PromotionOptions.Network.skip.rawValue] }
    if let given = world.options.network { return [NetworkStep.choice: given.rawValue] }
    let found = try NetworkStep.comparison(world)
    if let clear = NetworkStep.unasked(world, found) { return [NetworkStep.choice: clear.rawValue] }
    return [NetworkStep.choice: try NetworkMenu.ask(found, person).rawValue]
  }

  /// What is done without a question; nil where one is needed.
  private static func unasked(_ world: PromotionWorld, _ found: Found) -> PromotionOptions.Network? {
    guard case .plan(let plan) = found, plan.obstacle == nil else { return world.isMachine ? nil : .skip }
    // Below another root nothing is at stake: the files are written, and nothing is done with them.
    return plan.match.isClear || !world.isMachine ? .restore : nil
  }

  enum Found: Sendable {
    case plan(NetworkPlan)
    /// Why there is no plan.
    case nothing(String)
  }

  static func comparison(_ world: PromotionWorld) throws(PromoteError) -> Found {
    guard let bytes = try world.facts(Facts.Network.name) else {
      return .nothing("the generation holds no facts about the master's network")
    }
    do throws(FactsError) {
      let theirs = try Facts.Network(decoding: bytes)
      let ours = try Facts.Network.gathered(below: world.root.folder, isMachine: world.isMachine)
      return .plan(NetworkPlan(theirs: theirs, ours: ours))
    } catch { throw PromoteError(error) }
  }

  // MARK: Planning

  public func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    guard world.connection.network else {
      return StepPlan(notes: [
        "connections.\(world.connection.name).network.status is disabled: no address is taken over"
      ])
    }
    let found = try NetworkStep.comparison(world)
    let chosen = decisions[NetworkStep.choice].flatMap(PromotionOptions.Network.init) ?? world.options.network
    switch chosen ?? NetworkStep.unasked(world, found) {
    case .restore: return try restore(world, found)
    case .manual: return StepPlan(actions: [.own(NetworkWork.check)], estimatedSeconds: 60, notes: found.lines)
    case .skip: return StepPlan(notes: ["no address is taken over: clients find this machine where it was"])
    case nil:
      return StepPlan(
        estimatedSeconds: 60,
        notes: found.lines + [
          "the operator will be asked: restore the master's network, mend it by hand, or go on without"
        ])
    }
  }

  private func restore(_ world: PromotionWorld, _ found: Found) throws(PromoteError) -> StepPlan {
    guard case .plan(let plan) = found, plan.obstacle == nil else { throw NetworkStep.impossible(found) }
    var actions: [Action] = [.own(NetworkWork.probe(plan)), .own(NetworkWork.save(plan))]
    for file in plan.files {
      guard let path = LivePath(file.path) else { continue }
      if let parent = path.path.parent { actions.append(.makeFolder(LivePath(parent), FileOwner(mode: 0o755))) }
      actions.append(
        .write(path, StoredBytes(Array(file.text.utf8)), FileOwner(mode: file.permissions, user: NetworkStep.owner)))
    }
    for path in plan.removed.compactMap(LivePath.init(_:)) { actions.append(.remove(path)) }
    actions.append(.own(NetworkWork.apply(plan)))
    if !(try HookFolder.takeover.names(world)).isEmpty { actions.append(.own(NetworkWork.takeover)) }
    return StepPlan(actions: actions, estimatedSeconds: 20, notes: found.lines)
  }

  /// Root's; below another root, of who runs this.
  private static var owner: UInt32 { Environment.userID }

  static func impossible(_ found: Found) -> PromoteError {
    PromoteError(
      .refused, "cannot restore", "the master's network", cause: found.lines.joined(separator: "; "),
      next: "give addresses by hand and go on with: hotsync-promote --network manual; or without: --network skip")
  }

  // MARK: Doing

  public func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    let done = NetworkWork(world, person)
    switch work.name {
    case "probe": return try done.probe(work)
    case "save": return try done.save(work)
    case "apply": return try done.apply(work)
    case "check": return try done.checkByHand()
    case "takeover": return try HookFolder.takeover.run(world)
    default: throw .unknownWork(work, name)
    }
  }

  public func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {
    let done = NetworkWork(world, NobodyThere())
    switch work.name {
    case "apply": done.takeDown(work)
    case "save": try done.bringBack(work)
    case "probe", "check", "takeover": break
    default: throw .unknownWork(work, name)
    }
  }
}

extension NetworkStep.Found {
  /// For a person.
  var lines: [String] {
    switch self {
    case .nothing(let why): [why]
    case .plan(let plan):
      if let obstacle = plan.obstacle { [obstacle] } else { plan.match.lines + plan.notes }
    }
  }
}
