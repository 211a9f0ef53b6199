import HotsyncSystem

/// Changes of content alone, for measurements: how many files, or how much of one.
public enum TreeMutation {
  /// Changes the content of that share of a tree's regular files, at least of one; gives their number.
  @discardableResult
  public static func mutate(_ path: String, seed: UInt64, percent: Double) throws -> Int {
    let root = try Folder.open(path)
    var random = SeededGenerator(seed: seed)
    var seen: Set<UInt64> = []
    // One name for each file: more of them would change it more than once, and perhaps back.
    let files = try walkTree(root).filter { $0.status.kind == .regular && seen.insert($0.status.inode).inserted }
    let share = Int((Double(files.count) * min(max(percent, 0), 100) / 100).rounded(.up))
    for file in files.shuffled(using: &random).prefix(share) { try change(file, root, &random) }
    return share
  }

  private static func change(_ entry: TreeEntry, _ root: borrowing Folder, _ random: inout SeededGenerator) throws {
    let file = try openForEditing(entry.path, root)
    let size = Int(clamping: entry.status.size)
    if size < 16 || random.chance(200) {
      try file.write(random.bytes(random.number(1...2_000)), at: entry.status.size)
    } else if random.chance(100) {
      try file.truncate(to: UInt64(random.number(0...(size - 1))))
    } else {
      // Eight random bytes at least: not the ones that were there.
      let length = min(size, random.number(8...4_096))
      try file.write(random.bytes(length), at: UInt64(random.number(0...(size - length))))
    }
  }

  /// Overwrites that many pieces of one file, each of that many bytes, at places that do not overlap.
  public static func edit(_ path: String, seed: UInt64, count: Int, length: Int) throws {
    let file = try Descriptor.open(path, .readingAndWriting)
    let size = Int(clamping: try file.status().size)
    guard count > 0, length > 0, size / count >= length else {
      throw SupportError("\(path) has \(size) bytes, too few for \(count) pieces of \(length)")
    }
    var random = SeededGenerator(seed: seed)
    let room = size / count
    for piece in 0..<count {
      try file.write(random.bytes(length), at: UInt64(piece * room + random.number(0...(room - length))))
    }
  }
}
