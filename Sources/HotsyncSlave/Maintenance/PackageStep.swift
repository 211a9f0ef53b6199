import HotsyncConfig
import HotsyncFacts
import HotsyncReport
import HotsyncSystem

extension Maintenance {
  func comparePackages() throws -> StepOutcome {
    guard configuration.maintenance.packages, connection.packages else { return .skipped("switched off") }
    guard let facts = try facts() else { return .skipped("there is no generation yet") }
    guard let master = facts.packages, let machine = facts.machine else {
      return .skipped("the master has not told its packages")
    }
    let own = try Facts.Packages.gathered(below: root, isMachine: isMachine)
    let plan = PackagePlan(master: master, own: own, architecture: machine.architecture)
    guard !plan.missing.isEmpty else { return .done("in step" + Maintenance.versions(plan)) }
    guard isMachine, Environment.isRoot else {
      return .done("not carried out here: \(plan.missing.count) missing (\(Maintenance.list(plan.missing)))")
    }
    return try install(plan)
  }

  private func install(_ plan: PackagePlan) throws -> StepOutcome {
    let installation = try QuietInstallation(state: try state(), root: root, clocks: clocks)
    let result = try installation.install(plan.missing)
    if !result.refused.isEmpty {
      blockers[.packages] = result.refused.prefix(20).map { refused in
        Blocker(
          code: "packages", message: "the package \(refused.name) cannot be had: \(refused.why)",
          nextStep: "apt-get install \(refused.name); where a source is missing here, add the master's to /etc/apt")
      }
    }
    var words: [String] = []
    if !result.installed.isEmpty { words.append("installed \(Maintenance.list(result.installed))") }
    if !result.refused.isEmpty { words.append("cannot get \(Maintenance.list(result.refused.map(\.name)))") }
    if !result.disabled.isEmpty { words.append("kept from starting: \(Maintenance.list(result.disabled))") }
    return .done(
      words.joined(separator: "; ") + Maintenance.versions(plan),
      next: result.refused.isEmpty ? nil : "apt-get install \(result.refused[0].name), and see what it says")
  }

  private static func versions(_ plan: PackagePlan) -> String {
    plan.otherVersions.isEmpty
      ? ""
      : "; \(plan.otherVersions.count) in another version than the master's "
        + "(\(list(plan.otherVersions.map(\.name), atMost: 4)))"
  }
}
