import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem
import Testing

@testable import HotsyncSlave

/// What a master that lies says after it was greeted, and how it is refused.
struct Lie: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let kind: FailureKind
  let tell: @Sendable (ScriptedMaster, HashKey) throws -> Void

  init(
    _ description: String, _ kind: FailureKind = .damaged,
    _ tell: @escaping @Sendable (ScriptedMaster, HashKey) throws -> Void
  ) {
    testDescription = description
    self.kind = kind
    self.tell = tell
  }
}

extension ScriptedMaster {
  fileprivate func put(_ text: String, _ entry: Entry, _ key: HashKey, _ source: Source = .none) throws {
    try send(.entry(try entry.record(at: try path(text), key: key), source))
  }

  fileprivate func file(_ text: String, _ content: String, _ key: HashKey, number: UInt64? = nil) throws {
    let record = try Entry.file(content).record(at: try path(text), key: key)
    try send(.file(record, number: number ?? claim(), Array(content.utf8)[...]))
  }
}

private let anything = CatalogDigest.empty

let lies: [Lie] = [
  Lie("an entry before the cycle begins") { master, key in try master.put("srv/new", .folder, key) },
  Lie("a commit before the seal") { master, _ in
    try master.begin()
    try master.send(.commit)
  },
  Lie("a second greeting") { master, _ in try master.send(.hello(master.hello())) },
  Lie("a second beginning") { master, _ in
    try master.begin()
    try master.begin()
  },
  Lie("a piece of content that was not opened") { master, _ in
    try master.begin()
    try master.send(.data(offset: 0, [1]))
  },
  Lie("a path after one that comes later") { master, key in
    try master.begin()
    try master.file("srv/n", "1", key)
    try master.file("srv/m", "1", key)
  },
  Lie("a path twice") { master, key in
    try master.begin()
    try master.file("srv/n", "1", key)
    try master.file("srv/n", "2", key)
  },
  Lie("a file in a folder that was never sent") { master, key in
    try master.begin()
    try master.file("nowhere/n", "1", key)
  },
  Lie("a file below a file") { master, key in
    try master.begin()
    try master.file("srv/a/n", "1", key)
  },
  Lie("a file below a link that was made in this cycle") { master, key in
    try master.begin()
    try master.put("srv/b", Entry(.link("/etc")), key, .made(master.claim()))
    try master.file("srv/b/passwd", "1", key)
  },
  Lie("a file below a link of the cycle before") { master, key in
    try master.begin()
    try master.file("srv/up/n", "1", key)
  },
  Lie("a file below a folder that was removed") { master, key in
    try master.begin()
    try master.send(.remove(try path("srv.d")))
    try master.file("srv.d/new", "1", key)
  },
  Lie("a folder that goes without what it holds") { master, key in
    try master.begin()
    try master.send(.remove(try path("srv.d")))
    try master.send(.seal(anything))
  },
  Lie("a removal of what was never there") { master, _ in
    try master.begin()
    try master.send(.remove(try path("srv/never")))
  },
  Lie("more removals than were announced", .refused) { master, _ in
    try master.begin(deletions: 1, acceptsDeletions: false)
    let gone = [
      "a", "attributed", "closed", "dangling", "deep", "deep/er", "deep/er/file", "deep/y-link", "empty", "image",
    ]
    for name in gone {
      try master.send(.remove(try path("srv/" + name)))
    }
  },
  Lie("more removals than are allowed", .refused) { master, _ in
    try master.begin(deletions: 1_000, acceptsDeletions: false)
  },
  Lie("a hard link to nothing") { master, key in
    try master.begin()
    try master.put("srv/n", Entry(.hardLink("srv/missing")), key)
    try master.send(.seal(anything))
  },
  Lie("a hard link to a folder") { master, key in
    try master.begin()
    try master.put("srv/n", Entry(.hardLink("srv/deep")), key)
    try master.send(.seal(anything))
  },
  Lie("a hard link to what goes in this cycle") { master, key in
    try master.begin()
    try master.send(.remove(try path("srv/a")))
    try master.put("srv/n", Entry(.hardLink("srv/a")), key)
    try master.send(.seal(anything))
  },
  Lie("a FIFO with a content") { master, key in
    try master.begin()
    let number = try master.sendWhole([1], for: try path("srv/n"), key)
    try master.put("srv/n", Entry(.fifo), key, .content(number))
  },
  Lie("a FIFO that is said to be there already") { master, key in
    try master.begin()
    try master.put("srv/a", Entry(.fifo), key)
  },
  Lie("a device node where the slave's own configuration takes none", .refused) { master, key in
    try master.begin()
    try master.put("srv/n", Entry(.device(1, 3)), key, .made(master.claim()))
  },
  Lie("a device node in place of a file that is said to stay", .refused) { master, key in
    try master.begin()
    try master.put("srv/a", Entry(.device(1, 3)), key)
  },
  Lie("a trusted attribute where the slave's own configuration takes none", .refused) { master, key in
    try master.begin()
    var entry = Entry.folder
    entry.attributes = [ExtendedAttribute(name: Array("trusted.overlay.opaque".utf8), value: [0x79])]
    try master.put("srv/n", entry, key)
  },
  Lie("a file with a trusted attribute that comes with its content", .refused) { master, key in
    try master.begin()
    var entry = Entry.file("1")
    entry.attributes = [ExtendedAttribute(name: Array("security.ima".utf8), value: [1])]
    let record = try entry.record(at: try path("srv/n"), key: key)
    try master.send(.file(record, number: master.claim(), Array("1".utf8)[...]))
  },
  Lie("a signature of a FIFO") { master, key in
    try master.begin()
    try master.put("srv/n", Entry(.fifo), key, .made(master.claim()))
    try master.send(
      .requestSignature(
        SignatureRequest(
          id: 1, base: try path("srv/n"), stretch: Stretch(offset: 0, length: 4), blockLength: 2_048, strongLength: 16))
    )
  },
  Lie("chunks beyond the end of a file") { master, key in
    try master.begin()
    try master.send(
      .requestChunks(
        ChunkRequest(id: 1, base: try path("srv/image"), stretch: Stretch(offset: 1 << 40, length: 4_096))))
  },
  Lie("a file rebuilt from one of another size") { master, key in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .rebuilt(path: try path("srv/image"), baseSize: 1, size: 9, resumeAt: 0)))
  },
  Lie("a copy from beyond the base") { master, key in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(
        number: master.claim(), .rebuilt(path: try path("srv/image"), baseSize: size, size: size, resumeAt: 0)))
    try master.send(.copied(from: size - 1, Stretch(offset: 0, length: 2)))
  },
  Lie("a copy beyond the new content") { master, key in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(
        number: master.claim(), .rebuilt(path: try path("srv/image"), baseSize: size, size: 9, resumeAt: 0)))
    try master.send(.copied(from: 0, Stretch(offset: 0, length: 10)))
  },
  Lie("a copy before the one before it") { master, key in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(
        number: master.claim(), .rebuilt(path: try path("srv/image"), baseSize: size, size: size, resumeAt: 0)))
    try master.send(.copied(from: 0, Stretch(offset: 4_096, length: 4_096)))
    try master.send(.copied(from: 0, Stretch(offset: 0, length: 4_096)))
  },
  Lie("a copy in a file that comes whole") { master, key in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .whole(path: try path("srv/image"), size: 4_096, resumeAt: 0)))
    try master.send(.copied(from: 0, Stretch(offset: 0, length: 4_096)))
  },
  Lie("a stream from a file of another size") { master, key in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .streamed(path: try path("srv/image"), baseSize: 1)))
  },
  Lie("a stream from a file that is not there") { master, key in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .streamed(path: try path("srv/none"), baseSize: 1)))
  },
  Lie("a copy in a stream from beyond the base") { master, key in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(.openContent(number: master.claim(), .streamed(path: try path("srv/image"), baseSize: size)))
    try master.send(.copied(from: size - 1, Stretch(offset: 0, length: 2)))
  },
  Lie("a copy in a stream that has no base") { master, key in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .streamed(path: try path("srv/image"), baseSize: 0)))
    try master.send(.copied(from: 0, Stretch(offset: 0, length: 1)))
  },
  Lie("a stream that ends before its last piece") { master, key in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .streamed(path: try path("srv/n"), baseSize: 0)))
    try master.send(.data(offset: 0, [1, 2, 3]))
    try master.send(.closeStream(size: 2, digest: ContentDigest.of([1, 2], key: key)))
  },
  Lie("a stream that ends as a file does") { master, key in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .streamed(path: try path("srv/n"), baseSize: 0)))
    try master.send(.data(offset: 0, [1]))
    try master.send(.closeContent(digest: ContentDigest.of([1], key: key)))
  },
  Lie("a file that ends as a stream does") { master, key in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .whole(path: try path("srv/n"), size: 1, resumeAt: 0)))
    try master.send(.data(offset: 0, [1]))
    try master.send(.closeStream(size: 1, digest: ContentDigest.of([1], key: key)))
  },
  Lie("a patch that ends as a stream does") { master, key in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(
        number: master.claim(), .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: size)))
    try master.send(.closeStream(size: size, digest: .zero))
  },
  Lie("a link where dumps stand", .refused) { master, key in
    try master.begin()
    try master.put(".hotsync", .folder, key)
    try master.put(".hotsync/dumps", Entry(.link("/etc")), key, .made(master.claim()))
  },
  Lie("a copy in a patch from beyond the base") { master, key in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(
        number: master.claim(), .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: size)))
    try master.send(.copied(from: size, Stretch(offset: 0, length: 4_096)))
  },
  Lie("a small file whose bytes are not its digest's") { master, key in
    try master.begin()
    let record = try Entry.file("abc").record(at: try path("srv/n"), key: key)
    try master.send(.file(record, number: master.claim(), Array("abd".utf8)[...]))
  },
  Lie("a digest of another key") { master, key in
    try master.begin()
    let other = try #require(HashKey(bytes: [UInt8](repeating: 7, count: HashKey.byteCount)))
    try master.file("srv/n", "abc", other)
  },
  Lie("a content that is not the entry's") { master, key in
    try master.begin()
    let number = try master.sendWhole([1, 2, 3], for: try path("srv/n"), key)
    try master.put("srv/n", Entry(.file([4])), key, .content(number))
  },
  Lie("a content for two entries") { master, key in
    try master.begin()
    let number = try master.sendWhole([1, 2, 3], for: try path("srv/n"), key)
    try master.put("srv/n", Entry(.file([1, 2, 3])), key, .content(number))
    try master.put("srv/o", Entry(.file([1, 2, 3])), key, .content(number))
  },
  Lie("a number that was used") { master, key in
    try master.begin()
    let number = master.claim()
    try master.file("srv/n", "1", key, number: number)
    try master.file("srv/o", "2", key, number: number)
  },
  Lie("a number at the end of all numbers") { master, key in
    try master.begin()
    try master.file("srv/n", "1", key, number: .max / 2)
  },
  Lie("a content beyond its size") { master, _ in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .whole(path: try path("srv/n"), size: 2, resumeAt: 0)))
    try master.send(.data(offset: 0, [1, 2, 3]))
  },
  Lie("a content that goes backwards") { master, _ in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .whole(path: try path("srv/n"), size: 9, resumeAt: 0)))
    try master.send(.data(offset: 4, [1]))
    try master.send(.data(offset: 0, [1]))
  },
  Lie("a resumption of what was never begun") { master, _ in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .whole(path: try path("srv/n"), size: 9 << 20, resumeAt: 1 << 20)))
  },
  Lie("a patch of a file that is not there") { master, _ in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/none"), baseSize: 5, size: 6, dirty: 6)))
  },
  Lie("a patch of a base of another size") { master, _ in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/a"), baseSize: 5, size: 6, dirty: 6)))
  },
  Lie("a patch beyond its size") { master, _ in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/a"), baseSize: 3, size: 4, dirty: 4)))
    try master.send(.data(offset: 0, [1, 2, 3, 4, 5]))
  },
  Lie("a patch of more than was announced") { master, _ in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: 10)))
    try master.send(.data(offset: 0, [UInt8](repeating: 1, count: 11)[...]))
  },
  Lie("a stretch that is said to be kept of a patch that begins") { master, _ in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: size))
    )
    try master.send(.kept(Stretch(offset: 0, length: 4_096)))
  },
  Lie("a stretch that is said to be kept of a new file") { master, _ in
    try master.begin()
    try master.send(.openContent(number: master.claim(), .whole(path: try path("srv/n"), size: 9, resumeAt: 0)))
    try master.send(.kept(Stretch(offset: 0, length: 9)))
  },
  Lie("a delta beyond its base") { master, _ in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: size))
    )
    try master.send(.openDelta(base: Stretch(offset: size - 1, length: 2), new: Stretch(offset: 0, length: 4_096)))
  },
  Lie("a delta that makes more than was said") { master, _ in
    try master.begin()
    let size = UInt64(large(1).count)
    try master.send(
      .openContent(number: master.claim(), .patch(base: try path("srv/image"), baseSize: size, size: size, dirty: size))
    )
    try master.send(.openDelta(base: Stretch(offset: 0, length: 65_536), new: Stretch(offset: 0, length: 4_096)))
    // The magic of a delta, then COPY of 65,536 bytes from 0, then END (librsync, doc/format.md).
    try master.send(.delta([0x72, 0x73, 0x02, 0x36, 0x47, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00]))
    try master.send(.closeDelta)
  },
  Lie("a signature of a stretch beyond the file") { master, _ in
    try master.begin()
    try master.send(
      .requestSignature(
        SignatureRequest(
          id: 1, base: try path("srv/a"), stretch: Stretch(offset: 0, length: 4), blockLength: 2_048, strongLength: 16))
    )
  },
  Lie("a file that is moved from what is another") { master, key in
    try master.begin()
    try master.put("srv/n", .file("two"), key, .moved(master.claim(), from: try path("srv/a")))
  },
  Lie("a file that is moved and stays") { master, key in
    try master.begin()
    try master.put("srv/n", .file("one"), key, .moved(master.claim(), from: try path("srv/a")))
    try master.send(.seal(anything))
  },
  Lie("an entry that is said to stay and differs") { master, key in
    try master.begin()
    try master.put("srv/a", .file("other"), key)
  },
  Lie("a folder with a content") { master, key in
    try master.begin()
    let number = try master.sendWhole([1], for: try path("srv/n"), key)
    try master.put("srv/n", .folder, key, .content(number))
  },
  Lie("a seal of another catalog") { master, key in
    try master.begin()
    try master.file("srv/n", "1", key)
    try master.send(.seal(anything))
  },
  Lie("an entry after the seal") { master, key in
    var tree = Tree()
    for (name, entry) in firstTree().put { tree.entries[try path(name)] = entry }
    var changes = Changes()
    changes.put = ["srv/n": .file("1")]
    try master.push(changes, to: &tree)
    _ = try master.sendWhole([1], for: try path("srv/o"), key)
    try master.file("srv/o", "2", key)
    try master.send(.seal(anything))
  },
  Lie("a size of nearly everything", .damaged) { master, _ in
    try master.begin()
    try master.send(
      .openContent(number: master.claim(), .whole(path: try path("srv/n"), size: Limits.fileSize, resumeAt: 0)))
    try master.send(.data(offset: Limits.fileSize - 1, [1, 1]))
  },
]

@Suite struct HostileMasterTests {
  @Test("a lie is refused and the store stays as it was", arguments: lies)
  func refused(_ lie: Lie) throws {
    let (slave, kept) = try filledSlave()
    let before = try slave.picture()
    var refusal: FailureKind?
    let ending = try slave.serve { master in
      let key = try #require(try master.greet().hashKey)
      refusal = kind {
        try lie.tell(master, key)
        while true { _ = try master.answer() }
      }
    }
    #expect(refusal == lie.kind)
    #expect((ending as? any HotsyncError)?.kind == lie.kind)
    #expect(try changes(before, slave.picture()) == [])
    // And an honest cycle goes on from there.
    var tree = kept
    #expect(try slave.cycle(secondTree(), on: &tree) == 2)
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("a content that fails its check is asked for again, and then the cycle goes on")
  func mismatched() throws {
    let (slave, kept) = try filledSlave()
    var tree = kept
    try slave.serve { master in
      let key = try #require(try master.greet().hashKey)
      try master.begin()
      let place = try path("srv/n")
      let bytes: [UInt8] = [1, 2, 3]
      let number = master.claim()
      let record = try Entry(.file(bytes)).record(at: place, key: key)
      func content(_ bytes: [UInt8]) throws {
        try master.send(.openContent(number: number, .whole(path: place, size: 3, resumeAt: 0)))
        try master.send(.data(offset: 0, bytes[...]))
        try master.send(.closeContent(digest: ContentDigest.of([1, 2, 3], key: key)))
      }
      try content([1, 2, 4])
      try master.send(.entry(record, .content(number)))
      tree.entries[place] = Entry(.file(bytes))
      let digest = try tree.digest(key: key)
      try master.send(.seal(digest))
      guard case .mismatched(let numbers) = try master.answer() else { throw ScriptedMaster.Unexpected() }
      #expect(numbers == [number])
      try content(bytes)
      try master.send(.seal(digest))
      guard case .sealed(2) = try master.answer() else { throw ScriptedMaster.Unexpected() }
      try master.send(.commit)
      _ = try master.answer()
      try master.send(.bye)
    }
    #expect(try tree.differences(in: try slave.mirror()) == [])
  }

  @Test("a master of a lower epoch, and one of the same epoch that another promoted, are refused")
  func epoch() throws {
    let (slave, _) = try filledSlave()
    let before = try slave.picture()
    let mine = try #require(Epoch(number: 2, promoter: [UInt8](repeating: 1, count: 16)))
    let other = try #require(Epoch(number: 2, promoter: [UInt8](repeating: 2, count: 16)))
    for theirs in [Epoch.first, other] {
      let ending = try slave.serve(epoch: mine) { master in
        try master.send(.hello(master.hello(epoch: theirs)))
        #expect(kind { _ = try master.answer() } == .fenced)
      }
      #expect((ending as? any HotsyncError)?.kind == .fenced)
    }
    #expect(try changes(before, slave.picture()) == [])
  }

  @Test("two cycles at once: the second is told to come again")
  func twice() throws {
    let (slave, _) = try filledSlave()
    try slave.serve { first in
      try first.greet()
      try slave.serve { second in
        #expect(kind { try second.greet() } == .busy)
      }
      try first.send(.bye)
    }
  }
}
