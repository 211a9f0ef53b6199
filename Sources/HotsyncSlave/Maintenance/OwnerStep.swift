import HotsyncFacts
import HotsyncReport
import HotsyncSystem

extension Maintenance {
  /// Accounts are told, not made: those that a promotion lacks it makes itself.
  func compareOwners() throws -> StepOutcome {
    guard let facts = try facts() else { return .skipped("there is no generation yet") }
    guard let master = facts.accounts else { return .skipped("the master has not told its accounts") }
    let own = try Facts.Accounts.gathered(below: root, isMachine: isMachine)
    // A root without users has no names to map by: numbers count there.
    guard !own.users.isEmpty else { return .skipped("this root has no users") }
    let plan = OwnerPlan(master: master, own: own)
    var words = [
      plan.mapped.isEmpty
        ? "all that are here have the master's numbers"
        : "\(plan.mapped.count) have other numbers here (\(Maintenance.list(plan.mapped.map(\.name))))"
    ]
    let lacking = plan.groups.map { "group \($0.name)" } + plan.users.map { "user \($0.name)" }
    if !lacking.isEmpty { words.append("a promotion makes \(lacking.count): \(Maintenance.list(lacking))") }
    return .done(words.joined(separator: "; "))
  }

  /// The first of many names.
  static func list(_ names: [String], atMost limit: Int = 8) -> String {
    names.prefix(limit).joined(separator: ", ") + (names.count > limit ? " and \(names.count - limit) more" : "")
  }
}
