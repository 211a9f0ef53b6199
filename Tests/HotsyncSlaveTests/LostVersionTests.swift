import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// What verification must not call sound, and what it must not miss.
@Suite struct LostVersionTests {
  private func verify(_ slave: TestSlave) throws -> Set<UInt64> {
    Set(try StoreVerification(slave.store(), share: 1, accounts: Accounts()).run().damaged.map(\.generation))
  }

  private func flip(_ file: borrowing Descriptor, at offset: UInt64) throws {
    var buffer: [UInt8] = [0]
    _ = try file.read(into: &buffer, count: 1, at: offset)
    try file.write([buffer[0] ^ 1], at: offset)
  }

  private func change(_ slave: TestSlave, _ tree: inout Tree, _ path: String, _ entry: Entry, patches: Bool = false)
    throws
  {
    var changes = Changes()
    changes.put = [path: entry]
    if patches { changes.patched = [path] }
    try slave.cycle(changes, on: &tree)
  }

  @Test("blocks that were rotten before they were saved are no sound version")
  func rottenBlocks() throws {
    var (slave, tree) = try filledSlave()
    let modified = try #require(firstTree().put["srv/image"]).modified
    let file = try slave.mirror().open(at: try path("srv/image"), .readingAndWriting)
    try flip(file, at: 5_000)
    try file.setModified(modified)
    var image = large(1)
    image[5_001] ^= 7
    try change(slave, &tree, "srv/image", Entry(.file(image)), patches: true)
    #expect(try verify(slave) == [1])
    #expect(try slave.store().verified().keys.sorted() == [2])
  }

  @Test("a version that came back later is verified where it stands, whatever was dropped in between")
  func thereAndBack() throws {
    var (slave, tree) = try filledSlave()
    for text in ["another", "one", "the last"] { try change(slave, &tree, "srv/a", .file(text)) }
    try slave.drop([2])
    let file = try slave.store().history.open(at: try path("1/files/srv/a"), .readingAndWriting)
    try flip(file, at: 0)
    #expect(try verify(slave) == [1])
  }

  @Test("what an interrupted prune has not folded yet is verified, too")
  func unfolded() throws {
    var (slave, tree) = try filledSlave()
    var image = large(1)
    for byte in [1_000, 700_000] as [Int] {
      image[byte] ^= 7
      try change(slave, &tree, "srv/image", Entry(.file(image)), patches: true)
    }
    let store = try slave.store()
    let list = try store.generations()
    let kept = GenerationList(all: list.all.filter { $0.number != 2 })
    try store.top.replace(StoreLayout.generations, with: kept.encode(key: store.key))
    let undos = try store.history.folder(at: try path("2/undo"))
    let name = UndoList.name(of: try path("srv/image"), key: store.key)
    // Of the leaf that was saved, which stands alone there.
    try flip(try undos.open(name, .readingAndWriting), at: 700_001 % 4_096)
    #expect(try verify(slave) == [1])
  }

  @Test("what a cycle saved and never committed is nothing to a reader")
  func uncommitted() throws {
    let (slave, tree) = try filledSlave()
    let store = try slave.store()
    let file = try store.mirror.open(at: try path("srv/image"))
    // As a power cut may leave it: the list is there, the bytes are not.
    let undos = try store.historyFolder(1).makeOrOpenFolder(StoreLayout.undo)
    try Undo.save([0..<4_096], of: file, at: try path("srv/image"), size: file.status().size, in: undos, key: store.key)
    let saved = try undos.open(UndoList.name(of: try path("srv/image"), key: store.key), .readingAndWriting)
    try saved.write([UInt8](repeating: 0, count: 4_096), at: 0)
    try slave.restore()
    #expect(try tree.differences(in: try slave.scratch.makeOrOpenFolder("out")) == [])
    #expect(try verify(slave) == [])
  }

  @Test("a damaged file that the master has changed since is told as lost to the past")
  func displacedDamage() throws {
    var (slave, tree) = try filledSlave()
    try slave.damage("srv/a")
    #expect(try verify(slave) == [1])
    try change(slave, &tree, "srv/a", .file("another"))
    let list = try DamageList.read(slave.store())
    #expect(list.mirror == [])
    #expect(try list.lost == [DamageList.Loss(path: path("srv/a"), generation: 1)])
    #expect(try verify(slave) == [1])
  }

  @Test("a list of damage that cannot be used stops no cycle and no verification")
  func damagedList() throws {
    var (slave, tree) = try filledSlave()
    try slave.damage("srv/a")
    _ = try verify(slave)
    try flip(try slave.store().top.open(StoreLayout.name("damaged"), .readingAndWriting), at: 9)
    try change(slave, &tree, "srv/empty", .file("not any more"))
    #expect(try verify(slave) == [1, 2])
    #expect(try DamageList.read(slave.store()).mirror == [try path("srv/a")])
  }

  @Test("a folder made by hand in history takes no version from anybody")
  func folderByHand() throws {
    var (slave, tree) = try filledSlave()
    try change(slave, &tree, "srv/empty", .file("x"))
    try change(slave, &tree, "srv/a", .file("y"))
    let store = try slave.store()
    let place = try store.history.folder(at: try path("1/files/srv"))
    try place.makeFolder(try #require(FileName("a")))
    try slave.drop([2])
    #expect(try verify(slave) == [])
  }

  @Test("a restore into the folder of the stores is refused")
  func intoStores() throws {
    let (slave, _) = try filledSlave()
    let pinned = try slave.pin()
    let restore = {
      let root = try slave.scratch.open()
      let stores = try root.folder(at: try path("var/lib/hotsync"))
      let name = try #require(FileName("other"))
      let beside = try stores.makeOrOpenFolder(name)
      let request = RestoreRequest(paths: [], force: false, keepsNumbers: false)
      _ = try Restore(pinned, request, into: beside, accounts: Accounts()).run()
    }
    #expect(kind(restore) == .unwritable)
  }
}
