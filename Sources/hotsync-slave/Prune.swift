import ArgumentParser
import HotsyncCommand
import HotsyncConfig
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

struct PruneVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Apply the plan for the past: let go of the generations that it does not keep.",
    discussion: "The plan is history.schedule and what stands beside it in the configuration.")

  @Flag(help: "Say what would go and why, and change nothing.")
  var dryRun = false

  @Flag(help: "Also where it leaves less than half of what the last one left, or after a jump of time.")
  var accept = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if dryRun, accept { throw ValidationError("--dry-run and --accept do not go together.") }
  }

  func carryOut(on machine: Machine) throws -> HotsyncReport.ExitCode {
    let configuration = try machine.configuration()
    var decisions: [PruneReport.Decision] = []
    var objections: [PruneReport.Objection] = []
    var failures: [ErrorReport] = []
    for connection in try machine.connections(in: configuration) {
      do throws(StoreError) {
        let pruner = try machine.pruner(of: connection, in: configuration)
        let outcome = dryRun ? try pruner.preview() : try pruner.run(accepts: accept)
        let next = machine.command("hotsync-slave prune --accept --connection \(connection.name)")
        if let why = outcome.refusal, dryRun {
          objections.append(PruneReport.Objection(connection: connection.name, why: why, nextStep: next))
        } else if let why = outcome.refusal {
          failures.append(ErrorReport(PruneVerb.refusal(of: connection.name, why, next)))
          continue
        }
        if let failure = outcome.failure { failures.append(ErrorReport(failure)) }
        decisions += outcome.fates.reversed().map { fate in
          PruneReport.Decision(
            connection: connection.name, generation: fate.generation.number, time: fate.generation.time,
            keptBy: fate.keptBy, dropped: fate.dropped)
        }
      } catch { failures.append(ErrorReport(error)) }
    }
    return machine.console.present(
      PruneReport(
        plan: PruneVerb.plan(configuration.history), decisions: decisions, isDryRun: dryRun, objections: objections,
        failures: failures))
  }

  private static func plan(_ history: HistoryConfiguration) -> PruneReport.Plan {
    PruneReport.Plan(
      name: history.name, description: history.description, schedule: history.schedule, isDisabled: history.isDisabled)
  }

  private static func refusal(of connection: String, _ why: String, _ next: String) -> CommandError {
    CommandError(
      .refused, "will not prune", "the history of \"\(connection)\"", cause: why,
      next: "look at it (--dry-run); if that is right: \(next)")
  }
}
