import Glibc
public import HotsyncSystem

/// All that is to be the same in two trees, read from the disk entry by entry.
public struct TreeSnapshot: Sendable {
  /// What is compared.
  public struct Aspects: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let content = Aspects(rawValue: 1)
    public static let mode = Aspects(rawValue: 2)
    public static let owner = Aspects(rawValue: 4)
    public static let fileTimes = Aspects(rawValue: 8)
    public static let folderTimes = Aspects(rawValue: 16)
    public static let linkTimes = Aspects(rawValue: 32)
    public static let attributes = Aspects(rawValue: 64)
    public static let hardLinks = Aspects(rawValue: 128)
    /// That the other takes no more space, where holes should be.
    public static let space = Aspects(rawValue: 256)
    /// Mode, owner, time and attributes of the roots themselves.
    public static let root = Aspects(rawValue: 512)

    public static let all = Aspects(rawValue: 1_023)
  }

  public struct Entry: Sendable {
    public let status: FileStatus
    public let attributes: [ExtendedAttribute]
    /// A symbolic link's target.
    public let target: [UInt8]
    /// A regular file's content.
    public let digest: Digest
    /// The first path of the same file; its own where it has one name in the tree.
    public let firstName: RelativePath?
  }

  public let entries: [RelativePath: Entry]
  public let root: Entry

  /// - Parameter leavingOut: folders or files that are passed over, with what lies below them.
  public init(of path: String, leavingOut: [RelativePath] = []) throws {
    let folder = try Folder.open(path)
    root = Entry(
      status: try folder.descriptor.status(), attributes: try folder.descriptor.extendedAttributes(), target: [],
      digest: .zero,
      firstName: nil)
    var entries: [RelativePath: Entry] = [:]
    var first: [UInt64: RelativePath] = [:]
    for entry in try walkTree(folder) {
      if leavingOut.contains(where: { entry.path == $0 || entry.path.isBelow($0) }) { continue }
      let parent = try folder.parentFolder(of: entry.path)
      let known = entry.status.kind == .folder ? nil : first[entry.status.inode]
      if entry.status.kind != .folder, known == nil { first[entry.status.inode] = entry.path }
      entries[entry.path] = Entry(
        status: entry.status,
        attributes: try parent.open(entry.path.name, .nameOnly).extendedAttributes(),
        target: entry.status.kind == .symbolicLink ? try parent.readLink(entry.path.name) : [],
        digest: try known.flatMap { entries[$0]?.digest } ?? TreeSnapshot.digest(entry, parent),
        firstName: known ?? entry.path)
    }
    self.entries = entries
  }

  private init(entries: [RelativePath: Entry], root: Entry) {
    self.entries = entries
    self.root = root
  }

  /// The tree with nothing but one path, all below it and the folders above it.
  public func restricted(to path: RelativePath) -> TreeSnapshot {
    var kept = entries.filter { $0.key == path || $0.key.isBelow(path) || path.isBelow($0.key) }
    var first: [RelativePath: RelativePath] = [:]
    for key in kept.keys.sorted() {
      guard let entry = kept[key], let name = entry.firstName else { continue }
      let leader = first[name] ?? key
      first[name] = leader
      kept[key] = Entry(
        status: entry.status, attributes: entry.attributes, target: entry.target, digest: entry.digest,
        firstName: leader)
    }
    return TreeSnapshot(entries: kept, root: root)
  }

  private static let key = HashKey(bytes: (0..<HashKey.byteCount).map { UInt8($0) &* 37 &+ 11 })

  private static func digest(_ entry: TreeEntry, _ parent: borrowing Folder) throws -> Digest {
    guard entry.status.kind == .regular, let key else { return .zero }
    let file = try parent.open(entry.path.name, .reading)
    var hasher = KeyedHasher(key: key)
    var buffer = [UInt8](repeating: 0, count: min(1 << 20, Int(clamping: entry.status.size) + 1))
    while true {
      let got = try file.read(into: &buffer, count: buffer.count)
      if got == 0 { return hasher.digest() }
      if got == buffer.count { hasher.update(buffer) } else { hasher.update(Array(buffer[..<got])) }
    }
  }

  // MARK: Comparing

  /// What differs, a line for each; nothing where the trees are the same.
  public func differences(
    to other: TreeSnapshot, _ aspects: Aspects = .all, limit: Int = 40
  ) -> [String] {
    var lines: [String] = []
    if aspects.contains(.root) { lines += TreeSnapshot.metadata(root, other.root, aspects).map { ".: \($0)" } }
    for path in Set(entries.keys).union(other.entries.keys).sorted() {
      switch (entries[path], other.entries[path]) {
      case (let left?, let right?): lines += TreeSnapshot.compare(left, right, aspects).map { "\(path): \($0)" }
      case (let left?, nil): lines.append("\(path): only in the first (\(left.status.kind))")
      case (nil, let right?): lines.append("\(path): only in the second (\(right.status.kind))")
      case (nil, nil): break
      }
      if lines.count >= limit { return lines.prefix(limit) + ["and more"] }
    }
    return lines
  }

  private static func compare(_ left: Entry, _ right: Entry, _ aspects: Aspects) -> [String] {
    guard left.status.kind == right.status.kind else { return ["\(left.status.kind) became \(right.status.kind)"] }
    var lines = metadata(left, right, aspects)
    if aspects.contains(.content) {
      if left.status.kind == .regular, left.status.size != right.status.size {
        lines.append("size \(left.status.size), \(right.status.size)")
      } else if left.digest != right.digest {
        lines.append("content differs")
      }
      if left.target != right.target { lines.append("target \(shown(left.target)), \(shown(right.target))") }
    }
    if left.status.special != right.status.special { lines.append("stands for another device") }
    if aspects.contains(.hardLinks), left.status.kind != .folder, left.firstName != right.firstName {
      let names = [left.firstName, right.firstName].map { $0?.description ?? "none" }
      lines.append("is the same file as \(names[0]), as \(names[1])")
    }
    // Blocks come in runs, so a little more is no loss of a hole.
    if aspects.contains(.space), left.status.kind == .regular,
      right.status.blocks > left.status.blocks + left.status.blocks / 8 + 64
    {
      lines.append("space \(left.status.blocks * 512), \(right.status.blocks * 512) bytes")
    }
    return lines
  }

  private static func metadata(_ left: Entry, _ right: Entry, _ aspects: Aspects) -> [String] {
    let (a, b) = (left.status, right.status)
    var lines: [String] = []
    if aspects.contains(.mode), a.kind != .symbolicLink, a.permissions != b.permissions {
      lines.append("mode \(String(a.permissions, radix: 8)), \(String(b.permissions, radix: 8))")
    }
    if aspects.contains(.owner), a.owner != b.owner || a.group != b.group {
      lines.append("owner \(a.owner):\(a.group), \(b.owner):\(b.group)")
    }
    let time: Aspects =
      switch a.kind {
      case .folder: .folderTimes
      case .symbolicLink: .linkTimes
      default: .fileTimes
      }
    if aspects.contains(time), a.modified != b.modified {
      let times = [a.modified, b.modified].map { "\($0.seconds) s \($0.nanoseconds) ns" }
      lines.append("time \(times[0]), \(times[1])")
    }
    if aspects.contains(.attributes), left.attributes != right.attributes {
      let odd = Set(left.attributes).symmetricDifference(right.attributes).map { shown($0.name) }
      lines.append("attributes \(Set(odd).sorted().joined(separator: ", "))")
    }
    return lines
  }
}

/// What rsync would still do to make the second tree like the first, by content: nothing where they are the same to it.
public func rsyncDifference(_ first: String, _ second: String) throws -> String {
  let result = try RunningProgram.run(
    "rsync",
    ["-aHAXnc", "--numeric-ids", "--delete", "--itemize-changes", "--modify-window=-1", "\(first)/", "\(second)/"],
    limit: .seconds(300))
  guard result.exitCode == 0 else { throw SupportError("rsync: \(result)") }
  return result.outputText
}
