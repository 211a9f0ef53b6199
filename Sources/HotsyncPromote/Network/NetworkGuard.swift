import HotsyncConfig
import HotsyncFacts

/// Whether the master's interfaces have counterparts here, and what else is to be known before its addresses are taken.
enum NetworkGuard {
  static func result(_ world: PromotionWorld) throws(PromoteError) -> GuardResult {
    guard world.connection.network else {
      return .pass(.network, "No address is taken over: network.status is disabled.")
    }
    guard world.isMachine else { return .pass(.network, "The network is planned only: this root is no machine.") }
    return judge(try NetworkStep.comparison(world), world.options)
  }

  static func judge(_ found: NetworkStep.Found, _ options: PromotionOptions) -> GuardResult {
    let words = found.lines.joined(separator: "; ")
    if let chosen = options.network, chosen != .restore { return .pass(.network, "As you chose: \(chosen.rawValue).") }
    if case .plan(let plan) = found, plan.obstacle == nil, plan.match.isClear { return .pass(.network, "\(words).") }
    let next = "look at the comparison; say what is to be done: --network restore, manual or skip"
    // Who is there is asked.
    return options.isInteractive || options.network == .restore
      ? .warn(.network, "The network is not clear: \(words).", next: next)
      : .fail(.network, "The network is not clear: \(words).", next: next)
  }
}
