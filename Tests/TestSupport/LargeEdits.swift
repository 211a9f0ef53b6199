import HotsyncSystem

/// Changes of large files of a tree as databases and disk images have them: pieces overwritten in place, holes, growth and
/// cuts. Files of the tree are taken as they are found; where there are too few of 1 MiB or more, they are made.
public struct LargeEdits {
  private static let least = 1 << 20
  private static let wanted = 3

  private var random: SeededGenerator
  private var made = 0

  public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// Changes one large file.
  public mutating func apply(to path: String) throws {
    let root = try Folder.open(path)
    let large = try walkTree(root).filter { $0.status.kind == .regular && $0.status.size >= UInt64(LargeEdits.least) }
    guard large.count >= LargeEdits.wanted, let entry = random.element(large) else { return try make(root) }
    let file = try openForEditing(entry.path, root)
    let size = Int(clamping: entry.status.size)
    for _ in 0..<random.number(1...4) { try patch(file, size) }
    switch random.number(0...9) {
    case 0: try file.truncate(to: UInt64(size + random.number(1...300_000)))
    case 1: try file.write(random.bytes(random.number(1...200_000)), at: UInt64(size))
    case 2: try file.truncate(to: UInt64(max(LargeEdits.least, size - random.number(1...300_000))))
    default: break
    }
  }

  private mutating func patch(_ file: borrowing Descriptor, _ size: Int) throws {
    let length = min(size, 1 + random.logarithmicSize(maximum: 60_000))
    let place = UInt64(random.number(0...(size - length)))
    if random.chance(200), try file.punchHole(offset: place, length: UInt64(length)) { return }
    try file.write(random.bytes(length), at: place)
  }

  private mutating func make(_ root: borrowing Folder) throws {
    made += 1
    let name = try FileName.of("large-\(made)")
    guard try root.statusIfPresent(name) == nil else { return }
    let file = try root.open(name, [.writing, .exclusively], permissions: 0o640)
    try file.write(random.bytes(random.number(LargeEdits.least...(4 * LargeEdits.least))))
  }
}
