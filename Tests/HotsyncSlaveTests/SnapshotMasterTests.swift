import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@testable import HotsyncSlave

/// What a master may do about snapshots, message by message, and what it may not.
@Suite struct SnapshotMasterTests {
  private func greet(_ master: ScriptedMaster, _ purpose: Hello.Purpose) throws {
    try master.send(.hello(master.hello(purpose: purpose)))
    guard case .welcome = try master.answer() else { throw ScriptedMaster.Unexpected() }
    master.channel.handshakeDone()
  }

  private func say(_ slave: TestSlave, _ purpose: Hello.Purpose, _ message: MasterMessage) throws -> SlaveMessage? {
    var answer: SlaveMessage?
    try slave.serve { master in
      try greet(master, purpose)
      try master.send(message)
      answer = try master.answer()
      try master.send(.bye)
    }
    return answer
  }

  /// With what kind the slave refuses a message.
  private func refusal(
    _ slave: TestSlave, _ purpose: Hello.Purpose, _ message: MasterMessage
  ) throws -> FailureKind? {
    var refusal: FailureKind?
    let ending = try slave.serve { master in
      try greet(master, purpose)
      refusal = kind {
        try master.send(message)
        _ = try master.answer()
      }
    }
    #expect((ending as? any HotsyncError)?.kind == refusal)
    return refusal
  }

  @Test("what a cycle committed is pinned in the same conversation, and a cycle without changes pins the newest")
  func pins() throws {
    let (slave, kept) = try filledSlave()
    var tree = kept
    let (first, second) = (try snapshotName("first"), try snapshotName("second"))
    #expect(try say(slave, .cycle, .pin(first, generation: 1)) == .pinned(generation: 1))
    try slave.serve { master in
      try master.greet()
      try master.push(secondTree(), to: &tree)
      try master.send(.commit)
      guard case .committed(2, _) = try master.answer() else { throw ScriptedMaster.Unexpected() }
      try master.send(.pin(second, generation: 2))
      #expect(try master.answer() == .pinned(generation: 2))
      // An answer that was lost: once more is no error.
      try master.send(.pin(second, generation: 2))
      #expect(try master.answer() == .pinned(generation: 2))
      try master.send(.bye)
    }
    #expect(try slave.store().snapshots().map(\.name) == [first, second])
    #expect(try slave.store().snapshots().map(\.generation) == [1, 2])
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("a master that began and found nothing to send pins the newest, not what it did not commit")
  func pinsWhilePushing() throws {
    let (slave, _) = try filledSlave()
    let name = try snapshotName("a")
    try slave.serve { master in
      try master.greet()
      try master.begin()
      try master.send(.pin(name, generation: 1))
      #expect(try master.answer() == .pinned(generation: 1))
      try master.send(.bye)
    }
    #expect(try slave.store().snapshots().map(\.generation) == [1])
  }

  @Test("a name of another generation is refused, the cycle stays committed and the name where it was")
  func neverMoves() throws {
    let (slave, kept) = try filledSlave()
    var tree = kept
    let name = try snapshotName("a")
    try slave.store().pin(name, generation: nil, now: Timestamp(seconds: 5))
    var refusal: FailureKind?
    try slave.serve { master in
      try master.greet()
      try master.push(secondTree(), to: &tree)
      try master.send(.commit)
      _ = try master.answer()
      refusal = kind {
        try master.send(.pin(name, generation: 2))
        _ = try master.answer()
      }
    }
    #expect(refusal == .refused)
    #expect(try slave.store().snapshots() == [Snapshot(name: name, generation: 1, pinned: Timestamp(seconds: 5))])
    #expect(try slave.store().generations().newest?.number == 2)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test(
    "a generation that is not the newest cannot be pinned by a master, be it there or not",
    arguments: [0, 2, 3, Limits.number])
  func notTheNewest(_ number: UInt64) throws {
    let (slave, _) = try filledSlave()
    let before = try slave.picture()
    #expect(try refusal(slave, .cycle, .pin(snapshotName("a"), generation: number)) == .damaged)
    #expect(try changes(before, slave.picture()) == [])
  }

  @Test("an empty store has nothing that a master could pin")
  func nothingYet() throws {
    let slave = try TestSlave()
    for number: UInt64 in [0, 1] {
      #expect(try refusal(slave, .cycle, .pin(snapshotName("a"), generation: number)) == .damaged)
    }
    #expect(try say(slave, .look, .listSnapshots) == .snapshots([]))
  }

  @Test("messages about snapshots where they may not come end the conversation, and change nothing")
  func order() throws {
    let (slave, _) = try filledSlave()
    let name = try snapshotName("a")
    try slave.store().pin(name, generation: nil, now: Timestamp(seconds: 5))
    let before = try slave.picture()
    for purpose in [Hello.Purpose.look, .snapshots] {
      #expect(try refusal(slave, purpose, .pin(snapshotName("b"), generation: 1)) == .damaged)
    }
    for purpose in [Hello.Purpose.look, .cycle] {
      #expect(try refusal(slave, purpose, .askToUnpin(name)) == .damaged)
    }
    let begin = Announcement(entries: 0, deletions: 0, bytes: 0, acceptsDeletions: true)
    #expect(try refusal(slave, .snapshots, .begin(begin)) == .damaged)
    try slave.serve { master in
      try master.greet()
      try master.begin()
      #expect(
        kind {
          try master.send(.askToUnpin(name))
          _ = try master.answer()
        } == .damaged)
    }
    #expect(try changes(before, slave.picture()) == [])
  }

  @Test("what a master asks for is noted and told, and the snapshot stays; an unknown one is a wrong command line")
  func asks() throws {
    let (slave, _) = try filledSlave()
    let name = try snapshotName("a")
    try slave.store().pin(name, generation: nil, now: Timestamp(seconds: 5))
    guard case .asked(let asked) = try say(slave, .snapshots, .askToUnpin(name)) else {
      throw ScriptedMaster.Unexpected()
    }
    #expect(try say(slave, .snapshots, .askToUnpin(name)) == .asked(asked))
    #expect(try refusal(slave, .snapshots, .askToUnpin(snapshotName("b"))) == .usage)
    let generation = try #require(try slave.store().generations().newest)
    let listed = ListedSnapshot(
      name: name, generation: 1, time: generation.time, pinned: Timestamp(seconds: 5), asked: asked)
    for purpose in [Hello.Purpose.look, .snapshots, .cycle] {
      #expect(try say(slave, purpose, .listSnapshots) == .snapshots([listed]))
    }
    #expect(try slave.pin("a").generation.number == 1)
    // A cycle that pins it again withdraws that.
    #expect(try say(slave, .cycle, .pin(name, generation: 1)) == .pinned(generation: 1))
    #expect(try slave.store().snapshots() == [Snapshot(name: name, generation: 1, pinned: Timestamp(seconds: 5))])
  }

  @Test("asking is no sign of being in step, and is answered while another cycle runs")
  func asksMeanwhile() throws {
    let (slave, _) = try filledSlave()
    let name = try snapshotName("a")
    try slave.store().pin(name, generation: nil, now: Timestamp(seconds: 5))
    try slave.store().noteContact(Timestamp(seconds: 7), generation: 1)
    var answer: SlaveMessage?
    try slave.serve { cycle in
      try cycle.greet()
      try cycle.begin()
      answer = try say(slave, .snapshots, .askToUnpin(name))
    }
    guard case .asked = answer else { throw ScriptedMaster.Unexpected() }
    #expect(try slave.store().lastContact()?.time == Timestamp(seconds: 7))
  }

  @Test("a flood of snapshots ends at the limit of what a master makes, with all that were there still there")
  func flood() throws {
    let (slave, _) = try filledSlave()
    let store = try slave.store()
    var list = SnapshotList.empty
    for number in 1..<Limits.snapshotsOfMaster {
      list.put(Snapshot(name: try snapshotName("n\(number)"), generation: 1, pinned: Timestamp(seconds: 5)))
    }
    try store.top.replace(StoreLayout.snapshots, with: list.encode(key: store.key))
    #expect(try say(slave, .cycle, .pin(snapshotName("last"), generation: 1)) == .pinned(generation: 1))
    #expect(try refusal(slave, .cycle, .pin(snapshotName("more"), generation: 1)) == .refused)
    guard case .snapshots(let listed) = try say(slave, .look, .listSnapshots) else {
      throw ScriptedMaster.Unexpected()
    }
    #expect(listed.count == Limits.snapshotsOfMaster && !listed.contains { $0.name.text == "more" })
  }

  @Test("with a damaged list a master is told so, nothing is pinned, and cycles without snapshots go on")
  func damagedList() throws {
    let (slave, kept) = try filledSlave()
    var tree = kept
    let store = try slave.store()
    try store.top.replace(StoreLayout.snapshots, with: Array("a 1 pinned=1.0\nend 0\n".utf8))
    #expect(try refusal(slave, .cycle, .pin(snapshotName("a"), generation: 1)) == .damaged)
    #expect(try refusal(slave, .look, .listSnapshots) == .damaged)
    #expect(try refusal(slave, .snapshots, .askToUnpin(snapshotName("a"))) == .damaged)
    #expect(try slave.cycle(secondTree(), on: &tree) == 2)
  }
}
