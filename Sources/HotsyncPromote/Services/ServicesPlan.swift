import HotsyncFacts

/// What is to be enabled and started: a pure comparison of what the master had with what is here.
struct ServicesPlan: Equatable, Sendable {
  struct Unit: Equatable, Sendable {
    let name: String
    /// It was not enabled here before.
    let enables: Bool
  }

  /// Those that are started before schedules come in force, sorted; sockets first, which give others their calls.
  private(set) var units: [Unit] = []
  /// Those that run things at times: after the schedules.
  private(set) var timed: [Unit] = []
  private(set) var notes: [String] = []

  private static let timedNames: Set<String> = ["cron.service", "anacron.service", "atd.service", "cronie.service"]

  /// - Parameters:
  ///   - isVoid: whether its package says that there is nothing to start: an old init script beside a unit that is none.
  ///   - isInstalled: whether this machine has the unit, of an instance its template.
  init(
    theirs: Facts.Services, ours: Facts.Services, isVoid: (String) -> Bool = { _ in false },
    isInstalled: (String) -> Bool
  ) {
    let enabled = Set(ours.enabled.map(\.name) + ours.scripts.map { "\($0).service" })
    let masked = Set(ours.masked)
    var names = theirs.enabled.map(\.name)
    names += theirs.scripts.map { "\($0).service" }.filter { !names.contains($0) }
    var missing: [String] = []
    for name in names.sorted(by: ServicesPlan.precedes) where !BaseUnits.contains(name) && !isVoid(name) {
      if masked.contains(name) {
        notes.append("\(name) is masked here: systemctl unmask \(name), if it is to run")
      } else if !isInstalled(name) {
        missing.append(name)
      } else {
        let unit = Unit(name: name, enables: !enabled.contains(name))
        if name.hasSuffix(".timer") || ServicesPlan.timedNames.contains(name) {
          timed.append(unit)
        } else {
          units.append(unit)
        }
      }
    }
    if !missing.isEmpty { notes.append("not installed here: \(missing.joined(separator: ", "))") }
  }

  private static func precedes(_ left: String, _ right: String) -> Bool {
    let (first, second) = (left.hasSuffix(".socket"), right.hasSuffix(".socket"))
    return first != second ? first : left < right
  }
}
