import HotsyncCatalog
public import HotsyncSystem

/// Who may take this machine's epoch over: after a promotion was rolled back its epoch stays raised, and the old master is
/// recorded here as its holder. The file `epoch-holder` below `/var/lib/hotsync-state`: epoch, promoter, connection.
public struct EpochHolder: Hashable, Sendable {
  public let epoch: Epoch
  public let connection: String

  static let name = "epoch-holder"
  private static let limit = 512

  /// Lets the master of a connection take an epoch, once its operator says `hotsync sync --adopt` there.
  ///
  /// - Parameter state: the open folder of the state.
  public static func grant(
    _ epoch: Epoch, to connection: String, in state: borrowing Folder
  ) throws(ProtocolError) {
    guard let name = FileName(name) else { return }
    let words = String(decoding: EpochFile.encode(epoch), as: UTF8.self).split(separator: "\n").joined()
    try ProtocolError.telling { () throws(SystemError) in
      try state.replace(name, with: Array("\(words) \(connection)\n".utf8))
    }
  }

  /// Nil where there is none. What means nothing grants nothing.
  public static func read(in state: borrowing Folder) throws(ProtocolError) -> EpochHolder? {
    guard let name = FileName(name) else { return nil }
    let bytes = try ProtocolError.telling { () throws(SystemError) in try state.content(of: name, limit: limit) }
    let words = String(decoding: bytes ?? [], as: UTF8.self).split { $0 == " " || $0 == "\n" }
    guard words.count == 3, let epoch = EpochFile.parse(Array("\(words[0]) \(words[1])".utf8)) else { return nil }
    return EpochHolder(epoch: epoch, connection: String(words[2]))
  }

  /// The holder that the machine below a root has recorded.
  public static func read(below root: borrowing Folder) throws(ProtocolError) -> EpochHolder? {
    let state = try ProtocolError.telling { () throws(SystemError) in try StateFolder.open(below: root) }
    guard let state else { return nil }
    return try read(in: state)
  }

  /// Whether the master of a connection may take the epoch that this machine has.
  public func mayTake(_ epoch: Epoch, connection: String) -> Bool {
    self.epoch == epoch && self.connection == connection
  }
}

extension EpochFile {
  /// Takes an epoch for this machine, durable when this returns.
  public static func adopt(_ epoch: Epoch, below root: borrowing Folder) throws(ProtocolError) {
    guard let name = FileName(name) else { return }
    try ProtocolError.telling { () throws(SystemError) in
      try StateFolder.make(below: root).replace(name, with: encode(epoch))
    }
  }
}
