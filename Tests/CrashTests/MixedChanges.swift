import Glibc
import HotsyncSystem
import TestSupport

/// A small tree, and rounds of changes to it that have one of everything a commit does.
struct MixedChanges {
  let root: String
  private var random: SeededGenerator
  private var script: EditScript
  private var round = 0

  init(root: String, seed: UInt64) throws {
    self.root = root
    random = SeededGenerator(seed: seed)
    // The random part adds what nobody thought of.
    script = EditScript(seed: random.next())
    for folder in ["calm", "calm/deep", "links", "turns", "turns/full", "moved-0"] { try make(folder) }
    for number in 0..<6 { try write("calm/file-\(number)", 200 + number * 3_000) }
    try write("calm/deep/middle", 300_000)
    try write("calm/deep/large", 3 << 20)
    try write("moved-0/inside", 40_000)
    try write("turns/full/inside", 10)
    try write("links/leader", 5_000)
    for name in ["links/b", "calm/c"] { try link("links/leader", name) }
    try write("goes-0", 100)
  }

  /// Changes the tree once more. Two rounds are never alike, and each has all kinds.
  mutating func apply() throws {
    let (old, new) = (round, round + 1)
    round = new
    // New files and folders, a file replaced, small and large; a large one patched in places, grown or cut.
    try make("new-\(new)")
    try write("new-\(new)/a", random.number(0...9_000))
    try write("new-\(new)/large", (2 << 20) + random.number(1...300_000))
    try write("goes-\(new)", random.number(1...400_000))
    try replace("calm/file-\(new % 6)", random.number(0...30_000))
    try edit("calm/deep/middle", pieces: 3, length: 700)
    try edit("calm/deep/large", pieces: 4, length: 5_000)
    try truncate("calm/deep/large", to: (3 << 20) + random.number(-200_000...200_000))
    if new % 4 == 3 { try replace("calm/deep/large", (3 << 20) - 77) }
    // Renamed folders and files; what goes.
    try rename("moved-\(old)", "moved-\(new)")
    try rename("calm/file-\((new + 3) % 6)", "calm/renamed")
    try rename("calm/renamed", "calm/file-\((new + 3) % 6)")
    try rename("goes-\(old)", "moved-\(new)/was-\(old % 3)")
    if old > 0, exists("new-\(old)") { try remove("new-\(old)") }
    try changeLinks(new)
    try changeTypes(new)
    try changeFolders(new)
    try script.apply(6, to: root)
    try ensureLasting()
  }

  /// The leader of a group goes, is renamed or changes; one of the others becomes a file of its own.
  private mutating func changeLinks(_ round: Int) throws {
    switch round % 4 {
    case 0: try remove("links/leader")
    case 1: try rename("links/b", "links/z")
    case 2: try replace("links/leader", 6_000)
    default: try edit("links/leader", pieces: 1, length: 50)
    }
    if !exists("links/leader") { try write("links/leader", 5_000) }
    if exists("links/b") { try remove("links/b") }
    try link("links/leader", "links/b")
    if exists("links/\(round % 3)") { try remove("links/\(round % 3)") }
    try link("links/leader", "links/\(round % 3)")
  }

  private mutating func changeTypes(_ round: Int) throws {
    for (index, name) in ["turns/one", "turns/two", "turns/three"].enumerated() {
      if exists(name) { try remove(name) }
      switch (round + index) % 3 {
      case 0: try write(name, 1_000 + round)
      case 1:
        try make(name)
        try write("\(name)/below", round)
      default:
        try Folder.open(root).parentFolder(of: path(name)).makeSymbolicLink(
          path(name).name, to: Array("at-\(round)".utf8))
      }
    }
  }

  private mutating func changeFolders(_ round: Int) throws {
    let folder = try Folder.open(root).open(at: path("calm/deep"), .nameOnly)
    try folder.setPermissions(round % 2 == 0 ? 0o755 : 0o2750)
    try folder.setExtendedAttribute(
      ExtendedAttribute(name: Array("user.hotsync.round".utf8), value: Array("\(round)".utf8)))
    try folder.setModified(Timestamp(seconds: 1_700_000_000 + Int64(round), nanoseconds: 123_456_789)!)
  }

  /// What the random part took away or turned into something else comes back, so that the next round has it.
  private mutating func ensureLasting() throws {
    for folder in ["calm", "calm/deep", "links", "turns", "moved-\(round)", "new-\(round)"] where !isFolder(folder) {
      if exists(folder) { try remove(folder) }
      try make(folder)
    }
    for number in 0..<6 { try ensureFile("calm/file-\(number)", 500) }
    try ensureFile("calm/deep/middle", 300_000)
    try ensureFile("calm/deep/large", 3 << 20)
    try ensureFile("links/leader", 5_000)
    try ensureFile("links/b", 5_000)
    try ensureFile("goes-\(round)", 300)
  }

  private mutating func ensureFile(_ name: String, _ size: Int) throws {
    let status = try Folder.open(root).parentFolder(of: path(name)).statusIfPresent(path(name).name)
    if let status {
      if status.kind == .regular, status.size >= UInt64(size / 2) { return }
      try remove(name)
    }
    try write(name, size)
  }

  // MARK: Single changes

  private func path(_ text: String) -> RelativePath { RelativePath(text)! }

  private func exists(_ name: String) -> Bool {
    (try? Folder.open(root).parentFolder(of: path(name)).statusIfPresent(path(name).name)) ?? nil != nil
  }

  private func isFolder(_ name: String) -> Bool {
    ((try? Folder.open(root).parentFolder(of: path(name)).statusIfPresent(path(name).name)) ?? nil)?.kind == .folder
  }

  private func make(_ name: String) throws {
    try Folder.open(root).parentFolder(of: path(name)).makeFolder(path(name).name, permissions: 0o755)
  }

  private mutating func write(_ name: String, _ size: Int) throws {
    let file = try Folder.open(root).parentFolder(of: path(name)).open(
      path(name).name, [.writing, .exclusively], permissions: 0o644)
    try file.write(random.bytes(size))
  }

  private mutating func replace(_ name: String, _ size: Int) throws {
    try write(name + ".aside", size)
    try rename(name + ".aside", name)
  }

  private mutating func edit(_ name: String, pieces: Int, length: Int) throws {
    let file = try openForEditing(path(name), Folder.open(root))
    let size = Int(try file.status().size)
    for _ in 0..<pieces {
      try file.write(random.bytes(min(length, size)), at: UInt64(random.number(0...max(0, size - length))))
    }
  }

  private func truncate(_ name: String, to size: Int) throws {
    try openForEditing(path(name), Folder.open(root)).truncate(to: UInt64(size))
  }

  private func rename(_ from: String, _ to: String) throws {
    let folder = try Folder.open(root)
    if exists(to), isFolder(to) != isFolder(from) { try remove(to) }
    try folder.parentFolder(of: path(from)).rename(
      path(from).name, into: try folder.parentFolder(of: path(to)), as: path(to).name)
  }

  private func remove(_ name: String) throws {
    try Folder.open(root).parentFolder(of: path(name)).removeTree(path(name).name)
  }

  private func link(_ from: String, _ to: String) throws {
    let folder = try Folder.open(root)
    try folder.parentFolder(of: path(from)).link(
      path(from).name, into: try folder.parentFolder(of: path(to)), as: path(to).name)
  }
}
