public import ArgumentParser
import HotsyncCommand
import HotsyncConfig
public import HotsyncPromote
import HotsyncReport
import HotsyncSystem

/// The promotion itself: what stands on the command line without a verb.
struct Promote: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote",
    abstract: "Promote this machine, or go on with a promotion that was interrupted (the default).")

  @Flag(help: "Answer every guard and print the plan with times; change nothing.")
  var check = false

  @Flag(help: "Take the last promotion back, step by step; the epoch stays raised.")
  var rollback = false

  @Flag(help: "Give back the space that the way back takes; there is none after it.")
  var commit = false

  @Flag(help: "Print the journal of the last promotion.")
  var report = false

  @Flag(help: "Print all promotions.")
  var history = false

  @Option(help: ArgumentHelp("A number, latest, latest-N, a snapshot's name or a time.", valueName: "g"))
  var generation: String?

  @Option(help: ArgumentHelp("What the network step does: restore, manual or skip.", valueName: "way"))
  var network: PromotionOptions.Network?

  @Option(help: ArgumentHelp("How data folders are replaced: exchange or copy.", valueName: "way"))
  var files: PromotionOptions.Files?

  @Flag(help: "Ask nobody; needs --confirm-master-off.")
  var nonInteractive = false

  @Option(help: ArgumentHelp("The master is off: its host name, as it would be typed.", valueName: "hostname"))
  var confirmMasterOff: String?

  @Flag(help: "Take a copy that is older than promote.max_age.")
  var allowStale = false

  @Option(help: ArgumentHelp("Go on although this guard fails; once for each.", valueName: "guard"))
  var accept: [String] = []

  @Flag(help: "Ask nothing before --rollback or --commit.")
  var yes = false

  @OptionGroup var chosen: ConnectionOption
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if [check, rollback, commit, report, history].count(where: { $0 }) > 1 {
      throw ValidationError("give only one of --check, --rollback, --commit, --report and --history")
    }
    for name in accept {
      guard let guardName = GuardName(rawValue: name) else {
        throw ValidationError(
          "no guard is called \(name); they are \(GuardName.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      guard guardName.canBeAccepted else { throw ValidationError("the guard \(name) cannot be accepted") }
    }
    if nonInteractive, !check, !rollback, !commit, !report, !history, confirmMasterOff == nil {
      throw ValidationError("--non-interactive needs --confirm-master-off HOSTNAME")
    }
  }

  func run() throws {
    try CommandWorld.run(HotsyncPromoteProgram.program, options) { world in try carryOut(world) }
  }

  private func carryOut(_ world: CommandWorld) throws -> HotsyncReport.ExitCode {
    let place = try Place(world, chosen.connection)
    let person = TerminalOperator(isQuiet: options.quiet)
    let promotion = place.promotion(promotionOptions, person, progress: nil)
    if check { return world.console.present(try promotion.check()) }
    if history { return world.console.present(PromotionHistory(try promotion.history())) }
    if report {
      guard let last = try promotion.lastReport() else {
        throw PromoteError(
          .usage, "cannot report", "a promotion", cause: "none was ever begun on this machine",
          next: "hotsync-promote --check")
      }
      return world.console.present(last)
    }
    Environment.keepFilesPrivate()
    if rollback {
      return world.console.present(
        try promotion.rollBack { () throws(PromoteError) in
          try agrees(person, "Take the promotion back? Type yes to go on:")
        })
    }
    if commit {
      return world.console.present(
        try promotion.commit { () throws(PromoteError) in
          try agrees(person, "Remove what the promotion displaced, for good? Type yes to go on:")
        })
    }
    let done = try promotion.run()
    place.mail(done)
    return world.console.present(done)
  }

  private func agrees(_ person: TerminalOperator, _ question: String) throws(PromoteError) -> Bool {
    if yes { return true }
    guard person.canBeAsked else { return false }
    return try person.ask(question, atMost: nil) == "yes"
  }

  private var promotionOptions: PromotionOptions {
    var wanted = PromotionOptions()
    wanted.generation = generation
    wanted.network = network
    wanted.files = files
    wanted.accepted = Set(accept)
    wanted.allowsStale = allowStale
    wanted.confirmedMaster = confirmMasterOff
    wanted.isInteractive = !nonInteractive
    return wanted
  }
}

extension PromotionOptions.Network: ExpressibleByArgument {}
extension PromotionOptions.Files: ExpressibleByArgument {}
