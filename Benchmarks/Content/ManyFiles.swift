import HotsyncSystem
import TestSupport

/// A tree as `/home` and `/srv` have them, 100 files to a folder: most files small, four fifths of the bytes text. Or a
/// million of hardly any bytes.
struct ManyFiles {
  enum Kind { case served, tiny }

  private var root: Place
  private let kind: Kind
  private var random: SeededGenerator
  private var prose: Prose
  private var made = 0
  /// The files that stand there: folder, and name in it.
  private var files: [(folder: Int, name: String)] = []

  private static let filesPerFolder = 100
  private static let owners: [UInt32] = [0, 33, 1_000, 1_001]
  private static let permissions: [UInt16] = [0o644, 0o644, 0o644, 0o600, 0o640, 0o755]

  init(_ root: Place, _ kind: Kind, _ random: SeededGenerator) {
    var random = random
    (self.root, self.kind) = (root, kind)
    prose = Prose(random.split())
    self.random = random
  }

  private func folderPath(_ folder: Int) -> String {
    "area-\(folder / 100)/part-\(folder / 10 % 10)/folder-\(folder % 10)"
  }

  mutating func make(count: Int) throws {
    for folder in 0..<max(1, count / ManyFiles.filesPerFolder) {
      let path = folderPath(folder)
      try root.makeParents(of: path)
      try root.makeFolder(path)
      let opened = try Folder.open("\(root.path)/\(path)")
      for _ in 0..<ManyFiles.filesPerFolder {
        let name = nextName()
        // Years old: nothing about it is in doubt any more.
        let age = Int64(random.below(100_000_000))
        try write(content(), to: opened, name, Timestamp(seconds: 1_700_000_000 - age, nanoseconds: 0))
        if kind == .served { files.append((folder, name)) }
      }
    }
  }

  /// The tree has another place from now on.
  mutating func moved(to root: Place) { self.root = root }

  /// Changes that share of the files: six tenths get other content, and as many come as go, and one tenth other names.
  mutating func change(perMille: Int) throws {
    let count = max(10, files.count * perMille / 1_000)
    for index in 0..<count {
      let chosen = random.below(files.count)
      let (folder, name) = files[chosen]
      let opened = try Folder.open("\(root.path)/\(folderPath(folder))")
      switch index % 20 {
      case 0..<12: try edit(opened, name)
      case 12..<15:
        try opened.unlink(try .of(name))
        files.remove(at: chosen)
      case 15..<18:
        let name = nextName()
        try write(content(), to: opened, name, nil)
        files.append((folder, name))
      default:
        let other = nextName()
        try opened.rename(try .of(name), into: opened, as: try .of(other))
        files[chosen].name = other
      }
    }
  }

  /// Gives that many files other content.
  mutating func edit(count: Int) throws {
    for (folder, name) in files.shuffled(using: &random).prefix(count) {
      try edit(try Folder.open("\(root.path)/\(folderPath(folder))"), name)
    }
  }

  // MARK: Parts

  private mutating func nextName() -> String {
    made += 1
    return "file-\(made)" + (kind == .tiny ? "" : made % 5 == 0 ? ".jpg" : ".txt")
  }

  private mutating func write(
    _ content: [UInt8], to folder: borrowing Folder, _ name: String, _ modified: Timestamp?
  ) throws {
    let file = try folder.open(.of(name), [.writing, .exclusively], permissions: 0o644)
    try file.write(content)
    try file.setOwner(ManyFiles.owners[random.below(4)], group: ManyFiles.owners[random.below(4)])
    try file.setPermissions(ManyFiles.permissions[random.below(6)])
    if let modified { try file.setModified(modified) }
  }

  /// Either a piece of it is overwritten, or something added.
  private mutating func edit(_ folder: borrowing Folder, _ name: String) throws {
    let file = try folder.open(.of(name), .readingAndWriting)
    let size = Int(clamping: try file.status().size)
    let piece = random.bytes(random.number(20...400))
    let place = random.chance(500) || size < piece.count ? size : random.below(size - piece.count + 1)
    try file.write(piece, at: UInt64(place))
  }

  private mutating func content() -> [UInt8] {
    let size: Int
    switch (kind, random.number(0...99)) {
    case (.tiny, _): size = random.number(0...120)
    case (_, 0..<70): size = random.number(100...4_000)
    case (_, 70..<95): size = random.number(4_000...28_000)
    default: size = random.number(28_000...180_000)
    }
    if kind == .served, random.chance(200) { return random.bytes(size) }
    var text: [UInt8] = []
    prose.append(size, to: &text)
    return text
  }
}

extension Place {
  /// Makes the folders above a path.
  fileprivate func makeParents(of path: String) throws {
    var above = ""
    for part in path.split(separator: "/").dropLast() {
      above += (above.isEmpty ? "" : "/") + part
      try makeFolder(above)
    }
  }
}
