import Glibc
import HotsyncSystem

/// Random edits of a tree from a seed: what people and programs do to files between two cycles.
public struct EditScript {
  public enum Kind: String, Sendable, CaseIterable {
    case create, makeFolder, symbolicLink, hardLink
    /// Content, in place; the second leaves size and time as they were, so that only the time of change tells.
    case overwrite, overwriteKeepingTime, append, truncate
    /// As editors save: a new file takes the name.
    case replace
    case renameFile, renameFolder, unlink, deleteFolder, changeKind
    case touch, mode, owner, attribute, accessList
  }

  private let kinds: [Kind]
  private let metadata: OddMetadata
  private var random: SeededGenerator
  private var names: OddNames
  // What the tree holds, kept up with the edits.
  private var files: [RelativePath] = []
  private var folders: [RelativePath] = []
  private var links: [RelativePath] = []
  /// What was done, a line an edit.
  public private(set) var log: [String] = []

  public init(
    seed: UInt64, kinds: [Kind] = Kind.allCases, features: TreeMaker.Features = .possible
  ) {
    self.kinds = kinds.filter { $0 != .owner || Environment.isRoot }
    metadata = OddMetadata(features: features)
    random = SeededGenerator(seed: seed)
    names = OddNames(plainOnly: !features.contains(.oddNames))
  }

  /// Does that many edits to the tree as it is now; gives what was done.
  @discardableResult
  public mutating func apply(_ count: Int, to path: String) throws -> [String] {
    let root = try Folder.open(path)
    try list(root)
    let before = log.count
    var attempts = 0
    while log.count < before + count {
      attempts += 1
      guard attempts < 100 * count, let kind = kinds.randomElement(using: &random) else {
        throw SupportError("the tree leaves nothing to edit")
      }
      do {
        if let subject = try apply(kind, root) { log.append("\(kind.rawValue) \(subject)") }
      } catch let error as SystemError where error.number == EACCES && !Environment.isRoot {
        // A folder's mode forbids it to its owner; a part may have been done.
        try list(root)
      }
    }
    return Array(log[before...])
  }

  private mutating func list(_ root: borrowing Folder) throws {
    let entries = try walkTree(root)
    files = entries.filter { $0.status.kind == .regular }.map(\.path)
    folders = entries.filter { $0.status.kind == .folder }.map(\.path)
    links = entries.filter { $0.status.kind == .symbolicLink }.map(\.path)
  }

  /// Nil where the tree has nothing for this kind.
  private mutating func apply(_ kind: Kind, _ root: borrowing Folder) throws -> String? {
    switch kind {
    case .create, .makeFolder, .symbolicLink, .hardLink: try make(kind, root)
    case .overwrite, .overwriteKeepingTime, .append, .truncate: try write(kind, root)
    case .replace: try replace(root)
    case .renameFile, .renameFolder: try move(kind, root)
    case .unlink, .deleteFolder: try remove(kind, root)
    case .changeKind: try changeKind(root)
    case .touch, .mode, .owner, .attribute, .accessList: try changeMetadata(kind, root)
    }
  }

  // MARK: Making

  private mutating func make(_ kind: Kind, _ root: borrowing Folder) throws -> String? {
    guard let path = try freePath(root) else { return nil }
    let folder = try root.parentFolder(of: path)
    switch kind {
    case .makeFolder:
      try folder.makeFolder(path.name, permissions: 0o755)
      folders.append(path)
    case .symbolicLink:
      try folder.makeSymbolicLink(path.name, to: files.randomElement(using: &random)?.bytes ?? [0x78])
      links.append(path)
    case .hardLink:
      guard let other = files.randomElement(using: &random) else { return nil }
      try root.parentFolder(of: other).link(other.name, into: folder, as: path.name)
      files.append(path)
      return "\(other) as \(path)"
    default:
      let file = try folder.open(path.name, [.writing, .exclusively], permissions: 0o644)
      try file.write(random.bytes(random.logarithmicSize(maximum: 200_000)))
      try metadata.apply(to: file, kind: .regular, &random)
      files.append(path)
    }
    return path.description
  }

  /// A path in some folder where nothing stands.
  private mutating func freePath(_ root: borrowing Folder) throws -> RelativePath? {
    let parent = random.chance(100) ? nil : folders.randomElement(using: &random)
    if let parent, parent.levels > 15 || parent.bytes.count > 1_700 { return nil }
    guard let name = try names.next(&random).last, let path = parent.map({ $0.appending(name) }) ?? RelativePath(name)
    else {
      return nil
    }
    return try root.parentFolder(of: path).statusIfPresent(name) == nil ? path : nil
  }

  // MARK: Content

  private mutating func write(_ kind: Kind, _ root: borrowing Folder) throws -> String? {
    guard let path = files.randomElement(using: &random) else { return nil }
    let file = try openForEditing(path, root)
    let status = try file.status()
    let size = Int(clamping: status.size)
    switch kind {
    case .append:
      try file.write(random.bytes(random.number(1...20_000)), at: status.size)
    case .truncate:
      guard size > 0 else { return nil }
      try file.truncate(to: UInt64(random.number(0...(size - 1))))
    default:
      guard size > 0 else { return nil }
      let length = random.number(1...min(size, 8_192))
      try file.write(random.bytes(length), at: UInt64(random.number(0...(size - length))))
      if kind == .overwriteKeepingTime { try file.setModified(status.modified) }
    }
    return path.description
  }

  private mutating func replace(_ root: borrowing Folder) throws -> String? {
    guard let path = files.randomElement(using: &random), let other = FileName(".hotsync-edit.swp") else { return nil }
    let folder = try root.parentFolder(of: path)
    let file = try folder.open(other, [.writing, .exclusively], permissions: 0o644)
    try file.write(random.text(random.logarithmicSize(maximum: 100_000)))
    try folder.rename(other, into: folder, as: path.name)
    return path.description
  }

  // MARK: Names

  private mutating func move(_ kind: Kind, _ root: borrowing Folder) throws -> String? {
    guard let from = (kind == .renameFile ? files : folders).randomElement(using: &random), let to = try freePath(root),
      !to.isBelow(from)
    else { return nil }
    // Nothing may come to lie deeper than trees are made.
    if kind == .renameFolder, from.levels < 2, to.levels > 8 { return nil }
    try root.parentFolder(of: from).rename(from.name, into: try root.parentFolder(of: to), as: to.name)
    rename(from, to)
    return "\(from) to \(to)"
  }

  private mutating func rename(_ from: RelativePath, _ to: RelativePath) {
    func moved(_ path: RelativePath) -> RelativePath {
      if path == from { return to }
      guard path.isBelow(from) else { return path }
      return RelativePath(to.bytes + path.bytes[from.bytes.count...]) ?? path
    }
    files = files.map(moved)
    folders = folders.map(moved)
    links = links.map(moved)
  }

  private mutating func remove(_ kind: Kind, _ root: borrowing Folder) throws -> String? {
    guard let path = kind == .unlink ? (files + links).randomElement(using: &random) : smallFolder() else { return nil }
    try root.parentFolder(of: path).removeTree(path.name)
    forget(path)
    return path.description
  }

  /// One that holds no large part of the tree, which would soon be gone.
  private mutating func smallFolder() -> RelativePath? {
    guard let folder = folders.randomElement(using: &random) else { return nil }
    let held = (files + folders + links).count { $0.isBelow(folder) }
    return held <= 4 + (files.count + folders.count + links.count) / 20 ? folder : nil
  }

  private mutating func forget(_ path: RelativePath) {
    let isGone = { (other: RelativePath) in other == path || other.isBelow(path) }
    files.removeAll(where: isGone)
    folders.removeAll(where: isGone)
    links.removeAll(where: isGone)
  }

  /// Another kind of entry under the same name, in any direction.
  private mutating func changeKind(_ root: borrowing Folder) throws -> String? {
    let candidates = [files.randomElement(using: &random), links.randomElement(using: &random), smallFolder()]
    guard let path = candidates.compactMap({ $0 }).randomElement(using: &random) else { return nil }
    let wasFile = files.contains(path)
    let wasFolder = folders.contains(path)
    let folder = try root.parentFolder(of: path)
    try folder.removeTree(path.name)
    forget(path)
    if !wasFolder, random.chance(500) {
      try folder.makeFolder(path.name, permissions: 0o755)
      folders.append(path)
      return "\(path) to a folder"
    }
    if wasFile || random.chance(500) {
      try folder.makeSymbolicLink(path.name, to: [0x2E, 0x2E])
      links.append(path)
      return "\(path) to a symbolic link"
    }
    try folder.open(path.name, [.writing, .exclusively], permissions: 0o640).write(
      random.bytes(random.number(0...5_000)))
    files.append(path)
    return "\(path) to a file"
  }

  // MARK: Metadata

  private mutating func changeMetadata(_ kind: Kind, _ root: borrowing Folder) throws -> String? {
    let paths = kind == .touch || kind == .owner ? files + folders + links : files + folders
    guard let path = paths.randomElement(using: &random) else { return nil }
    let entry = try root.open(at: path, .nameOnly)
    let entryKind = try entry.status().kind
    switch kind {
    case .touch: try entry.setModified(metadata.time(&random))
    case .owner: try metadata.setOwner(of: entry, &random)
    case .mode: try entry.setPermissions(metadata.permissions(entryKind, &random))
    case .accessList:
      if random.chance(300) {
        try entry.removeExtendedAttribute(named: Array("system.posix_acl_access".utf8))
      } else {
        try metadata.setAccessList(
          of: entry, entryKind == .folder && random.chance(500) ? "default" : "access", &random)
      }
    default:
      let name = Array("user.hotsync.edit.\(random.number(0...2))".utf8)
      if random.chance(250) {
        try entry.removeExtendedAttribute(named: name)
      } else {
        try metadata.set(name, random.bytes(random.number(0...100)), on: entry)
      }
    }
    return path.description
  }
}
