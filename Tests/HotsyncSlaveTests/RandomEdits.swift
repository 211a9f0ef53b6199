import HotsyncSystem
import TestSupport

/// Random changes to a small tree: contents, patches of large files, kinds, links, moves, removals.
struct RandomEdits {
  private var random: SeededGenerator
  private var tree = Tree()
  private var changes = Changes()

  private static let names = ["a", "b", "c", "d", "e", "f", "big", "image"]
  private static let large = 1 << 20

  init(_ random: SeededGenerator) { self.random = random }

  /// Some changes to a tree as it is now.
  mutating func changes(to tree: Tree) throws -> Changes {
    self.tree = tree
    changes = Changes()
    for _ in 0..<random.number(1...5) { try edit() }
    return changes
  }

  private mutating func edit() throws {
    let name = somePath()
    // Each path once a cycle, with all above and below it.
    guard !isTouched(name), let path = RelativePath(name), isUsable(path) else { return }
    let old = tree.entries[path]
    if isLinked(path, old) { return try unlink(path) }
    switch random.number(0...11) {
    case 0...3: put(name, file(like: old))
    case 4: remove(path)
    case 5: putFolder(name)
    case 6: put(name, Entry(.link("over/there/\(random.number(0...99))")))
    case 7: link(name)
    case 8: move(to: name)
    case 9: chmod(name, old)
    default: patch(name, old)
    }
  }

  private mutating func somePath() -> String {
    let name = RandomEdits.names[random.below(RandomEdits.names.count)]
    return random.chance(400) ? "\(name)/\(RandomEdits.names[random.below(4)])" : name
  }

  private func isTouched(_ name: String) -> Bool {
    let top = name.prefix { $0 != "/" }
    return (Array(changes.put.keys) + changes.remove + Array(changes.moved.values)).contains {
      $0.prefix { $0 != "/" } == top
    }
  }

  /// What is below a folder needs one.
  private func isUsable(_ path: RelativePath) -> Bool {
    path.parent.map { tree.entries[$0]?.content == .folder } ?? true
  }

  private func below(_ path: RelativePath) -> [RelativePath] { tree.entries.keys.filter { $0.isBelow(path) } }

  private func links(to path: RelativePath) -> [RelativePath] {
    tree.entries.filter { $0.value.content == .hardLink(path.text) }.keys.sorted()
  }

  private func isLinked(_ path: RelativePath, _ old: Entry?) -> Bool {
    ([path] + below(path)).contains { place in
      if case .hardLink = tree.entries[place]?.content { return true }
      return !links(to: place).isEmpty
    }
  }

  // MARK: Kinds of changes

  /// Replaces what is there with all below it.
  private mutating func put(_ name: String, _ entry: Entry) {
    if let path = RelativePath(name), entry.content != .folder { changes.remove += below(path).map(\.text) }
    changes.put[name] = entry
  }

  private mutating func remove(_ path: RelativePath) {
    guard tree.entries[path] != nil else { return }
    changes.remove += ([path] + below(path)).map(\.text)
  }

  private mutating func putFolder(_ name: String) {
    changes.put[name] = Entry(.folder, permissions: random.chance(500) ? 0o755 : 0o750)
    guard !name.contains("/") else { return }
    for child in RandomEdits.names.prefix(random.number(0...3)) where !changes.remove.contains("\(name)/\(child)") {
      if let path = RelativePath("\(name)/\(child)"), below(path).isEmpty {
        changes.put[path.text] = file(like: tree.entries[path])
      }
    }
  }

  private mutating func file(like old: Entry?) -> Entry {
    let size =
      random.chance(150) ? RandomEdits.large + random.number(0...200_000) : random.logarithmicSize(maximum: 9_000)
    return Entry(.file(random.bytes(size)), modified: Int64(random.number(1...2_000_000_000)))
  }

  private mutating func chmod(_ name: String, _ old: Entry?) {
    guard var entry = old, case .file = entry.content else { return }
    entry.permissions = UInt16([0o600, 0o640, 0o444, 0o4755][random.below(4)])
    changes.put[name] = entry
  }

  private mutating func patch(_ name: String, _ old: Entry?) {
    guard case .file(var bytes) = old?.content, bytes.count > RandomEdits.large else {
      return put(name, Entry(.file(random.bytes(RandomEdits.large + random.number(1...300_000)))))
    }
    for _ in 0..<random.number(0...6) {
      let place = random.below(bytes.count)
      let count = min(bytes.count - place, random.logarithmicSize(maximum: 40_000))
      // Now and then a hole.
      let piece = random.chance(300) ? [UInt8](repeating: 0, count: count) : random.bytes(count)
      bytes.replaceSubrange(place..<(place + count), with: piece)
    }
    if random.chance(300) { bytes += random.bytes(random.number(1...100_000)) }
    if random.chance(300) { bytes.removeLast(min(bytes.count - RandomEdits.large, random.number(1...100_000))) }
    changes.put[name] = Entry(.file(bytes), modified: Int64(random.number(1...2_000_000_000)))
    changes.patched.insert(name)
  }

  /// Makes a further name of a file that comes before it.
  private mutating func link(_ name: String) {
    let leaders = tree.entries.filter { path, entry in
      if case .file = entry.content { path.text < name && !isTouched(path.text) } else { false }
    }
    guard let leader = leaders.keys.sorted().randomElement(using: &random) else { return }
    put(name, Entry(.hardLink(leader.text)))
    // It is one file from now on, and stays as it is in this cycle.
    changes.put[leader.text] = tree.entries[leader]
  }

  /// One of several names of a file, or all of them, become files of their own.
  private mutating func unlink(_ path: RelativePath) throws {
    if case .hardLink = tree.entries[path]?.content {
      changes.put[path.text] = file(like: nil)
      return
    }
    guard below(path).isEmpty, case .file = tree.entries[path]?.content else { return }
    let others = links(to: path)
    guard !others.contains(where: { isTouched($0.text) }) else { return }
    // The first of the others leads them now.
    guard let leader = others.first, let entry = tree.entries[path] else { return }
    changes.put[leader.text] = entry
    for other in others.dropFirst() { changes.put[other.text] = Entry(.hardLink(leader.text)) }
    if random.chance(500) { changes.remove.append(path.text) } else { changes.put[path.text] = file(like: nil) }
  }

  private mutating func move(to name: String) {
    let sources = tree.entries.filter { path, entry in
      if case .file(let bytes) = entry.content {
        !bytes.isEmpty && !isTouched(path.text) && links(to: path).isEmpty && path.text != name
          && path.parent?.text != name
      } else {
        false
      }
    }
    guard let source = sources.keys.sorted().randomElement(using: &random), let entry = tree.entries[source] else {
      return
    }
    put(name, entry)
    changes.moved[name] = source.text
    changes.remove.append(source.text)
  }
}

extension RelativePath {
  fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }
}
