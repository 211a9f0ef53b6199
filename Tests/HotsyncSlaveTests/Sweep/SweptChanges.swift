import HotsyncSystem

/// Cycles that have one of everything a commit does, on a tree of some thirty entries.
enum SweptChanges {
  /// Just over what is patched in place: mostly a hole, with some blocks of data.
  static func large(_ seed: UInt8, size: Int = (1 << 20) + 5_000) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    for start in [0, 200_000, size - 9_000] { fill(&bytes, start, 9_000, seed) }
    return bytes
  }

  private static func fill(_ bytes: inout [UInt8], _ start: Int, _ length: Int, _ seed: UInt8) {
    bytes.replaceSubrange(
      start..<(start + length), with: (0..<length).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) &+ seed })
  }

  /// With a block changed in each of those places: in data, in a hole, and one that becomes a hole.
  static func patched(_ bytes: [UInt8], seed: UInt8) -> [UInt8] {
    var bytes = bytes
    fill(&bytes, 4_096, 300, seed)
    fill(&bytes, 500_000, 5_000, seed)
    bytes.replaceSubrange(204_800..<208_896, with: repeatElement(0, count: 4_096))
    return bytes
  }

  private static func attributed(_ text: String, _ colour: UInt8) -> Entry {
    var entry = Entry.file(text)
    entry.attributes = [ExtendedAttribute(name: Array("user.colour".utf8), value: [1, 0, colour])]
    return entry
  }

  static let first: Changes = {
    var changes = Changes()
    changes.put = [
      "a": .file("stays"), "b": .file("small, first"), "deep": .folder, "deep/er": .folder,
      "deep/er/x": attributed("deep", 1), "empty": .file(""), "fold-a": .folder, "fold-a/p": .file("p"),
      "fold-a/q": Entry(.file(large(7))), "fold-a/sub": .folder, "fold-a/sub/r": .file("r"), "goes": .file("goes"),
      "goes-too": .folder, "goes-too/in": .folder, "goes-too/in/side": Entry(.file(large(8))),
      "grows": Entry(.file(large(2))), "image": Entry(.file(large(1))), "kept-1": .file("two names"),
      "kept-2": Entry(.hardLink("kept-1")), "link": Entry(.link("a")), "meta": attributed("metadata", 1),
      "shrinks": Entry(.file(large(3, size: (1 << 20) + 70_000))), "t-file-folder": .file("turns"),
      "t-file-link": .file("turns"), "t-folder-file": .folder, "t-folder-file/in": .file("in"),
      "t-folder-link": .folder, "t-folder-link/in": .file("in"), "t-link-file": Entry(.link("a")),
      "t-link-folder": Entry(.link("nowhere")), "was": .file("is moved"),
    ]
    return changes
  }()

  /// What makes history before the cycle that is swept.
  static func earlier(_ round: Int) -> Changes {
    let seed = UInt8(round) * 10
    var changes = Changes()
    changes.put = [
      "b": .file("small, \(round)"), "deep/er/x": attributed("deep \(round)", seed),
      "image": Entry(.file(patched(large(1), seed: seed))), "meta": attributed("metadata", seed),
      "only-\(round)": .file("in generation \(round)"), "turned": round % 2 == 0 ? .folder : .file("turned \(round)"),
    ]
    if round % 2 == 0 { changes.put["turned/in"] = .file("in") } else { changes.remove.append("turned/in") }
    if round > 2 { changes.remove.append("only-\(round - 1)") }
    changes.patched = ["image"]
    return changes
  }

  /// The cycle that is swept, on what came of `first` and `earlier(2)` and `earlier(3)`.
  static let last: Changes = {
    var changes = Changes()
    var longer = patched(large(2), seed: 77)
    longer += [UInt8](repeating: 9, count: 20_000)
    changes.put = [
      "b": .file("small, last"), "deep/er/x": attributed("deep, last", 9),
      "image": Entry(.file(patched(patched(large(1), seed: 30), seed: 99))), "grows": Entry(.file(longer)),
      "shrinks": Entry(.file(Array(patched(large(3, size: (1 << 20) + 70_000), seed: 5).dropLast(60_000)))),
      "meta": Entry(
        .file(Array("metadata".utf8)), permissions: 0o4755, modified: 1_700_000_777),
      "deep": Entry(
        .folder, permissions: 0o2750, modified: 1_700_000_888),
      "kept-1": .file("one name"), "kept-2": .file("two names"), "new": .file("new"), "new-folder": .folder,
      "new-folder/file": .file("new too"), "new-folder/large": Entry(.file(large(5))),
      "new-folder/link": Entry(.link("file")), "x-leader": .file("linked"), "x-other": Entry(.hardLink("x-leader")),
      "fold-b": .folder, "fold-b/p": .file("p"), "fold-b/q": Entry(.file(large(7))), "fold-b/sub": .folder,
      "fold-b/sub/r": .file("r"), "is": .file("is moved"), "link": Entry(.link("b")),
      "t-file-folder": .folder, "t-file-folder/in": .file("in"), "t-file-link": Entry(.link("b")),
      "t-folder-file": .file("turned"), "t-folder-link": Entry(.link("b")), "t-link-file": .file("turned"),
      "t-link-folder": .folder, "t-link-folder/in": .file("in"),
    ]
    changes.remove = [
      "fold-a", "fold-a/p", "fold-a/q", "fold-a/sub", "fold-a/sub/r", "goes", "goes-too", "goes-too/in",
      "goes-too/in/side", "only-3", "t-folder-file/in", "t-folder-link/in", "was",
    ]
    changes.moved = ["fold-b/p": "fold-a/p", "fold-b/q": "fold-a/q", "fold-b/sub/r": "fold-a/sub/r", "is": "was"]
    changes.patched = ["image", "grows", "shrinks"]
    return changes
  }()

  /// On what came of `last`: among others, what that patched in place is replaced.
  static let later: Changes = {
    var changes = Changes()
    changes.put = [
      "b": .file("small, later"), "image": Entry(.file(patched(patched(large(1), seed: 30), seed: 111))),
      "is": .file("is changed"), "fold-b/q": Entry(.file(large(17))), "goes": .file("came back"),
      "grows": Entry(.file(large(12))),
      "t-folder-file": .folder, "t-folder-file/in": .file("in again"), "x-leader": .file("linked no more"),
      "x-other": .file("linked"),
    ]
    changes.remove = ["t-file-folder", "t-file-folder/in", "fold-b/p"]
    changes.patched = ["image"]
    return changes
  }()

  /// On what came of `later`.
  static let latest: Changes = {
    var changes = Changes()
    changes.put = [
      "b": .file("small, latest"), "deep/er/x": attributed("deep, latest", 11),
      "grows": Entry(.file(patched(large(12), seed: 40))), "meta": attributed("metadata", 12),
    ]
    changes.remove = ["goes", "is"]
    changes.patched = ["grows"]
    return changes
  }()

  static func apply(_ changes: Changes, to tree: inout Tree) {
    for name in changes.remove { RelativePath(name).map { tree.entries[$0] = nil } }
    for (name, entry) in changes.put { RelativePath(name).map { tree.entries[$0] = entry } }
  }
}
