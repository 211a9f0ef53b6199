import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncSlave

/// Few bytes that would make much work: of a master that lies, or of a user of an honest one.
@Suite struct HostileSizesTests {
  private func attribute(_ number: Int, _ count: Int) -> ExtendedAttribute {
    ExtendedAttribute(name: Array("user.\(number)".utf8), value: [UInt8](repeating: 7, count: count))
  }

  /// An access list of so many users, in the kernel's form (acl(5)).
  private func accessList(users: Int) -> ExtendedAttribute {
    var value: [UInt8] = [2, 0, 0, 0]
    func add(_ tag: UInt8, _ id: UInt32) {
      value += [tag, 0, 4, 0] + [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: id >> $0) }
    }
    add(0x01, .max)
    for id in 0..<UInt32(users) { add(0x02, id + 1) }
    for tag in [0x04, 0x10, 0x20] as [UInt8] { add(tag, .max) }
    return ExtendedAttribute(name: Array("system.posix_acl_access".utf8), value: value)
  }

  /// Has a master say something and looks at what becomes of it: refused as damage, and the store as it was.
  private func refused(_ say: (ScriptedMaster, HashKey) throws -> Void) throws {
    let (slave, _) = try filledSlave()
    let before = try slave.picture()
    var refusal: FailureKind?
    try slave.serve { master in
      let key = try #require(try master.greet().hashKey)
      refusal = kind {
        try master.begin()
        try say(master, key)
        while true { _ = try master.answer() }
      }
    }
    #expect(refusal == .damaged)
    #expect(try changes(before, slave.picture()) == [])
  }

  // MARK: Sizes

  @Test("a content of more than the largest file is refused before anything is made of it", arguments: [0, 1])
  func beyondLargest(_ form: Int) throws {
    let size = [Limits.fileSize + 1, UInt64(Int64.max)][form]
    try refused { master, _ in
      try master.send(.openContent(number: master.claim(), .whole(path: try path("srv/n"), size: size, resumeAt: 0)))
    }
  }

  @Test("one byte at the end of a terabyte costs neither disk nor memory, and little time")
  func farByte() throws {
    let (slave, _) = try filledSlave()
    let size: UInt64 = 1 << 40
    try slave.serve { master in
      try master.greet()
      try master.begin()
      try master.send(.openContent(number: master.claim(), .whole(path: try path("srv/n"), size: size, resumeAt: 0)))
      try master.send(.data(offset: size - 1, [1]))
      // Answered once the byte before it was taken.
      try master.send(
        .requestSignature(
          SignatureRequest(
            id: 1, base: try path("srv/a"), stretch: Stretch(offset: 0, length: 1), blockLength: 2_048,
            strongLength: 16)))
      while true { if case .signatureEnd = try master.answer() { break } }
      let store = try slave.store()
      for folder in ["signatures", "incoming/content"] {
        let folder = try store.top.folder(at: path(folder))
        for name in try folder.names() { #expect(try folder.status(name).blocks * 512 < 65_536, "\(name)") }
      }
    }
  }

  @Test("one entry more than a catalog may have is refused")
  func tooManyEntries() throws {
    let (slave, _) = try filledSlave()
    let store = try slave.store()
    let first = try #require(try store.generations().newest)
    let full = Generation(
      number: 1, time: first.time, epoch: 1, catalog: CatalogDigest(sum: first.catalog.sum, records: Limits.records),
      files: first.files, bytes: first.bytes, changed: 1, isSeed: false, segments: first.segments)
    try store.top.replace(StoreLayout.generations, with: GenerationList(all: [full]).encode(key: store.key))
    try slave.serve { master in
      let key = try #require(try master.greet().hashKey)
      #expect(
        kind {
          try master.begin()
          let record = try Entry.file("").record(at: path("srv/one-more"), key: key)
          try master.send(.file(record, number: master.claim(), []))
          while true { _ = try master.answer() }
        } == .damaged)
    }
    #expect(try store.generations().all == [full])
  }

  @Test("a flood of empty files takes a few bytes of memory for each")
  func emptyFiles() throws {
    func peak(_ count: Int) throws -> Int {
      let slave = try TestSlave()
      try slave.configure()
      let key = try slave.store().key
      var stream = Preamble.bytes
      Frame.encode(
        MasterMessage.hello(
          Hello(
            program: "test", connection: "standby", purpose: .cycle, epoch: .first,
            position: Position(generation: 0, catalog: .empty), store: nil, adopts: true)), to: &stream)
      Frame.encode(
        MasterMessage.begin(Announcement(entries: UInt64(count), deletions: 0, bytes: 0, acceptsDeletions: true)),
        to: &stream)
      Frame.encode(MasterMessage.entry(try Entry.folder.record(at: path("srv"), key: key), .none), to: &stream)
      for number in 0..<count {
        let record = try Entry.file("").record(at: path("srv/\(10_000_000 + number)"), key: key)
        Frame.encode(MasterMessage.file(record, number: UInt64(number + 1), []), to: &stream)
      }
      let result = try RunningProgram.run(
        "hotsync-slave", ["serve", "--connection", "standby", "--root", slave.scratch.path], input: stream,
        limit: .seconds(240))
      #expect(result.exitCode != 65 && result.exitCode != 70 && !result.isOverTime, "\(result)")
      #expect(try slave.store().generations().all == [])
      return result.peakMemoryBytes
    }
    let (few, many) = (try peak(1_000), try peak(9_000))
    #expect(many - few < 8_000 * 700, "\(few), \(many)")
  }

  // MARK: Attributes

  @Test("attributes of more bytes than a record may have, and an access list of 100,000 entries, are refused")
  func attributesOverLimit() throws {
    for attributes in [(0..<9).map { attribute($0, 65_536) }, [accessList(users: 100_000)], [attribute(1, 65_537)]] {
      try refused { master, key in
        var entry = Entry.file("x")
        entry.attributes = attributes
        try master.send(.file(try entry.record(at: path("srv/n"), key: key), number: master.claim(), [0x78]))
      }
    }
  }

  @Test(
    "attributes that the store's file system has no room for are recorded and told, and stop neither cycle nor restore")
  func attributesWithoutRoom() throws {
    let (slave, first) = try filledSlave()
    var tree = first
    var changes = Changes()
    for (name, attributes) in [
      ("large", [attribute(1, 60_000)]), ("many", (0..<100).map { attribute(100 + $0, 600) }),
      ("list", [accessList(users: 8_000)]),
    ] {
      var entry = Entry.file("with attributes")
      entry.attributes = attributes
      changes.put["srv/\(name)"] = entry
    }
    #expect(try slave.cycle(changes, on: &tree) == 2)
    #expect(try slave.mirror().open(at: path("srv/large")).readAll(limit: 100) == Array("with attributes".utf8))
    #expect(try StoreVerification(slave.store(), share: 1, accounts: Accounts()).run().damaged == [])
    let result = try slave.restore()
    #expect(result.damaged == [])
    // And they stay what the master had: nothing is sent again for them.
    var touched = Changes()
    touched.put = ["srv/a": .file("touched")]
    #expect(try slave.cycle(touched, on: &tree) == 3)
    let record = try #require(
      try slave.store().catalog(of: slave.store().generations().newest).record(at: path("srv/large")))
    #expect(record.metadata.attributes == [attribute(1, 60_000)])
  }
}
