import HotsyncCatalog
public import HotsyncSystem

/// The file `epoch` below `/var/lib/hotsync-state`: what a machine knows of who may write. It outlives a store that is not mounted.
public enum EpochFile {
  public static let name = "epoch"

  public static func encode(_ epoch: Epoch) -> [UInt8] {
    Array("\(epoch.number) \(hexadecimal(epoch.promoter))\n".utf8)
  }

  /// Nil for what is none.
  public static func parse(_ bytes: [UInt8]) -> Epoch? {
    let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    guard words.count == 2, let number = UInt64(words[0]), words[1].count == 32,
      let promoter = parseHexadecimal(words[1])
    else { return nil }
    return Epoch(number: number, promoter: promoter)
  }

  /// The epoch of the machine below a root; the first where it has no state yet.
  public static func read(below root: borrowing Folder) throws(ProtocolError) -> Epoch {
    guard let path = RelativePath("var/lib/hotsync-state") else { return Epoch.first }
    let state = try ProtocolError.telling { () throws(SystemError) in try root.folderIfPresent(at: path) }
    guard let state else { return Epoch.first }
    return try read(in: state)
  }

  /// The epoch in a state folder; the first where none was ever written.
  public static func read(in state: borrowing Folder) throws(ProtocolError) -> Epoch {
    guard let name = FileName(name) else { return Epoch.first }
    let bytes = try ProtocolError.telling { () throws(SystemError) in try state.content(of: name, limit: 256) }
    guard let bytes else { return Epoch.first }
    guard let epoch = parse(bytes) else {
      throw ProtocolError(
        .damaged, "cannot read", "the epoch of this machine", cause: "its file means nothing",
        next: "restore var/lib/hotsync-state/epoch from the other machine, and see the hardware's log")
    }
    return epoch
  }
}

extension Epoch {
  /// Why `mine` may not write to a machine that knows `theirs`; nil where it may.
  public static func refusal(mine: Epoch, theirs: Epoch) -> String? {
    if mine.number < theirs.number {
      return "another machine was promoted (epoch \(theirs.number), this one has \(mine.number))"
    }
    if mine.number == theirs.number, mine.promoter != theirs.promoter {
      return "two machines were promoted in the same epoch (\(mine.number))"
    }
    return nil
  }
}
