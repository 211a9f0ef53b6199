public import HotsyncSystem

/// The file `promoted` of a connection's state: this machine is, or is about to become, the production machine in the place of the
/// connection's master. While it is there no master is served and no maintenance is done.
public struct PromotionMark: Sendable, Equatable {
  /// Of the connection's promotions, from 1.
  public let number: Int
  public let epoch: UInt64
  public let since: Timestamp

  public init(number: Int, epoch: UInt64, since: Timestamp) {
    self.number = number
    self.epoch = epoch
    self.since = since
  }

  static let name = StoreLayout.name("promoted")

  /// Where it lies below the root; nil for a name that is no connection's.
  public static func path(of connection: String) -> RelativePath? {
    RelativePath("var/lib/hotsync-state/\(connection)/\(name)")
  }

  public var bytes: [UInt8] { Array("promotion \(number)\nepoch \(epoch)\nsince \(since.seconds)\n".utf8) }

  /// Nil where the machine below a root is not promoted.
  public static func read(_ connection: String, below root: borrowing Folder) throws(StoreError) -> PromotionMark? {
    guard let path = path(of: connection), let parent = path.parent else { return nil }
    let bytes = try StoreError.telling { () throws(SystemError) in
      try root.folderIfPresent(at: parent)?.content(of: name, limit: 256)
    }
    guard let bytes else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
    guard lines.count == 3, lines.allSatisfy({ $0.count == 2 }), lines[0][0] == "promotion", lines[1][0] == "epoch",
      lines[2][0] == "since", let number = Int(lines[0][1]), let epoch = UInt64(lines[1][1]),
      let since = Int64(lines[2][1])
    else {
      // Whatever it was, it stood there because of a promotion.
      return PromotionMark(number: 0, epoch: 0, since: .zero)
    }
    return PromotionMark(number: number, epoch: epoch, since: Timestamp(seconds: since))
  }

  /// Refuses (`.fenced`) a master whose place this machine has taken.
  public static func requireNone(_ connection: String, below root: borrowing Folder) throws(StoreError) {
    guard let mark = try read(connection, below: root) else { return }
    throw StoreError(
      .fenced, "cannot serve", "the connection \"\(connection)\"",
      cause: "this machine was promoted in the master's place at \(mark.since.rfc3339) (epoch \(mark.epoch))",
      next: "leave the old master fenced; to make this machine a slave again: hotsync-promote --rollback here")
  }
}
