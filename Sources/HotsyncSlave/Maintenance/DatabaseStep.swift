import HotsyncConfig
import HotsyncDatabases
import HotsyncReport
import HotsyncSystem

extension Maintenance {
  /// - Parameter rehearses: all dumps are loaded, changed or not, and whatever the configuration says.
  func loadDumps(rehearses: Bool) throws -> StepOutcome {
    let isFull = rehearses || isRehearsalDue
    guard configuration.maintenance.preload || isFull else { return .skipped("switched off (maintenance.preload)") }
    guard let pinned = try newest(of: try store()) else { return .skipped("there is no generation yet") }
    let names = try Preload.engines(of: pinned)
    guard !names.isEmpty else { return .skipped("the newest generation has no dumps") }
    var found: [Blocker] = []
    var words: [String] = []
    var loadingSeconds = 0.0
    for name in names {
      guard let engine = engines.first(where: { $0.name == name }) else {
        found.append(
          blocker("this machine is not set up to load dumps of \(name)", "install its server here: apt install \(name)")
        )
        continue
      }
      do {
        let outcome = try Preload(pinned, engine, clocks: clocks).run(all: isFull)
        loadingSeconds += Maintenance.seconds(outcome.duration)
        words.append("\(name): \(outcome.loaded) of \(outcome.dumps) loaded")
        found += outcome.failures.map {
          blocker("the dump cannot be trusted: \($0)", "on the master: hotsync sync; then here: hotsync-slave rehearse")
        }
      } catch let error as any HotsyncError {
        found.append(blocker(ErrorReport(error).message, error.nextStep))
      }
    }
    blockers[.databases] = found
    if found.isEmpty, isFull { rehearsedAt = clocks.now().seconds }
    if loadingSeconds > 0 || loadSeconds == nil { loadSeconds = loadingSeconds }
    if let first = found.first {
      throw StoreError(
        .failed, "cannot load", "the dumps of \"\(connection.name)\"",
        cause: found.map(\.message).prefix(3).joined(separator: "; "), next: first.nextStep)
    }
    return .done((isFull ? "rehearsed; " : "") + words.joined(separator: ", "))
  }

  private func blocker(_ message: String, _ next: String) -> Blocker {
    Blocker(code: "databases", message: message, nextStep: next)
  }

  private var isRehearsalDue: Bool {
    let intervals = ["hourly": 3_600.0, "daily": 86_400.0, "weekly": 604_800.0]
    guard let interval = intervals[configuration.maintenance.rehearse] else { return false }
    guard let last = rehearsedAt else { return true }
    // A run that begins a little earlier in its hour counts as the day's, too.
    return Double(clocks.now().seconds - last) > interval - 600
  }
}
