import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

func snapshotName(_ text: String) throws -> SnapshotName { try #require(SnapshotName(text)) }

/// The store's file of snapshots, and who may do what to it.
@Suite struct SnapshotTests {
  private let now = Timestamp(seconds: 1_790_000_000)
  private func later(_ seconds: Int64) -> Timestamp { Timestamp(seconds: now.seconds + seconds) }

  private func file(_ slave: TestSlave) throws -> [UInt8]? {
    try slave.scratch.open().folder(at: try path("var/lib/hotsync/standby")).content(
      of: StoreLayout.snapshots, limit: 1 << 20)
  }

  private func write(_ slave: TestSlave, _ bytes: [UInt8]) throws {
    try slave.scratch.open().folder(at: try path("var/lib/hotsync/standby")).replace(StoreLayout.snapshots, with: bytes)
  }

  @Test("a store has no file of snapshots until one is pinned, and what is pinned is there when it is opened anew")
  func pinned() throws {
    let (slave, _) = try filledSlave()
    #expect(try slave.store().snapshots() == [])
    #expect(try file(slave) == nil)
    #expect(try slave.store().pin(snapshotName("b"), generation: nil, now: now).number == 1)
    #expect(try slave.store().pin(snapshotName("a"), generation: 1, now: later(5)).number == 1)
    #expect(
      try slave.store().snapshots() == [
        Snapshot(name: snapshotName("a"), generation: 1, pinned: later(5)),
        Snapshot(name: snapshotName("b"), generation: 1, pinned: now),
      ])
    try slave.store().unpin(snapshotName("a"))
    #expect(try slave.store().snapshots().map(\.name.text) == ["b"])
    #expect(kind { try slave.store().unpin(snapshotName("a")) } == .usage)
  }

  @Test("a generation that is not there cannot be pinned, nor anything in an empty store")
  func unknown() throws {
    let (slave, _) = try filledSlave()
    #expect(kind { try slave.store().pin(snapshotName("a"), generation: 2, now: now) } == .usage)
    let empty = try TestSlave()
    #expect(kind { try empty.store().pin(snapshotName("a"), generation: nil, now: now) } == .usage)
    #expect(try file(slave) == nil && file(empty) == nil)
  }

  @Test("a name never moves to another generation, whoever asks; for the same one it stays as it was")
  func moved() throws {
    let (slave, kept) = try filledSlave()
    var tree = kept
    let name = try snapshotName("a")
    try slave.store().pin(name, generation: nil, now: now)
    try slave.store().pin(name, generation: 1, by: .master, now: later(9))
    #expect(try slave.cycle(secondTree(), on: &tree) == 2)
    #expect(kind { try slave.store().pin(name, generation: 2, by: .master, now: now) } == .refused)
    #expect(kind { try slave.store().pin(name, generation: nil, by: .console, now: now) } == .unwritable)
    #expect(try slave.store().snapshots() == [Snapshot(name: name, generation: 1, pinned: now)])
  }

  @Test("what a master asks for is only noted, the first time counts, and keep_within later it is unpinned")
  func asked() throws {
    let (slave, _) = try filledSlave()
    let store = try slave.store()
    let name = try snapshotName("a")
    for other in ["b", "c"] { try store.pin(snapshotName(other), generation: nil, now: now) }
    try store.pin(name, generation: nil, now: now)
    #expect(try store.askToUnpin(name, now: later(10)).asked == later(10))
    #expect(try store.askToUnpin(name, now: later(50)).asked == later(10))
    _ = try store.askToUnpin(snapshotName("c"), now: later(50))
    #expect(kind { _ = try store.askToUnpin(snapshotName("x"), now: now) } == .usage)
    #expect(try store.snapshotsDue(keepWithin: .seconds(100), now: later(110)) == [])
    // A clock that was set back lets nothing go.
    #expect(try store.snapshotsDue(keepWithin: .seconds(100), now: later(-1_000)) == [])
    #expect(try store.snapshots().count == 3)
    #expect(try store.snapshotsDue(keepWithin: .seconds(100), now: later(111)) == [name])
    try store.unpin([name])
    #expect(try store.snapshots().map(\.name.text) == ["b", "c"])
    // Who pins it again means to keep it.
    try store.pin(snapshotName("c"), generation: 1, by: .master, now: later(120))
    #expect(try store.snapshotsDue(keepWithin: .seconds(100), now: later(9_999)) == [])
  }

  @Test("a master makes so many and no more; the operator of the slave still can")
  func tooMany() throws {
    let (slave, _) = try filledSlave()
    let store = try slave.store()
    var list = SnapshotList.empty
    for number in 1...Limits.snapshotsOfMaster {
      list.put(Snapshot(name: try snapshotName("n\(number)"), generation: 1, pinned: now, asked: now))
    }
    try write(slave, list.encode(key: store.key))
    #expect(kind { try store.pin(snapshotName("more"), generation: nil, by: .master, now: now) } == .refused)
    try store.pin(snapshotName("n7"), generation: nil, by: .master, now: now)
    for number in Limits.snapshotsOfMaster..<Limits.snapshots {
      list.put(Snapshot(name: try snapshotName("o\(number)"), generation: 1, pinned: now))
    }
    try store.pin(snapshotName("more"), generation: nil, now: now)
    try write(slave, list.encode(key: store.key))
    #expect(kind { try store.pin(snapshotName("further"), generation: nil, now: now) } == .refused)
    #expect(try store.snapshots().count == Limits.snapshots)
  }

  @Test("the longest list that there may be is read again")
  func longest() throws {
    let key = try TestSlave().store().key
    var list = SnapshotList.empty
    let time = try #require(Timestamp(seconds: .min, nanoseconds: 999_999_999))
    for number in 0..<Limits.snapshots {
      let name = try snapshotName("x" + String(repeating: "0", count: 59) + String(number + 1_000))
      list.put(Snapshot(name: name, generation: .max, pinned: time, asked: time))
    }
    let bytes = list.encode(key: key)
    #expect(bytes.count <= SnapshotList.limit)
    #expect(try SnapshotList.parse(bytes, key: key) == list)
    list.put(Snapshot(name: try snapshotName("y"), generation: 1, pinned: time))
    #expect(kind { _ = try SnapshotList.parse(list.encode(key: key), key: key) } == .damaged)
  }

  @Test("a list with a bit altered, a byte less or more, or cut anywhere is damaged")
  func damaged() throws {
    let (slave, _) = try filledSlave()
    let store = try slave.store()
    try store.pin(snapshotName("before-upgrade"), generation: nil, now: now)
    _ = try store.askToUnpin(snapshotName("before-upgrade"), now: later(3))
    let whole = try #require(try file(slave))
    #expect(try SnapshotList.parse(whole, key: store.key).all.count == 1)
    var broken = (0..<whole.count).map { Array(whole.prefix($0)) } + [whole + [0x0A], [0x0A] + whole]
    for place in whole.indices {
      for bit in 0..<8 as Range<UInt8> {
        var bytes = whole
        bytes[place] ^= 1 << bit
        broken.append(bytes)
      }
    }
    for bytes in broken {
      #expect(kind { _ = try SnapshotList.parse(bytes, key: store.key) } == .damaged, "\(bytes)")
    }
  }

  @Test(
    "a list whose digest is right and whose lines are not is damaged",
    arguments: [
      "a\n", "a 1\n", "a 1 pinned=1\n", "a 1 pinned=1.0 asked=\n", "a 1 pinned=1.0 asked=1.0 x\n", "a -1 pinned=1.0\n",
      "a 1 pinned=1.1000000000\n", "a 18446744073709551616 pinned=1.0\n", "latest 1 pinned=1.0\n", "1 1 pinned=1.0\n",
      "a 1 pinned=01.0\n", "a 1  pinned=1.0\n", "b 1 pinned=1.0\na 1 pinned=1.0\n", "a 1 pinned=1.0\na 2 pinned=1.0\n",
      "\n", "a 1 pinned=1.0", "a 1 asked=1.0 pinned=1.0\n", "a 1 pinned=9223372036854775808.0\n",
    ])
  func nonsense(_ lines: String) throws {
    let key = try TestSlave().store().key
    let bytes = Array((lines + "end \(key.digest(of: Array(lines.utf8)).hexadecimal)\n").utf8)
    #expect(kind { _ = try SnapshotList.parse(bytes, key: key) } == .damaged)
  }

  @Test("with a damaged or an endless file nothing is pinned or let go, and generations are found by number alone")
  func damagedFile() throws {
    let (slave, _) = try filledSlave()
    for bytes in [Array("nonsense\n".utf8), [UInt8](repeating: 0x61, count: SnapshotList.limit + 1)] {
      try write(slave, bytes)
      let store = try slave.store()
      let name = try snapshotName("a")
      #expect(kind { _ = try store.snapshots() } == .damaged)
      #expect(kind { try store.pin(name, generation: nil, now: now) } == .damaged)
      #expect(kind { try store.unpin(name) } == .damaged)
      #expect(kind { _ = try store.askToUnpin(name, now: now) } == .damaged)
      #expect(kind { _ = try store.snapshotsDue(keepWithin: .zero, now: now) } == .damaged)
      #expect(kind { _ = try slave.pin("a") } == .damaged)
      #expect(try slave.pin("1").generation.number == 1)
      #expect(try file(slave) == bytes)
    }
  }

  @Test("a snapshot's name names its generation for every reader")
  func named() throws {
    let (slave, _) = try filledSlave()
    #expect(kind { _ = try slave.pin("before-upgrade") } == .usage)
    try slave.store().pin(snapshotName("before-upgrade"), generation: 1, now: now)
    #expect(try slave.pin("before-upgrade").generation.number == 1)
    #expect(kind { _ = try slave.pin("before") } == .usage)
  }
}
