import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
import HotsyncSystem

/// What the administrator should look at now, answered by the machine where it can.
struct ChecklistStep: PromotionStep {
  var name: StepName { .checklist }
  var summary: String { "look at what came of it, and save the report" }

  func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    var actions: [Action] = []
    if world.isMachine {
      actions.append(
        .run(ProgramRun("systemctl", ["list-units", "--failed", "--no-legend", "--plain"], seconds: 20, mayFail: true)))
      actions.append(.run(ProgramRun("ss", ["-H", "-l", "-t", "-n"], seconds: 10, mayFail: true)))
    }
    actions.append(.own(OwnWork("name", shown: "compare this machine's name with the master's", needsMachine: false)))
    return StepPlan(
      actions: actions, estimatedSeconds: 1,
      notes: [
        "update the packages once the Internet answers: apt update && apt upgrade", "connect the backup disk",
        "reboot, and look again",
      ])
  }

  func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    let master = try world.masterHost()
    let own: String
    do throws(FactsError) {
      own = try Facts.Machine.gathered(below: world.root.folder, isMachine: world.isMachine).hostName
    } catch { throw PromoteError(error) }
    return own == master
      ? "this machine has the master's name, \(master)"
      : "this machine is \(own), the master was \(master): certificates, mail and clients may name the master"
  }

  func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {}
}
