public import HotsyncSystem

/// Makes a tree of files from a seed: what real servers hold, with all that is awkward in it. The same seed, count and
/// features make the same tree.
public struct TreeMaker {
  public struct Features: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let oddNames = Features(rawValue: 1)
    public static let symbolicLinks = Features(rawValue: 2)
    public static let hardLinks = Features(rawValue: 4)
    public static let holes = Features(rawValue: 8)
    public static let modes = Features(rawValue: 16)
    /// Files and folders of mode 0000, which only root can read.
    public static let closedModes = Features(rawValue: 32)
    public static let times = Features(rawValue: 64)
    /// Other owners, which only root can give.
    public static let owners = Features(rawValue: 128)
    public static let attributes = Features(rawValue: 256)
    public static let accessLists = Features(rawValue: 512)

    /// FIFOs, device nodes, several names of those and of links; only root can make all of it.
    public static let special = Features(rawValue: 1_024)
    /// What only root sets: `trusted.*`, `security.*`, file capabilities.
    public static let trusted = Features(rawValue: 2_048)

    public static let plain: Features = []
    /// All that needs no leave of the slave's.
    public static let all = Features(rawValue: 1_023)
    public static let everything = Features(rawValue: 4_095)
    /// All that the user of this process can make and read again.
    public static var possible: Features { Environment.isRoot ? .all : .all.subtracting([.closedModes, .owners]) }
  }

  public struct Summary: Sendable, Equatable {
    public var files = 0
    public var folders = 0
    public var symbolicLinks = 0
    public var hardLinks = 0
    public var special = 0
    public var bytes: UInt64 = 0
  }

  private let files: Int
  private let features: Features
  private let largestSize: Int
  private let metadata: OddMetadata
  private var random: SeededGenerator
  private var names: OddNames
  private var summary = Summary()
  /// Made regular files, which further links may lead to.
  private var regular: [RelativePath] = []

  /// - Parameters:
  ///   - files: entries that are no folders; a folder comes on top for every twelve of them.
  ///   - largestSize: of the few large files, in bytes; most are far below 64 KiB.
  public init(seed: UInt64, files: Int, features: Features = .possible, largestSize: Int = 4 << 20) {
    self.files = files
    self.features = features
    self.largestSize = largestSize
    metadata = OddMetadata(features: features)
    random = SeededGenerator(seed: seed)
    names = OddNames(plainOnly: !features.contains(.oddNames))
  }

  /// Makes the tree in an existing folder.
  @discardableResult
  public static func make(
    in path: String, seed: UInt64, files: Int, features: Features = .possible, largestSize: Int = 4 << 20
  ) throws -> Summary {
    var maker = TreeMaker(seed: seed, files: files, features: features, largestSize: largestSize)
    return try maker.make(in: try Folder.open(path))
  }

  public mutating func make(in root: borrowing Folder) throws -> Summary {
    let folders = try makeFolders(in: root)
    var shares = [Int](repeating: 0, count: folders.count + 1)
    // A sixth of the folders stay empty.
    let open = shares.indices.filter { _ in random.chance(833) } + [0]
    for _ in 0..<files { shares[open.randomElement(using: &random) ?? 0] += 1 }
    for (index, share) in shares.enumerated() where share > 0 {
      let path = index == 0 ? nil : folders[index - 1]
      let folder = try path.map { try root.folder(at: $0) } ?? root.duplicate()
      try fill(folder, path, share, root)
    }
    // The deepest first: what is made in a folder changes its time.
    for path in folders.reversed() {
      try metadata.apply(to: try root.open(at: path, .folder), kind: .folder, &random)
    }
    summary.folders = folders.count
    return summary
  }

  // MARK: Parts

  private mutating func makeFolders(in root: borrowing Folder) throws -> [RelativePath] {
    var folders: [RelativePath] = []
    while folders.count < files / 12 + 1 {
      let parent = random.chance(150) ? nil : folders.randomElement(using: &random)
      // Below what a single path in a system call may have, also under some other root.
      if let parent, parent.levels > 14 || parent.bytes.count > 1_500 { continue }
      for name in try names.next(&random) {
        guard let path = parent.map({ $0.appending(name) }) ?? RelativePath(name) else { continue }
        try root.parentFolder(of: path).makeFolder(name, permissions: 0o755)
        folders.append(path)
      }
    }
    return folders
  }

  private mutating func fill(
    _ folder: borrowing Folder, _ path: RelativePath?, _ share: Int, _ root: borrowing Folder
  ) throws {
    var missing = share
    while missing > 0 {
      for name in try names.next(&random) where missing > 0 {
        guard let entry = path.map({ $0.appending(name) }) ?? RelativePath(name) else { continue }
        missing -= 1
        if features.contains(.special), random.chance(60) {
          try makeSpecial(name, at: entry, in: folder)
          continue
        }
        let draw = random.number(0...999)
        if features.contains(.symbolicLinks), draw < 50 {
          try makeSymbolicLink(name, in: folder)
        } else if features.contains(.hardLinks), draw < 90, let other = regular.randomElement(using: &random) {
          try root.parentFolder(of: other).link(other.name, into: folder, as: name)
          summary.hardLinks += 1
        } else {
          let file = try folder.open(name, [.readingAndWriting, .exclusively], permissions: 0o644)
          summary.bytes += try writeContent(of: file)
          try metadata.apply(to: file, kind: .regular, &random)
          regular.append(entry)
          summary.files += 1
        }
      }
    }
  }

  /// They join what further hard links may lead to.
  private mutating func makeSpecial(_ name: FileName, at path: RelativePath, in folder: borrowing Folder) throws {
    let kind: FileStatus.Kind
    switch random.number(0...3) {
    case 0:
      kind = .symbolicLink
      try folder.makeSymbolicLink(name, to: random.text(random.number(1...200)))
    case 1:
      kind = .fifo
      try folder.makeFIFO(name)
    case let draw:
      kind = draw == 2 ? .blockDevice : .characterDevice
      let minor = UInt64(random.chance(500) ? random.number(0...255) : random.number(0...0x3_FFFF))
      guard let number = DeviceNumber(major: UInt64(random.number(0...511)), minor: minor) else { return }
      try folder.makeDevice(name, isBlock: draw == 2, number)
    }
    try metadata.apply(to: try folder.open(name, .nameOnly), kind: kind, &random)
    regular.append(path)
    summary.special += 1
  }

  private mutating func makeSymbolicLink(_ name: FileName, in folder: borrowing Folder) throws {
    let targets: [[UInt8]] = [
      Array("missing".utf8), Array("/nonexistent/absolute target".utf8), Array("/etc/hostname".utf8), Array("..".utf8),
      [0xFF, 0x0A, 0x2E],
      Array(".".utf8), name.bytes, Array(repeating: UInt8(ascii: "t"), count: random.number(200...3_000)),
    ]
    let relative = regular.randomElement(using: &random).map { Array("../".utf8) + $0.bytes }
    let target = random.chance(400) ? relative ?? targets[0] : targets.randomElement(using: &random) ?? targets[0]
    do throws(SystemError) { try folder.makeSymbolicLink(name, to: target) } catch {
      // xfs takes 1,023 bytes (ENAMETOOLONG).
      guard error.number == 36 else { throw error }
      try folder.makeSymbolicLink(name, to: Array(target.prefix(1_000)))
    }
    try metadata.apply(to: try folder.open(name, .nameOnly), kind: .symbolicLink, &random)
    summary.symbolicLinks += 1
  }

  private mutating func writeContent(of file: borrowing Descriptor) throws -> UInt64 {
    if features.contains(.holes), random.chance(12) { return try writeHoles(of: file) }
    if random.chance(40) { return 0 }
    let size = random.logarithmicSize(maximum: random.chance(2) ? largestSize : min(largestSize, 65_535))
    let content = random.chance(400) ? random.text(size) : random.bytes(size)
    try file.write(content)
    return UInt64(size)
  }

  /// Some data with holes before, between and behind, not all of them at a block's border.
  private mutating func writeHoles(of file: borrowing Descriptor) throws -> UInt64 {
    var end: UInt64 = random.chance(500) ? 0 : UInt64(random.number(1...300_000))
    for _ in 0..<random.number(0...3) {
      let data = random.bytes(random.number(1...20_000))
      try file.write(data, at: end)
      end += UInt64(data.count) + UInt64(random.number(0...300_000))
    }
    try file.truncate(to: end)
    return end
  }
}
