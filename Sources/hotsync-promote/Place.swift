import HotsyncCommand
import HotsyncConfig
import HotsyncPromote
import HotsyncReport
import HotsyncSlave
import HotsyncSystem

/// What a promotion stands in: the root, its configuration, the connection that is meant.
struct Place {
  let world: CommandWorld
  let root: OpenFolder
  let rootPath: String
  let configuration: Configuration
  let connection: ConnectionConfiguration

  init(_ world: CommandWorld, _ name: String?) throws {
    self.world = world
    root = OpenFolder(try world.openRoot())
    rootPath = try world.rootPath()
    configuration = try world.configuration()
    connection = try world.connection(name, of: configuration)
  }

  /// Tells root of it, through the system's own sendmail. Whoever stands at the console hears of it anyway.
  func mail(_ report: PromotionReport) {
    guard !configuration.mailTo.isEmpty, Mail.canBeSent(from: root.folder) else { return }
    let subject = "hotsync: \(Environment.hostName) was promoted in the place of \(report.masterHost)"
    let lines = report.text(now: Clocks.system.now()).split(separator: "\n").map(String.init)
    do throws(ReportError) {
      try Mail(to: configuration.mailTo, subject: subject, lines: lines).send(from: root.folder)
    } catch { world.console.note("\(error.operation) \(error.subject): \(error.cause)") }
  }

  func promotion(
    _ options: PromotionOptions, _ person: any Operator, progress: (@Sendable (UInt64, UInt64) -> Void)?
  ) -> Promotion {
    let isOverSSH = Environment.value("SSH_CONNECTION") != nil || Environment.value("SSH_TTY") != nil
    let isHeld = Environment.value("STY") != nil || Environment.value("TMUX") != nil
    return Promotion(
      root: root, rootPath: rootPath, configuration: configuration, connection: connection, options: options,
      engines: Engines.loading(connection), person: person,
      console: Promotion.Console(isTerminal: person.canBeAsked, isOverSSH: isOverSSH, isHeld: isHeld),
      show: { [world] check in
        // A document is the promotion's own, when it is done.
        if !world.console.options.json, !world.console.options.quiet { world.console.result(check.text(now: .zero)) }
      },
      progress: progress ?? { _, _ in })
  }
}
