import FoundationEssentials
public import HotsyncSystem

/// What the administrator is told of by mail, once when it begins and once when it is over.
///
/// Each trouble that stands is a file in `var/lib/hotsync-state/alerts/`: nothing is there while all is well. A run notes what it
/// found; mail goes out with it, or, for a service of systemd's, from `hotsync-alert@.service` right after it: a service
/// has no right to a mail system's folders, and what a mail system leaves running would be ended with it.
public struct Alerts: ~Copyable {
  /// Something that is wrong until it is over.
  public struct Trouble: Sendable, Equatable {
    /// What is wrong with what, as a file's name: `sync.standby`.
    public let key: String
    /// "standby: the cycle failed".
    public let subject: String
    /// What is said beside it.
    public let lines: [String]
    /// What the second mail says: "standby: cycles run again".
    public let recovery: String

    public init(key: String, subject: String, lines: [String], recovery: String) {
      self.key = key
      self.subject = subject
      self.lines = lines
      self.recovery = recovery
    }
  }

  /// A trouble as it is kept.
  private struct Standing: Codable {
    var subject: String
    var lines: [String]
    var recovery: String
    var since: Int64
    var isMailed = false
    var isOver = false

    private enum CodingKeys: String, CodingKey {
      case subject, lines, recovery, since
      case isMailed = "mailed"
      case isOver = "over"
    }
  }

  private let root: Folder
  private let recipient: String
  private let clocks: Clocks
  private static let limit = 1 << 20

  /// - Parameter recipient: as configured; nobody is told anything where it is empty.
  public init(below root: borrowing Folder, recipient: String, clocks: Clocks = .system) throws(ReportError) {
    self.root = try ReportError.telling { () throws(SystemError) in try root.duplicate() }
    self.recipient = recipient
    self.clocks = clocks
  }

  private var isWanted: Bool { !recipient.isEmpty && Mail.canBeSent(from: root) }

  // MARK: What is found

  /// Something is wrong, perhaps as it was before.
  public func raise(_ trouble: Trouble) throws(ReportError) {
    guard isWanted, let name = FileName(trouble.key) else { return }
    let folder = try folder()
    var standing =
      try read(name, in: folder)
      ?? Standing(subject: "", lines: [], recovery: "", since: clocks.now().seconds)
    // One that came back before its end was told never ended.
    standing.isOver = false
    if !standing.isMailed { (standing.subject, standing.lines) = (trouble.subject, trouble.lines) }
    standing.recovery = trouble.recovery
    try write(standing, name, in: folder)
  }

  /// It is well.
  public func clear(_ key: String) throws(ReportError) {
    guard isWanted, let name = FileName(key) else { return }
    let folder = try folder()
    guard var standing = try read(name, in: folder) else { return }
    standing.isOver = true
    // Nobody has heard of it yet.
    guard standing.isMailed else { return try remove(name, in: folder) }
    try write(standing, name, in: folder)
  }

  // MARK: What is told

  /// Mails what was not told yet.
  ///
  /// - Returns: how many mails went out.
  @discardableResult
  public func deliver() throws(ReportError) -> Int {
    guard isWanted else { return 0 }
    let folder = try folder()
    let names = try ReportError.telling { () throws(SystemError) in try folder.names() }
    var count = 0
    for name in names {
      guard var standing = try read(name, in: folder), standing.isOver || !standing.isMailed else { continue }
      try mail(standing).send(from: root)
      count += 1
      if standing.isOver {
        try remove(name, in: folder)
      } else {
        standing.isMailed = true
        try write(standing, name, in: folder)
      }
    }
    return count
  }

  private func mail(_ standing: Standing) -> Mail {
    let host = Environment.hostName
    let since = "since \(Units.time(Timestamp(seconds: standing.since))) UTC"
    if standing.isOver {
      return Mail(
        to: recipient, subject: "HotSync on \(host): \(standing.recovery)",
        lines: [standing.recovery, "", "It was, \(since):", standing.subject])
    }
    return Mail(
      to: recipient, subject: "HotSync on \(host): \(standing.subject)",
      lines: [standing.subject, ""] + standing.lines
        + ["", "This stands \(since). One more mail comes when it is over, and none before."])
  }

  // MARK: Files

  private func folder() throws(ReportError) -> Folder {
    try ReportError.telling { () throws(SystemError) in
      var here = try root.duplicate()
      for (name, permissions) in [("var", 0o755), ("lib", 0o755), ("hotsync-state", 0o700), ("alerts", 0o700)] {
        guard let name = FileName(name) else { continue }
        here = try here.makeOrOpenFolder(name, permissions: UInt32(permissions))
      }
      return here
    }
  }

  /// Nil where there is none, or none that can be read: it is told anew then.
  private func read(_ name: FileName, in folder: borrowing Folder) throws(ReportError) -> Standing? {
    let bytes = try ReportError.telling { () throws(SystemError) in
      try folder.content(of: name, limit: Alerts.limit)
    }
    return bytes.flatMap { try? JSONDecoder().decode(Standing.self, from: Data($0)) }
  }

  private func write(_ standing: Standing, _ name: FileName, in folder: borrowing Folder) throws(ReportError) {
    guard let data = try? JSONEncoder().encode(standing) else { return }
    try ReportError.telling { () throws(SystemError) in try folder.replace(name, with: Array(data)) }
  }

  private func remove(_ name: FileName, in folder: borrowing Folder) throws(ReportError) {
    try ReportError.telling { () throws(SystemError) in try folder.unlinkIfPresent(name) }
  }
}
