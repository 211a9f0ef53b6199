import HotsyncCatalog
import HotsyncSystem
import Testing

/// What a slave must hold.
struct Tree: Equatable {
  var entries: [RelativePath: Entry] = [:]

  func digest(key: HashKey) throws -> CatalogDigest {
    var digest = CatalogDigest.empty
    for (path, entry) in entries { digest.add(try entry.record(at: path, key: key).digest(key: key)) }
    return digest
  }

  /// How a folder on disk differs from this, in words; empty where it is exactly this.
  ///
  /// - Parameter prefix: only this path, all below it and the folders above it are wanted.
  func differences(in folder: borrowing Folder, below prefix: RelativePath? = nil) throws -> [String] {
    let wanted = entries.keys.filter { path in
      prefix.map { path == $0 || path.isBelow($0) || $0.isBelow(path) } ?? true
    }
    var comparison = TreeComparison(entries: entries, missing: Set(wanted))
    try comparison.look(folder, nil)
    return comparison.result
  }
}

private struct TreeComparison {
  let entries: [RelativePath: Entry]
  var missing: Set<RelativePath>
  private var found: [String] = []
  private var inodes: [RelativePath: Set<UInt64>] = [:]

  init(entries: [RelativePath: Entry], missing: Set<RelativePath>) {
    self.entries = entries
    self.missing = missing
  }

  var result: [String] {
    var names: [UInt64: Int] = [:]
    for (_, numbers) in inodes { for number in numbers { names[number, default: 0] += 1 } }
    let apart = inodes.filter { $0.value.count > 1 }.map { "\($0.key) and its links are several files" }
    let shared = names.values.contains { $0 > 1 } ? ["files that should be apart are one"] : []
    return (found + apart + shared + missing.map { "\($0) is missing" }).sorted()
  }

  mutating func look(_ folder: borrowing Folder, _ above: RelativePath?) throws {
    for name in try folder.names() {
      let path = above?.appending(name) ?? RelativePath(name)
      missing.remove(path)
      guard let entry = entries[path] else {
        found.append("\(path) is there")
        continue
      }
      try compare(path, entry, in: folder)
      if entry.content == .folder, try folder.status(name).kind == .folder { try look(try folder.folder(name), path) }
    }
  }

  private mutating func compare(_ path: RelativePath, _ entry: Entry, in folder: borrowing Folder) throws {
    let status = try folder.status(path.name)
    var entry = entry
    var leader = path
    if case .hardLink(let first) = entry.content {
      leader = try #require(RelativePath(first))
      entry = try #require(entries[leader])
    }
    switch entry.content {
    case .file(let bytes):
      inodes[leader, default: []].insert(status.inode)
      check(status.kind == .regular, path, "is no file")
      guard status.kind == .regular else { return }
      let found = try folder.open(path.name).readAll(limit: 64 << 20) ?? []
      check(areSame(found[...], bytes[...]), path, "has another content")
    case .link(let target):
      check(status.kind == .symbolicLink, path, "is no link")
      guard status.kind == .symbolicLink else { return }
      check(try folder.readLink(path.name) == Array(target.utf8), path, "leads elsewhere")
    case .folder: check(status.kind == .folder, path, "is no folder")
    case .fifo: check(status.kind == .fifo, path, "is no FIFO")
    case .device(let major, let minor):
      check(status.special == DeviceNumber(major: major, minor: minor), path, "is another device, or none")
    case .hardLink: break
    }
    check(status.modified == entry.modified, path, "has another time")
    guard status.kind != .symbolicLink else { return }
    check(status.permissions == entry.permissions, path, "has mode \(String(status.permissions, radix: 8))")
    let attributes = try folder.open(path.name, .nameOnly).extendedAttributes()
    check(attributes.filter { ExtendedAttribute.isCarried($0.name) } == entry.attributes, path, "has other attributes")
  }

  private mutating func check(_ isRight: Bool, _ path: RelativePath, _ what: String) {
    if !isRight { found.append("\(path) \(what)") }
  }
}
