import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import TestSupport
import Testing

/// What a master that was greeted may not send: lengths, payloads that are not of their form, contents and deltas that are
/// not what they were said to be, and counts over their limits.
@Suite struct PayloadTests {
  @Test("every length that no frame may have after the greeting is 65", arguments: TestedTransport.overSSH)
  func lengths(_ transport: TestedTransport) throws {
    let ordeal = try Ordeal(over: transport)
    for wrong: UInt32 in [0, 1_048_577, .max / 2, .max] {
      let offence = Offence("a length of \(wrong)", 65, "a frame of \(wrong) bytes, where 1 to 1048576") {
        $0.say((0..<4).map { UInt8(truncatingIfNeeded: wrong >> (8 * UInt32($0))) })
      }
      try ordeal.expectRefused(offence, on: try ordeal.greeted())
    }
    // These are lengths, but what has them says nothing.
    for length in [1, 65_537, 1_048_576] {
      let offence = Offence("a frame of \(length)", 65, "message 99: unknown") {
        $0.say(SlaveWords.frame(99, [UInt8](repeating: 0, count: length - 1)))
      }
      try ordeal.expectRefused(offence, on: try ordeal.greeted())
    }
    try ordeal.expectTrueCycle()
  }

  // MARK: Forms

  private static func payload(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    body(&writer)
    return writer.bytes
  }

  private static func integers(_ values: UInt64...) -> [UInt8] { payload { for value in values { $0.integer(value) } } }
  private static func path(_ bytes: [UInt8]) -> [UInt8] { payload { $0.data(bytes) } }
  private static func path(_ text: String) -> [UInt8] { path(Array(text.utf8)) }

  private static func signature(
    _ offset: UInt64 = 0, _ length: UInt64 = 65_536, block: UInt64 = 2_048, strong: UInt64 = 16
  ) -> [UInt8] { integers(1) + path(Ordeal.largePath) + integers(offset, length, block, strong) }

  private static let half = UInt64(Int64.max)
  /// The size that no file may have more than.
  private static let largest: UInt64 = 1 << 48

  /// Message, payload, and what the refusal says of it.
  private static let malformed: [(type: UInt8, payload: [UInt8], words: String)] = [
    (0, [], "unknown"), (27, [], "unknown"), (65, [], "unknown"), (66, [], "unknown"), (77, [], "unknown"),
    (126, [], "unknown"), (128, [], "unknown"), (255, [], "unknown"),
    (2, [0], "1 bytes too many"),
    (3, [0x80, 0, 0, 0, 0], "longer than it needs"), (3, [0x85, 0x80, 0, 0, 0, 0], "longer than it needs"),
    (3, [0, 0] + [UInt8](repeating: 0xFF, count: 9) + [2, 0], "beyond 64 bits"),
    (3, [UInt8](repeating: 0xFF, count: 10) + [1], "beyond 64 bits"),
    (3, integers(100_000_001, 0, 0) + [0], "over the limit"), (3, integers(0, 100_000_001, 0) + [0], "over the limit"),
    (3, integers(.max, 0, 0) + [0], "over the limit"), (3, integers(0, 0, 0) + [2], "flag"),
    (3, integers(0, 0, 0), "cut short"), (3, integers(0, 0, 0) + [0, 0], "1 bytes too many"), (3, [], "cut short"),
    (4, signature(block: 0), "too small or too many"), (4, signature(block: 63), "too small or too many"),
    (4, signature(block: 1_048_577), "over the limit"), (4, signature(block: .max), "over the limit"),
    (4, signature(strong: 0), "too small or too many"), (4, signature(strong: 7), "too small or too many"),
    (4, signature(strong: 33), "over the limit"), (4, signature(0, 134_217_729), "too small or too many"),
    (4, signature(0, 64 * 131_073, block: 64), "too small or too many"), (4, signature(half + 1), "over the limit"),
    (4, signature(half, 1), "over the limit"), (4, signature(1, half), "over the limit"),
    (5, integers(half + 1) + [1], "over the limit"), (5, [1, 0], "unknown form"), (5, [1, 5], "unknown form"),
    (5, [1, 3], "cut short"), (5, [1, 4], "cut short"), (24, [], "cut short"), (25, [], "cut short"),
    (26, [], "cut short"),
    (5, [1, 1] + path("srv/data/n") + integers(5, 6), "over the limit"),
    (5, [1, 1] + path("srv/data/n") + integers(half + 1, 0), "over the limit"),
    (5, [1, 2] + path("srv/data/n") + integers(5, 6, 7), "over the limit"),
    (6, [0], "empty piece"), (6, integers(half + 1) + [1], "over the limit"), (6, integers(largest) + [1], "beyond"),
    (6, integers(largest - 1) + [1, 1], "beyond"), (7, integers(half, 1), "over the limit"), (7, [0], "cut short"),
    (8, integers(0, 1, 0), "cut short"), (8, integers(0, 1, 1, half), "over the limit"), (9, [], "empty piece"),
    (10, [0], "1 bytes too many"), (11, [], "cut short"), (11, [UInt8](repeating: 1, count: 15), "cut short"),
    (11, [UInt8](repeating: 1, count: 17), "1 bytes too many"), (12, [0], "1 bytes too many"),
    (13, [4], "unknown source"), (13, [2, 1] + path("../x"), "a path"),
    (13, [1] + integers(half + 1), "over the limit"),
    (14, integers(half + 1), "over the limit"), (16, [UInt8](repeating: 1, count: 16), "cut short"),
    (16, [UInt8](repeating: 1, count: 15) + [0], "cut short"),
    (16, [UInt8](repeating: 1, count: 16) + integers(100_000_001), "over the limit"), (17, [0], "1 bytes too many"),
    (18, [0], "1 bytes too many"), (19, [0], "1 bytes too many"), (20, [0], "cut short"),
    (21, [0], "1 bytes too many"), (22, [], "cut short"), (22, [0, 1], "a snapshot's name"),
    (22, path("latest-1") + [1], "a snapshot's name"), (22, path("../x") + [1], "a snapshot's name"),
    (22, path("a\nb") + [1], "a snapshot's name"), (22, path("a") + integers(half + 1), "over the limit"),
    (22, path(String(repeating: "a", count: 65)) + [1], "over the limit"),
    (22, path("a") + [1, 0], "1 bytes too many"),
    (22, [2, 0x61, 0xFF, 1], "not UTF-8"), (23, path("2026-11-20"), "a snapshot's name"), (23, [1], "cut short"),
  ]

  /// What is no path, as the name of what is to be removed.
  private static let noPaths: [[UInt8]] =
    ["", "/", "/etc/passwd", ".", "..", "../x", "srv/../etc", "srv/..", "srv/.", "srv//data", "srv/", "srv/a\0b"].map {
      Array($0.utf8)
    } + [
      [UInt8](repeating: 0x61, count: 256),
      Array(repeating: Array("a".utf8), count: 1_001).joined(separator: [0x2F]) + [],
    ]

  @Test("a payload that is not of its form is 65")
  func forms() throws {
    let ordeal = try Ordeal()
    for (type, payload, words) in PayloadTests.malformed {
      let offence = Offence("message \(type) \(payload.prefix(40))", 65, "message \(type): ", words) {
        $0.say(SlaveWords.frame(type, payload))
      }
      try ordeal.expectRefused(offence, on: try ordeal.greeted())
    }
    for path in PayloadTests.noPaths {
      let offence = Offence("\(String(decoding: path.prefix(40), as: UTF8.self))", 65, "message 15: a path") {
        $0.say(SlaveWords.frame(15, PayloadTests.path(path)))
      }
      try ordeal.expectRefused(offence, on: try ordeal.greeted())
    }
    let long = Offence("a path of 65,536 bytes", 65, "message 15: 65536 is over the limit") {
      $0.say(SlaveWords.frame(15, PayloadTests.path([UInt8](repeating: 0x61, count: 65_536))))
    }
    try ordeal.expectRefused(long, on: try ordeal.greeted())
    try ordeal.expectTrueCycle()
  }

  // MARK: Contents

  private func offence(_ name: String, _ words: String = "", _ say: @escaping (RawMaster) throws -> Void) -> Offence {
    Offence(name, 65, words) { master in
      try master.begin()
      try say(master)
    }
  }

  private func openPatch(_ master: RawMaster, dirty: UInt64 = Ordeal.largeSize) throws {
    guard let base = RelativePath(Ordeal.largePath) else { throw SupportError(Ordeal.largePath) }
    let size = Ordeal.largeSize
    master.say(.openContent(number: master.claim(), .patch(base: base, baseSize: size, size: size, dirty: dirty)))
  }

  @Test("a delta that is none, is a signature, or reaches beyond what was said is 65")
  func deltas() throws {
    func delta(_ name: String, _ words: String, _ bytes: [UInt8], base: UInt64 = 4_096) -> Offence {
      offence(name, words) { master in
        try self.openPatch(master)
        let stretch = Stretch(offset: 0, length: 4_096)
        master.say(
          .openDelta(base: Stretch(offset: 0, length: base), new: stretch), .delta(bytes[...]), .closeDelta)
      }
    }
    let magic: [UInt8] = [0x72, 0x73, 0x02, 0x36]
    let ordeal = try Ordeal()
    try ordeal.expectRefusedOnceGreeted([
      delta("a signature of MD4 sums", "does not start like one", [0x72, 0x73, 0x01, 0x36, 0, 0, 8, 0, 0, 0, 0, 8]),
      delta("a signature of BLAKE2 sums", "does not start like one", [0x72, 0x73, 0x01, 0x37, 0, 0, 8, 0, 0, 0, 0, 8]),
      delta("noise", "does not start like one", Array("noise".utf8)),
      delta("half a magic", "ends in the middle", [0x72, 0x73]),
      delta("no end", "ends in the middle", magic + [0x46, 0, 0x10, 0]),
      delta("a reserved command", "reserved", magic + [0x55]),
      delta("less than was said", "makes 256 bytes", magic + [0x46, 0, 1, 0, 0]),
      delta("more than was said", "more than the 4096", magic + [0x47, 0, 0, 1, 0, 0, 0], base: 65_536),
      delta("a copy of 2^63 bytes", "", magic + [0x48, 0, 0x80] + [UInt8](repeating: 0, count: 7) + [0]),
      delta("a copy beyond the base", "", magic + [0x46, 0x0F, 0xFF, 0x10, 0, 0]),
      delta("a copy from 2^64-1", "", magic + [0x53] + [UInt8](repeating: 0xFF, count: 8) + [0, 0, 0, 1, 0]),
      delta("a literal longer than what follows", "ends in the middle", magic + [0x43, 0, 0, 0x10, 0, 1]),
      delta("bytes behind its end", "bytes follow", magic + [0x46, 0, 0x10, 0, 0, 0]),
      offence("a delta of more of the base than there is") { master in
        try self.openPatch(master)
        master.say(
          .openDelta(base: Stretch(offset: 99_999, length: 2), new: Stretch(offset: 0, length: 4_096)))
      },
    ])
    try ordeal.expectTrueCycle()
  }

  @Test("a content that is not what was said is 65")
  func contents() throws {
    func path(_ text: String) throws -> RelativePath {
      guard let path = RelativePath(text) else { throw SupportError(text) }
      return path
    }
    let ordeal = try Ordeal()
    try ordeal.expectRefusedOnceGreeted([
      offence("more than its size", "beyond the size") { master in
        master.say(.openContent(number: master.claim(), .whole(path: try path("srv/data/n"), size: 2, resumeAt: 0)))
        master.say(.data(offset: 0, [1, 2, 3]))
      },
      offence("a piece before the last one", "before the one before it") { master in
        master.say(.openContent(number: master.claim(), .whole(path: try path("srv/data/n"), size: 9, resumeAt: 0)))
        master.say(.data(offset: 4, [1]), .data(offset: 0, [1]))
      },
      offence("a resumption of nothing", "no such part") { master in
        master.say(
          .openContent(
            number: master.claim(), .whole(path: try path("srv/data/n"), size: 9 << 20, resumeAt: 1 << 20)))
      },
      offence("a patch of a file of another size", "no such file") { master in
        master.say(
          .openContent(
            number: master.claim(), .patch(base: try path(Ordeal.largePath), baseSize: 5, size: 6, dirty: 6)))
      },
      offence("a patch of more than was announced", "more comes") { master in
        try self.openPatch(master, dirty: 10)
        master.say(.data(offset: 0, [UInt8](repeating: 1, count: 11)[...]))
      },
      offence("what is kept of a new patch", "no such part") { master in
        try self.openPatch(master)
        master.say(.kept(Stretch(offset: 0, length: 4_096)))
      },
      offence("a file of another digest", "not those of its digest") { master in
        guard case .file(let record, let number, _) = try master.file("srv/data/new", "abc") else { return }
        master.say(.file(record, number: number, Array("abd".utf8)[...]))
      },
      offence("an entry of a content that never came", "not what was sent") { master in
        master.say(.entry(try RawMaster.record("srv/data/new", of: [1], try master.key()), .content(77)))
      },
      offence("a number far from the last", "its number was used") { master in
        master.say(try master.file("srv/data/new", number: .max / 2))
      },
      offence("a seal of another catalog") { master in
        master.say(try master.file("srv/data/new"), .seal(try master.catalog()))
      },
      offence("a signature of more than the file", "no such stretch") { master in
        master.say(
          .requestSignature(
            SignatureRequest(
              id: 1, base: try path(Ordeal.largePath), stretch: Stretch(offset: 0, length: 100_001), blockLength: 2_048,
              strongLength: 16)))
      },
    ])
    try ordeal.expectTrueCycle()
  }

  // MARK: Counts

  @Test("counts at their limits are taken, and those that the slave has no room or leave for are refused by name")
  func counts() throws {
    let ordeal = try Ordeal()
    #expect(try ordeal.pair.hotsyncSlave("config", "set", "connections.standby.max_delete", "1").exitCode == 0)
    func begin(
      _ name: String, _ code: Int32, _ words: String, deletions: UInt64 = 0, bytes: UInt64 = 0
    ) -> Offence {
      Offence(name, code, words) { try $0.begin(deletions: deletions, bytes: bytes, acceptsDeletions: false) }
    }
    try ordeal.expectRefusedOnceGreeted([
      begin("all deletions", 77, "max_delete", deletions: 100_000_000), begin("all bytes", 73, "free", bytes: .max),
      Offence("more deletions than announced", 77, "max_delete") { master in
        try master.begin(deletions: 1, acceptsDeletions: false)
        for name in ["srv/data/first.txt", "srv/data/large"] {
          if let path = RelativePath(name) { master.say(.remove(path)) }
        }
      },
    ])
    let before = try ordeal.pair.storeSnapshot()
    let master = try ordeal.greeted()
    try master.begin(entries: 100_000_000, deletions: 100_000_000)
    guard let base = RelativePath(Ordeal.largePath), let path = RelativePath("srv/data/full") else { return }
    for (block, strong) in [(UInt32(64), UInt32(8)), (1_048_576, 32)] {
      master.say(
        .requestSignature(
          SignatureRequest(
            id: UInt64(block), base: base, stretch: Stretch(offset: 0, length: Ordeal.largeSize), blockLength: block,
            strongLength: strong)))
      try master.wait(for: 73)
    }
    // A frame of full length: its type, an offset of one byte, and the rest.
    let piece = [UInt8](repeating: 3, count: 1_048_576 - 2)
    master.say(.openContent(number: master.claim(), .whole(path: path, size: UInt64(piece.count), resumeAt: 0)))
    master.say(.data(offset: 0, piece[...]), .closeContent(digest: ContentDigest.of(piece, key: try master.key())))
    master.say(.ping, .bye)
    #expect(try master.hearOut() == [] && master.code() == 0, "\(master.ending())")
    #expect(try ordeal.changes(since: before) == [])
    try ordeal.expectTrueCycle()
  }
}
