public import HotsyncConfig
public import HotsyncSystem

/// The timers of systemd by which HotSync runs by itself: what `apply`, `activate` and `deactivate` make of the
/// configuration.
///
/// The timers themselves are installed with the programs; a drop-in `60-schedule.conf` has the schedule. Below another root
/// than the machine's own the drop-ins are written, and systemd is told nothing.
public struct Timers: ~Copyable {
  /// One timer: whether it is to run, and when.
  struct Wanted: Equatable {
    let unit: String
    let isEnabled: Bool
    /// The key that says when.
    let key: String
    let schedule: Schedule
  }

  private let root: Folder
  private let wanted: [Wanted]
  private var changed: [String] = []
  private var isReloadDue = false

  private static let units = "etc/systemd/system"
  private static let dropIn = "60-schedule.conf"
  private static let systemctl = Tool("systemctl", in: ["/usr/bin", "/bin"], limit: .seconds(60))
  private static let analyzer = Tool("systemd-analyze", in: ["/usr/bin"], limit: .seconds(10))
  private static let answerLimit = 64 << 10

  /// Makes the timers match.
  ///
  /// - Returns: what was changed, in words; empty where all was as it should be.
  public static func match(_ configuration: Configuration, below root: borrowing Folder) throws -> [String] {
    var timers = Timers(root: try root.duplicate(), wanted: wanted(by: configuration))
    return try timers.match()
  }

  private init(root: consuming Folder, wanted: [Wanted]) {
    self.root = root
    self.wanted = wanted
  }

  /// A master's cycles a connection each, and the slave's maintenance once for all.
  static func wanted(by configuration: Configuration) -> [Wanted] {
    let cycles = configuration.connections.filter { $0.role == .master }.map { connection in
      Wanted(
        unit: "hotsync@\(connection.name).timer", isEnabled: configuration.isEnabled && connection.isEnabled,
        key: "connections.\(connection.name).schedule", schedule: connection.schedule)
    }
    let isSlave = configuration.connections.contains { $0.role == .slave && $0.isEnabled }
    let hour = Wanted(
      unit: "hotsync-slave.timer", isEnabled: configuration.isEnabled && isSlave, key: "maintenance.schedule",
      schedule: configuration.maintenance.schedule)
    return cycles + [hour]
  }

  /// What stands in the drop-in: the schedule in place of the one that was installed.
  static func text(_ wanted: Wanted) -> String {
    let lines = wanted.schedule.calendarExpressions.map { "OnCalendar=\($0)\n" }.joined()
    return "# From \(wanted.key) of HotSync's configuration; \"apply\" writes it anew.\n[Timer]\nOnCalendar=\n\(lines)"
  }

  // MARK: Matching

  private mutating func match() throws -> [String] {
    for timer in wanted where timer.isEnabled { try check(timer) }
    for timer in wanted {
      if timer.isEnabled { try write(timer) } else { try removeDropIn(of: timer.unit) }
    }
    let strangers = try strangers()
    for unit in strangers { try removeDropIn(of: unit) }
    guard try root.isMachineRoot(), Timers.isSystemdRunning else { return changed }
    if isReloadDue { try Timers.tell(["daemon-reload"]) }
    for timer in wanted { try set(timer.unit, isEnabled: timer.isEnabled) }
    for unit in strangers { try set(unit, isEnabled: false) }
    return changed
  }

  /// sd_booted(3).
  private static var isSystemdRunning: Bool { (try? Folder.open("/run/systemd/system")) != nil }

  /// Whether systemd understands the schedule, where it can be asked.
  private func check(_ timer: Wanted) throws {
    for expression in timer.schedule.calendarExpressions {
      let arguments = ["calendar", "--iterations=1", "--", expression]
      guard let result = try? Timers.analyzer.run(arguments, outputLimit: Timers.answerLimit), !result.succeeded,
        result.ending != nil
      else { continue }
      throw CommandError(
        .configuration, "cannot use", "\"\(shown(timer.schedule.text.utf8))\" as \(timer.key)",
        cause: "systemd-analyze calendar \(result.failure)",
        next:
          "give five cron fields, or an expression of systemd.time(7): hotsync config set \(timer.key) '*/15 * * * *'")
    }
  }

  private mutating func write(_ timer: Wanted) throws {
    guard let path = RelativePath("\(Timers.units)/\(timer.unit).d/\(Timers.dropIn)") else { return }
    let folder = try MachineFolders.makeWay(to: path, below: root)
    let text = Array(Timers.text(timer).utf8)
    guard try folder.content(of: path.name, limit: Timers.answerLimit) != text else { return }
    try folder.replace(path.name, with: text, permissions: 0o644)
    changed.append("schedule of \(timer.unit): \(timer.schedule.calendarExpressions.joined(separator: ", "))")
    isReloadDue = true
  }

  private mutating func removeDropIn(of unit: String) throws {
    guard let path = RelativePath("\(Timers.units)/\(unit).d"), let name = FileName(Timers.dropIn),
      let folder = try root.folderIfPresent(at: path), try folder.statusIfPresent(name) != nil
    else { return }
    try folder.unlink(name)
    // Somebody else may have drop-ins of their own there.
    if try folder.names().isEmpty { try root.parentFolder(of: path).removeFolder(path.name) }
    changed.append("\(unit) without a schedule")
    isReloadDue = true
  }

  /// Timers of connections that are not configured here, any more or as master.
  private func strangers() throws -> [String] {
    let known = Set(wanted.map(\.unit))
    var units: Set<String> = []
    for (folder, suffix) in [(Timers.units, ".d"), ("\(Timers.units)/timers.target.wants", "")] {
      guard let path = RelativePath(folder), let folder = try root.folderIfPresent(at: path) else { continue }
      for name in try folder.names() {
        let text = String(decoding: name.bytes, as: UTF8.self)
        guard text.hasPrefix("hotsync@"), text.hasSuffix(".timer\(suffix)") else { continue }
        units.insert(String(text.dropLast(suffix.count)))
      }
    }
    // A template's own drop-ins are the administrator's.
    return units.subtracting(known).subtracting(["hotsync@.timer"]).sorted()
  }

  private mutating func set(_ unit: String, isEnabled: Bool) throws {
    let isOn = try Timers.asks("is-enabled", unit)
    let runs = try Timers.asks("is-active", unit)
    if isEnabled, !isOn || !runs {
      try Timers.tell(["enable", "--now", "--", unit])
      changed.append("\(unit) enabled")
    } else if !isEnabled, isOn || runs {
      try Timers.tell(["disable", "--now", "--", unit])
      changed.append("\(unit) disabled")
    } else if isEnabled, isReloadDue {
      // A schedule that changed counts from the next start on.
      try Timers.tell(["restart", "--", unit])
    }
  }

  private static func asks(_ verb: String, _ unit: String) throws -> Bool {
    try systemctl.run([verb, "--quiet", "--", unit], outputLimit: answerLimit).succeeded
  }

  private static func tell(_ arguments: [String]) throws {
    let result = try systemctl.run(arguments, outputLimit: answerLimit)
    guard !result.succeeded else { return }
    throw CommandError(
      .failed, "cannot run", "systemctl \(arguments.joined(separator: " "))", cause: "it \(result.failure)",
      next: "are HotSync's units installed? systemctl cat hotsync-slave.timer; then run apply again")
  }
}
