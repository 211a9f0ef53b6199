import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@testable import HotsyncSlave

/// A patch of a large file whose cycle broke off, and the next cycle that goes on with it.
@Suite struct ResumedPatchTests {
  private static let leaf = 4_096
  private let base = large(1)
  private let place = "srv/image"

  private func changed(_ leaves: some Sequence<Int>, _ value: UInt8) -> [UInt8] {
    var bytes = base
    for leaf in leaves {
      for index in leaf * ResumedPatchTests.leaf..<min(bytes.count, (leaf + 1) * ResumedPatchTests.leaf) {
        bytes[index] = value &+ UInt8(truncatingIfNeeded: index)
      }
    }
    return bytes
  }

  private func open(_ master: ScriptedMaster, _ number: UInt64) throws {
    let size = UInt64(base.count)
    try master.send(
      .openContent(number: number, .patch(base: try path(place), baseSize: size, size: size, dirty: size)))
  }

  private func send(_ master: ScriptedMaster, _ leaves: some Sequence<Int>, of bytes: [UInt8]) throws {
    for leaf in leaves {
      let start = leaf * ResumedPatchTests.leaf
      let end = min(bytes.count, start + ResumedPatchTests.leaf)
      try master.send(.data(offset: UInt64(start), bytes[start..<end]))
    }
  }

  private func keep(_ master: ScriptedMaster, _ leaves: Range<Int>) throws {
    let leaf = UInt64(ResumedPatchTests.leaf)
    try master.send(
      .kept(Stretch(offset: UInt64(leaves.lowerBound) * leaf, length: UInt64(leaves.count) * leaf)))
  }

  /// A slave on which a cycle broke off after these leaves of a patch.
  private func brokenSlave(_ leaves: [Int], of bytes: [UInt8]) throws -> (TestSlave, Tree) {
    let (slave, tree) = try filledSlave()
    try slave.serve { master in
      try master.greet()
      try master.begin()
      try open(master, master.claim())
      try send(master, leaves, of: bytes)
      try master.channel.flush()
    }
    return (slave, tree)
  }

  /// Runs a cycle that goes on with what is offered and commits these bytes.
  private func finish(
    _ slave: TestSlave, _ tree: Tree, _ bytes: [UInt8], repaired: Bool = false,
    _ body: (ScriptedMaster) throws -> Void
  ) throws {
    var tree = tree
    let place = try path(place)
    let ending = try slave.serve { master in
      let key = try #require(try master.greet().hashKey)
      try master.begin()
      let number = try #require(master.offered.first).number
      try open(master, number)
      try body(master)
      try master.send(.closeContent(digest: ContentDigest.of(bytes, key: key)))
      let entry = Entry(.file(bytes))
      try master.send(.entry(try entry.record(at: place, key: key), .content(number)))
      tree.entries[place] = entry
      try master.send(.seal(try tree.digest(key: key)))
      if repaired {
        guard case .mismatched([number]) = try master.answer() else { throw ScriptedMaster.Unexpected() }
        try master.send(.openContent(number: number, .whole(path: place, size: UInt64(bytes.count), resumeAt: 0)))
        try send(master, 0..<(bytes.count / ResumedPatchTests.leaf), of: bytes)
        try master.send(.closeContent(digest: ContentDigest.of(bytes, key: key)))
        try master.send(.seal(try tree.digest(key: key)))
      }
      guard case .sealed(2) = try master.answer() else { throw ScriptedMaster.Unexpected() }
      try master.send(.commit)
      guard case .committed = try master.answer() else { throw ScriptedMaster.Unexpected() }
      try master.send(.bye)
    }
    #expect(ending == nil)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("what had arrived is offered with its digests, and need not come again")
  func goesOn() throws {
    let leaves = [0, 1, 2, 40, 120, 200]
    let bytes = changed(leaves + [300, 301], 7)
    let (slave, tree) = try brokenSlave(leaves, of: bytes)
    try finish(slave, tree, bytes) { master in
      let offered = try #require(master.offered.first)
      let key = try #require(master.welcome?.hashKey)
      let place = try path(place)
      #expect(master.offered.count == 1 && offered.path == place)
      let expected = [0..<3, 40..<41, 120..<121, 200..<201].map { leaves in
        let range = leaves.lowerBound * ResumedPatchTests.leaf..<leaves.upperBound * ResumedPatchTests.leaf
        return StagedRun(
          Stretch(offset: UInt64(range.lowerBound), length: UInt64(range.count)),
          digest: key.digest(of: bytes[range]))
      }
      #expect(offered.runs == expected)
      for leaves in [0..<3, 40..<41, 120..<121, 200..<201] { try keep(master, leaves) }
      try send(master, [300, 301], of: bytes)
    }
  }

  @Test("a patch that breaks off twice is offered with what came in both")
  func twice() throws {
    let bytes = changed(0..<6, 7)
    let (slave, tree) = try brokenSlave([0, 1], of: bytes)
    try slave.serve { master in
      try master.greet()
      try master.begin()
      try open(master, try #require(master.offered.first).number)
      try keep(master, 0..<2)
      try send(master, [2, 3], of: bytes)
      try master.channel.flush()
    }
    try finish(slave, tree, bytes) { master in
      #expect(master.offered.first?.runs.map(\.stretch) == [Stretch(offset: 0, length: 4 * 4_096)])
      try keep(master, 0..<4)
      try send(master, [4, 5], of: bytes)
    }
  }

  // Leaf 120 is a hole of the base: what was staged there would show through.
  @Test(
    "what is not kept leaves no trace, in a patch in place and in a whole new file",
    arguments: [[0, 300], Array(0..<106) + Array(170..<320)])
  func leavesNoTrace(_ leaves: [Int]) throws {
    let (slave, tree) = try brokenSlave([0, 50, 120, 165, 319], of: changed([0, 50, 120, 165, 319], 7))
    let bytes = changed(leaves, 7)
    try finish(slave, tree, bytes) { master in
      try keep(master, 0..<1)
      try send(master, leaves.dropFirst(), of: bytes)
    }
  }

  @Test("a stretch that is kept and was staged otherwise fails the content's check")
  func liesAboutKept() throws {
    let (slave, tree) = try brokenSlave([40], of: changed([40], 8))
    try finish(slave, tree, changed([40], 7), repaired: true) { master in try keep(master, 40..<41) }
  }

  @Test("a patch that nobody goes on with is gone after the seal")
  func unwanted() throws {
    let (slave, kept) = try brokenSlave([0], of: changed([0], 7))
    var tree = kept
    #expect(try slave.cycle(secondTree(), on: &tree) == 2)
    #expect(try tree.differences(in: try slave.mirror()) == [])
    try slave.serve { master in
      try master.greet()
      try master.begin()
      #expect(master.offered == [])
    }
  }

  private typealias Lie = @Sendable (ScriptedMaster, UInt64) throws -> Void

  @Test("whoever goes on with a patch is held to its bounds", arguments: 0..<7)
  func bounds(_ index: Int) throws {
    let size = UInt64(base.count)
    let lies: [Lie] = [
      { master, _ in try master.send(.kept(Stretch(offset: size - 1, length: 4_096))) },
      { master, _ in try master.send(.kept(Stretch(offset: 1, length: 4_096))) },
      { master, _ in
        try master.send(.kept(Stretch(offset: 8_192, length: 4_096)))
        try master.send(.kept(Stretch(offset: 0, length: 4_096)))
      },
      // What was never staged, wholly or in part.
      { master, _ in try master.send(.kept(Stretch(offset: 40_960, length: 4_096))) },
      { master, _ in try master.send(.kept(Stretch(offset: 8_192, length: 8_192))) },
      { master, _ in try master.send(.kept(Stretch(offset: 0, length: 0))) },
      { master, number in
        try master.send(.dropContent)
        try master.send(
          .openContent(
            number: number, .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: size)))
      },
    ]
    let (slave, kept) = try brokenSlave([0, 1, 2], of: changed(0..<3, 7))
    let ending = try slave.serve { master in
      try master.greet()
      try master.begin()
      let number = try #require(master.offered.first).number
      try open(master, number)
      let refusal = kind {
        try lies[index](master, number)
        while true { _ = try master.answer() }
      }
      #expect(refusal == .damaged)
    }
    #expect((ending as? any HotsyncError)?.kind == .damaged)
    var tree = kept
    #expect(try slave.cycle(secondTree(), on: &tree) == 2)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("however the list of what was begun is cut or altered, the next cycle goes well")
  func damagedLog() throws {
    for cut in 0..<14 {
      let (slave, kept) = try brokenSlave([0, 1, 2], of: changed(0..<3, 7))
      let folder = try slave.scratch.open().folder(at: try path("var/lib/hotsync/standby/incoming"))
      let log = try folder.open(try #require(FileName("begun")), .readingAndWriting)
      let size = try log.status().size
      if cut < 12 { try log.truncate(to: size - min(size, UInt64(cut))) } else { try log.write([UInt8(cut)], at: 0) }
      var tree = kept
      #expect(try slave.cycle(secondTree(), on: &tree) == 2, "cut \(cut)")
      #expect(try tree.differences(in: try slave.mirror()) == [], "cut \(cut)")
    }
  }
}
