import HotsyncSystem
import Testing

@testable import HotsyncSlave

/// A file larger than a node whose blocks all differ, with a hole in it.
func large(_ seed: UInt8, size: Int = 5 << 18) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: size)
  var state = UInt32(seed) &+ 1
  for index in bytes.indices where index < size / 3 || index > size / 2 {
    state = state &* 1_664_525 &+ 1_013_904_223
    bytes[index] = UInt8(truncatingIfNeeded: state >> 24)
  }
  return bytes
}

/// Something of every kind.
func firstTree() -> Changes {
  var changes = Changes()
  var attributed = Entry.file("with attributes")
  attributed.attributes = [ExtendedAttribute(name: Array("user.colour".utf8), value: [1, 2, 0, 3])]
  changes.put = [
    "srv": .folder, "srv/a": .file("one"), "srv/empty": .file(""), "srv/closed": Entry(.file([1]), permissions: 0o400),
    "srv/linked": .file("shared"), "srv/dangling": Entry(.link("/nowhere/at all")), "srv/up": Entry(.link("..")),
    "srv/deep": Entry(.folder, permissions: 0o2750), "srv/deep/er": Entry(.folder, permissions: 0o500),
    "srv/deep/er/file": .file("down"), "srv/x-link": Entry(.hardLink("srv/linked")),
    "srv/deep/y-link": Entry(.file([9])), "srv/image": Entry(.file(large(1))), "srv/attributed": attributed,
    "srv/odd \n\u{1B}[31m": .file("odd name"), "srv.d": .folder, "srv.d/last": .file("last"),
  ]
  return changes
}

/// Changes of every kind to it: contents, kinds, links, metadata, removals, a patch, a move.
func secondTree() -> Changes {
  var changes = Changes()
  var image = large(1)
  image[5_000] ^= 1
  image.append(7)
  var attributed = Entry.file("with attributes")
  attributed.attributes = [ExtendedAttribute(name: Array("user.taste".utf8), value: [])]
  changes.put = [
    "srv/a": .file("another"), "srv/empty": Entry(.folder, permissions: 0o711), "srv/empty/in": .file("inside"),
    "srv/closed": Entry(.file([1]), permissions: 0o4755, modified: 1_600_000_000), "srv/up": .folder,
    "srv/up/a": .folder, "srv/up/a/b": .file("two levels in what was a link"),
    "srv/image": Entry(.file(image)), "srv/attributed": attributed,
    "srv/moved": Entry(.file([9]), permissions: 0o600), "srv/deep": Entry(.link("../srv")),
    "srv/linked": .file("no longer shared"), "srv/x-link": .file("shared"),
    "srv/z-link": Entry(.hardLink("srv/x-link")),
  ]
  changes.remove = ["srv/deep/er", "srv/deep/er/file", "srv/deep/y-link", "srv/dangling", "srv.d", "srv.d/last"]
  changes.patched = ["srv/image"]
  changes.moved = ["srv/moved": "srv/deep/y-link"]
  return changes
}

@Suite struct CycleTests {
  @Test("the mirror is what the master sent, entry for entry")
  func first() throws {
    let slave = try TestSlave()
    var tree = Tree()
    #expect(try slave.cycle(firstTree(), on: &tree) == 1)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("changes of every kind arrive, and the past stays")
  func second() throws {
    let slave = try TestSlave()
    var tree = Tree()
    try slave.cycle(firstTree(), on: &tree)
    let inode = try slave.mirror().folder(at: try path("srv")).status(try #require(FileName("image"))).inode
    #expect(try slave.cycle(secondTree(), on: &tree) == 2)
    #expect(try tree.differences(in: try slave.mirror()) == [])
    #expect(try slave.mirror().folder(at: try path("srv")).status(try #require(FileName("image"))).inode == inode)
    #expect(try slave.store().generations().all.map(\.number) == [1, 2])
  }

  @Test("a store says what it holds and when the master was there")
  func status() throws {
    let slave = try TestSlave()
    var tree = Tree()
    #expect(try StatusOfStore(slave.store()).lastSync == nil)
    try slave.cycle(firstTree(), on: &tree)
    let status = try StatusOfStore(slave.store())
    #expect(status.lastSync?.generation == 1)
    #expect(status.generations.first?.files == UInt64(tree.entries.values.filter { $0.content != .folder }.count))
    #expect(status.freeBytes > 0)
  }

  @Test("a file that was moved away and patched at its old place leaves the moved one as it was")
  func movedAndPatched() throws {
    let slave = try TestSlave()
    var tree = Tree()
    var first = Changes()
    first.put = ["a": Entry(.file(large(3)))]
    try slave.cycle(first, on: &tree)
    var second = Changes()
    var changed = large(3)
    changed[100_000] ^= 1
    second.put = ["a": Entry(.file(changed)), "b": Entry(.file(large(3)))]
    second.patched = ["a"]
    second.moved = ["b": "a"]
    try slave.cycle(second, on: &tree)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("a broken cycle changes nothing, and the next one commits")
  func broken() throws {
    let slave = try TestSlave()
    var tree = Tree()
    try slave.cycle(firstTree(), on: &tree)
    let before = try slave.picture()
    let kept = tree
    try slave.serve { master in
      try master.greet()
      try master.push(secondTree(), to: &tree)
    }
    let found = try changes(before, slave.picture())
    #expect(found == [], "\(found)")
    tree = kept
    try slave.cycle(secondTree(), on: &tree)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }
}
