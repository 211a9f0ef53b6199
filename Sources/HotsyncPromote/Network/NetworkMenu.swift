import HotsyncSystem

/// The menu of three, as the administrators of HotSync know it.
enum NetworkMenu {
  private static let attempts = 3

  static func text(_ found: NetworkStep.Found) -> String {
    let compared = found.lines.map { "    \($0)" }.joined(separator: "\n")
    return """
      The master's network cannot be taken over without a question:
      \(compared)

        1  restore the master's network configuration
           Only for identical hardware. This machine's own configuration is saved, the master's takes its place, and
           it goes back by itself after \(NetworkWork.patience) seconds unless you confirm it.
        2  fix the network by hand in another window, and check again
           Nothing is changed here until you say that it is done.
        3  go on without the master's addresses, and without the Internet if that does not answer (not recommended)
           Clients do not find this machine; services that need the Internet or the master's addresses may fail to start.
      """
  }

  static func choice(_ answer: String) -> PromotionOptions.Network? {
    switch answer {
    case "1", "restore": .restore
    case "2", "manual": .manual
    case "3", "skip": .skip
    default: nil
    }
  }

  static func ask(
    _ found: NetworkStep.Found, _ person: any Operator
  ) throws(PromoteError) -> PromotionOptions.Network {
    guard person.canBeAsked else {
      throw PromoteError(
        .refused, "cannot choose", "what becomes of the network", cause: found.lines.joined(separator: "; "),
        next: "say it: hotsync-promote --network restore, manual or skip")
    }
    person.tell(text(found))
    for _ in 0..<attempts {
      let answer = try person.ask("1, 2 or 3?", atMost: nil)
      if answer.isEmpty { break }
      if let chosen = choice(answer) { return chosen }
    }
    throw PromoteError(
      .refused, "cannot choose", "what becomes of the network", cause: "none of 1, 2 and 3 was answered",
      next: "go on with: hotsync-promote")
  }
}
