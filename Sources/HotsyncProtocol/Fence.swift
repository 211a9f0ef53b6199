import HotsyncCatalog
public import HotsyncSystem

/// What holds a machine back from being master: another one was promoted. It lies in the file `fenced` below
/// `/var/lib/hotsync-state`, whose presence alone is the fence: what it says is for people.
public struct Fence: Hashable, Sendable {
  public enum Evidence: String, Sendable {
    /// A slave whose host key was checked knows a higher epoch, or the same of another machine.
    case epoch
    /// Another machine answers at an address of this one.
    case address
  }

  public let evidence: Evidence
  /// The epoch that was heard of; nil where none was told.
  public let epoch: UInt64?
  /// RFC 3339, in UTC.
  public let since: String
  /// Whose slave told it; empty where nobody did.
  public let connection: String
  public let cause: String

  static let name = "fenced"
  private static let limit = 8_192
  private static let causeLimit = 1_000

  public init(evidence: Evidence, epoch: UInt64?, since: Timestamp, connection: String, cause: String) {
    self.evidence = evidence
    self.epoch = epoch
    self.since = since.rfc3339
    self.connection = connection
    self.cause = String(cause.prefix(Fence.causeLimit))
  }

  private init(evidence: Evidence, epoch: UInt64?, since: String, connection: String, cause: String) {
    self.evidence = evidence
    self.epoch = epoch
    self.since = since
    self.connection = connection
    self.cause = cause
  }

  // MARK: The file

  /// The fence of the machine below a root; nil where there is none.
  public static func read(below root: borrowing Folder) throws(ProtocolError) -> Fence? {
    guard let name = FileName(name) else { return nil }
    let found = try ProtocolError.telling { () throws(SystemError) -> (isThere: Bool, bytes: [UInt8]) in
      guard let state = try StateFolder.open(below: root), try state.statusIfPresent(name) != nil else {
        return (false, [])
      }
      return (true, (try? state.content(of: name, limit: limit)) ?? [])
    }
    return found.isThere ? parse(found.bytes) : nil
  }

  /// Puts the fence up, durable when this returns.
  public func write(below root: borrowing Folder) throws(ProtocolError) {
    guard let name = FileName(Fence.name) else { return }
    let bytes = encoded
    try ProtocolError.telling { () throws(SystemError) in
      try StateFolder.make(below: root).replace(name, with: bytes)
    }
  }

  /// Takes the fence away; nothing where there is none.
  public static func lift(below root: borrowing Folder) throws(ProtocolError) {
    guard let name = FileName(name) else { return }
    try ProtocolError.telling { () throws(SystemError) in
      guard let state = try StateFolder.open(below: root) else { return }
      try state.unlinkIfPresent(name)
      try state.synchronize()
    }
  }

  // MARK: Its form

  var encoded: [UInt8] {
    func text(_ value: String) -> String { "\"\(shown(value.utf8).filter { $0 != "\"" && $0 != "\\" })\"" }
    return Array(
      """
      {
        "evidence": \(text(evidence.rawValue)),
        "epoch": \(epoch.map { "\($0)" } ?? "null"),
        "since": \(text(since)),
        "connection": \(text(connection)),
        "cause": \(text(cause))
      }

      """.utf8)
  }

  /// Whatever stands there: a file that means nothing fences as well.
  static func parse(_ bytes: [UInt8]) -> Fence {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { shown($0.utf8) }
    func value(_ key: String) -> Substring? {
      let front = "  \"\(key)\": "
      guard let line = lines.first(where: { $0.hasPrefix(front) }) else { return nil }
      let rest = line.dropFirst(front.count)
      return rest.hasSuffix(",") ? rest.dropLast() : rest
    }
    func text(_ key: String) -> String? {
      guard let value = value(key), value.count >= 2, value.first == "\"", value.last == "\"" else { return nil }
      return String(value.dropFirst().dropLast())
    }
    return Fence(
      evidence: text("evidence").flatMap(Evidence.init) ?? .epoch, epoch: value("epoch").flatMap { UInt64($0) },
      since: text("since") ?? "an unknown time", connection: text("connection") ?? "",
      cause: text("cause") ?? "its file does not say why")
  }
}
