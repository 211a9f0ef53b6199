import HotsyncSystem

/// The promotions of a connection: a folder each below `var/lib/hotsync-state/<connection>/promotion/`, by number.
struct PromotionShelf {
  private let root: OpenFolder
  private let connection: String

  init(_ root: OpenFolder, connection: String) {
    self.root = root
    self.connection = connection
  }

  private var path: LivePath { LivePath(checked: "var/lib/hotsync-state/\(connection)/promotion") }

  /// In order; those alone that have a journal, as a folder without one never began.
  func numbers() throws(PromoteError) -> [Int] {
    try PromoteError.telling { () throws(SystemError) in
      guard let folder = try root.folder.folderIfPresent(at: path.path) else { return [] }
      var numbers: [Int] = []
      for name in try folder.names() {
        guard let number = Int(String(decoding: name.bytes, as: UTF8.self)), number > 0,
          FileName("\(number)") == name,
          try folder.folder(name).statusIfPresent(FileName(checked: Journal.name)) != nil
        else { continue }
        numbers.append(number)
      }
      return numbers.sorted()
    }
  }

  func folder(_ number: Int) throws(PromoteError) -> OpenFolder {
    try PromoteError.telling { () throws(SystemError) in
      OpenFolder(try root.folder.folder(at: LivePath.promotion(connection, number).path))
    }
  }

  /// Makes the folder of a new one; what a promotion that never began left there goes.
  func make(_ number: Int) throws(PromoteError) -> OpenFolder {
    try PromoteError.telling { () throws(SystemError) in
      var here = try root.folder.duplicate()
      for name in path.path.names {
        let isState = ["var", "lib"].contains(name.description)
        here = try here.makeOrOpenFolder(name, permissions: isState ? 0o755 : 0o700)
      }
      let name = FileName(checked: "\(number)")
      try here.removeTree(name)
      let folder = try here.makeOrOpenFolder(name)
      try here.synchronize()
      return OpenFolder(folder)
    }
  }

  func lines(_ number: Int) throws(PromoteError) -> [JournalLine] {
    let folder = try folder(number)
    return try Journal.lines(in: folder.folder) ?? []
  }

  /// One promotion, rollback or commit at a time; nil where another has it.
  ///
  /// The state folder itself is locked, so that a refusal leaves nothing behind.
  func lock() throws(PromoteError) -> HeldLock? {
    let path = LivePath(checked: "var/lib/hotsync-state").path
    return try PromoteError.telling { () throws(SystemError) in
      guard let folder = try root.folder.folderIfPresent(at: path) else {
        return try HeldLock(try root.folder.duplicate().descriptor.duplicate())
      }
      return try HeldLock(try folder.descriptor.duplicate())
    }
  }
}
