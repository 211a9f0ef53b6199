public import HotsyncConfig
public import HotsyncReport
import HotsyncSystem

/// What runs that nobody watches tell by mail: that something went wrong, and that it is well again.
public struct RunAlerts: Sendable {
  private let world: CommandWorld
  private let recipient: String

  public init(_ world: CommandWorld, _ configuration: Configuration) {
    self.world = world
    recipient = configuration.mailTo
  }

  /// - Parameter recipient: where no configuration can be read.
  public init(_ world: CommandWorld, recipient: String) {
    self.world = world
    self.recipient = recipient
  }

  /// A service of systemd's leaves the mail to `hotsync-alert@.service`, which comes after it.
  private var isMailedLater: Bool { Environment.value("HOTSYNC_MAIL") == "later" }

  /// Who sits at the terminal has read it there; that it is well is told whoever made it so.
  private var isWatched: Bool { Terminal.isThere(2) }

  // MARK: What there is to tell

  /// What came of a cycle.
  public func tell(_ cycle: ConnectionReport) {
    // A run that met another one says nothing of the copy.
    guard cycle.changes == nil, cycle.result != .disabled, cycle.exitCode != .busy else { return }
    let name = cycle.connection
    let failure = cycle.failure
    let isFenced = failure?.kind == .fenced
    note([
      (
        failure != nil && !isFenced,
        trouble(
          "sync.\(name)", "\(name): the cycle failed", failure.map(RunAlerts.lines) ?? [], "\(name): cycles run again")
      ),
      (
        isFenced,
        trouble(
          RunAlerts.fenceKey, RunAlerts.fenceSubject,
          failure.map(RunAlerts.lines) ?? [], RunAlerts.fenceRecovery)
      ),
      (
        failure == nil && cycle.exitCode == .incomplete,
        trouble(
          "incomplete.\(name)", "\(name): files or databases are left out of the copy",
          RunAlerts.lines(cycle.problems.filter(\.leftOut)), "\(name): the copy is complete again")
      ),
    ])
  }

  /// The fence is the machine's, whichever connection it was learnt by.
  private static let fenceKey = "fenced"
  private static let fenceSubject = "this machine is fenced: another one is the master now"
  private static let fenceRecovery = "this machine is not fenced any more"

  /// What the guard found.
  ///
  /// - Parameter cause: why this machine is fenced; nil where it is not.
  public func tell(fence cause: String?) {
    let lines = [cause ?? "", "  next:  hotsync status tells what stopped and what to type"]
    note([(cause != nil, trouble(RunAlerts.fenceKey, RunAlerts.fenceSubject, lines, RunAlerts.fenceRecovery))])
  }

  /// What came of the slave's maintenance.
  public func tell(_ maintenance: MaintenanceReport.Connection) {
    guard maintenance.notice == nil else { return }
    let name = maintenance.name
    let blockers = maintenance.readiness?.blockers ?? []
    let old = blockers.filter { $0.code == "old" }
    let other = blockers.filter { $0.code != "old" }
    note([
      // As the service that was ended is known.
      (false, trouble("maintenance", "", [], "")),
      (
        !maintenance.failures.isEmpty,
        trouble(
          "maintenance.\(name)", "\(name): the slave's maintenance failed",
          maintenance.failures.flatMap(RunAlerts.lines), "\(name): the slave's maintenance is well again")
      ),
      (
        !old.isEmpty,
        trouble("old.\(name)", "\(name): the copy is old", RunAlerts.lines(old), "\(name): the copy is young again")
      ),
      (
        !other.isEmpty,
        trouble(
          "ready.\(name)", "\(name): a promotion would not work now", RunAlerts.lines(other),
          "\(name): a promotion would work again")
      ),
    ])
  }

  /// A service that came to an end of which it could say nothing itself: too late, by a signal.
  public func tell(service unit: String, ending: String, connection: String?) {
    let key = connection.map { "sync.\($0)" } ?? "maintenance"
    note([
      (
        true,
        trouble(
          key, "\(connection ?? unit): the service was ended",
          ["\(unit): \(ending)", "next:  journalctl -u \(unit) -e"], "\(connection ?? unit): it runs again")
      )
    ])
  }

  /// Mails what waits to be told.
  public func deliver() throws -> Int {
    try Alerts(below: try world.openRoot(), recipient: recipient).deliver()
  }

  // MARK: Parts

  /// A mail that cannot be sent is no failure of what it tells of.
  private func note(_ found: [(stands: Bool, trouble: Alerts.Trouble)]) {
    do {
      let alerts = try Alerts(below: try world.openRoot(), recipient: recipient)
      for (stands, trouble) in found {
        if !stands { try alerts.clear(trouble.key) } else if !isWatched { try alerts.raise(trouble) }
      }
      if !isMailedLater { try alerts.deliver() }
    } catch { world.console.note("no mail: \((error as? any HotsyncError)?.description ?? "\(error)")") }
  }

  private func trouble(_ key: String, _ subject: String, _ lines: [String], _ recovery: String) -> Alerts.Trouble {
    Alerts.Trouble(key: key, subject: subject, lines: lines, recovery: recovery)
  }

  private static func lines(_ error: ErrorReport) -> [String] {
    [error.operation + " " + error.subject, "  cause: \(error.cause)", "  next:  \(error.nextStep)"]
  }

  private static let problemLimit = 20

  private static func lines(_ problems: [Problem]) -> [String] {
    let told = problems.prefix(problemLimit).flatMap { problem in
      [
        (problem.path.map { "\($0.description): " } ?? "") + problem.message, "  next:  \(problem.nextStep)",
      ]
    }
    return problems.count > problemLimit ? told + ["and \(problems.count - problemLimit) more"] : told
  }

  private static func lines(_ blockers: [Blocker]) -> [String] {
    blockers.flatMap { [$0.message, "  next:  \($0.nextStep)"] }
  }
}
