import ArgumentParser
import HotsyncCommand
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem

/// What `hotsync-alert@.service` runs after a service of ours: mails what that one found, and what it could not say itself.
struct AlertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alert", abstract: "Mail what a service of HotSync's has to tell.", shouldDisplay: false)

  @Argument(help: "The service's unit.")
  var unit: String

  @OptionGroup var options: GlobalOptions

  private static let systemctl = Tool("systemctl", in: ["/usr/bin", "/bin"], limit: .seconds(30))
  /// Endings after which the service had its own say: systemd.exec(5), `$SERVICE_RESULT`.
  private static let told: Set = ["success", "exit-code", ""]

  func run() throws {
    try CommandWorld.run(Hotsync.program, options) { world in
      let connection = AlertCommand.connection(of: unit)
      let alerts: RunAlerts
      do { alerts = RunAlerts(world, try world.configuration()) } catch {
        // The service could not read it either, and so not say to whom it would have told that.
        alerts = RunAlerts(world, recipient: "root")
        alerts.tell(service: unit, ending: ErrorReport(error).message, connection: connection)
        return .done
      }
      let ending = AlertCommand.ending(of: unit)
      if !AlertCommand.told.contains(ending) {
        alerts.tell(service: unit, ending: ending, connection: connection)
      }
      if unit.hasPrefix("hotsync-guard") {
        alerts.tell(fence: try Fence.read(below: try world.openRoot())?.cause)
      }
      _ = try alerts.deliver()
      return .done
    }
  }

  private static func ending(of unit: String) -> String {
    let arguments = ["show", "--property=Result", "--value", "--", unit]
    guard let result = try? systemctl.run(arguments, outputLimit: 4_096), result.succeeded else { return "" }
    return shownLines(result.output).first ?? ""
  }

  /// `hotsync@standby.service` is that of `standby`.
  private static func connection(of unit: String) -> String? {
    guard unit.hasPrefix("hotsync@"), unit.hasSuffix(".service") else { return nil }
    return String(unit.dropFirst("hotsync@".count).dropLast(".service".count))
  }
}
