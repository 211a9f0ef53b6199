import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import Testing

/// Messages of fixed values, one of every type and form at least, with the frames that docs/protocol.md gives them.
enum Samples {
  static let digest = Digest(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
  static let catalog = CatalogDigest(sum: digest, records: 300)
  static let uuid = [UInt8](0xA0...0xAF)
  static let key = (0..<HashKey.byteCount).map { UInt8($0) }

  static func path(_ text: String) throws -> RelativePath { try #require(RelativePath(text)) }

  static func metadata() throws -> Metadata {
    Metadata(
      permissions: 0o4755, owner: try #require(Owner(id: 0, name: Array("root".utf8))),
      group: try #require(Owner(id: 1000, name: [])),
      modified: try #require(Timestamp(seconds: -2, nanoseconds: 999_999_999)),
      attributes: [
        ExtendedAttribute(name: Array("system.posix_acl_access".utf8), value: [2, 0]),
        ExtendedAttribute(name: Array("user.a".utf8), value: []),
      ])
  }

  static func record(_ path: String, _ content: Content) throws -> Record {
    Record(path: try self.path(path), content: content, metadata: try metadata())
  }

  static func regular(size: UInt64) throws -> Record { try record("a/b", .regular(size: size, digest: digest)) }

  static func hello(
    purpose: Hello.Purpose, store: [UInt8]?, adopts: Bool, takesPacked: Bool = false
  ) throws -> Hello {
    let epoch = try #require(Epoch(number: 2, promoter: uuid))
    return Hello(
      program: "hotsync 1", connection: "standby", purpose: purpose, epoch: epoch,
      position: Position(generation: 128, catalog: catalog), store: store, adopts: adopts,
      takesPacked: takesPacked)
  }

  static func welcome(time: Timestamp?, isSeed: Bool = false) throws -> Welcome {
    let key = try #require(HashKey(bytes: key))
    return Welcome(
      version: 1, program: "hotsync-slave 1", host: "spare", epoch: .first, position: .none, time: time,
      isSeed: isSeed, store: uuid, key: key, freeBytes: .max, damaged: [])
  }

  static func snapshot() throws -> SnapshotName { try #require(SnapshotName("before")) }

  static func master() throws -> [(message: MasterMessage, frame: String)] {
    let stretch = Stretch(offset: 16_384, length: 127)
    return [
      (
        .hello(try hello(purpose: .cycle, store: uuid, adopts: true, takesPacked: true)),
        """
        4e000000 01 01 01 09686f7473796e632031 077374616e646279 01 02a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
        80010102030405060708090a0b0c0d0e0f10ac02 01a0a1a2a3a4a5a6a7a8a9aaabacadaeaf 01 01
        """
      ),
      (
        .hello(try hello(purpose: .look, store: nil, adopts: false)),
        """
        3e000000 01 01 01 09686f7473796e632031 077374616e646279 02 02a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
        80010102030405060708090a0b0c0d0e0f10ac02 00 00 00
        """
      ),
      (
        .hello(try hello(purpose: .snapshots, store: nil, adopts: false)),
        """
        3e000000 01 01 01 09686f7473796e632031 077374616e646279 03 02a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
        80010102030405060708090a0b0c0d0e0f10ac02 00 00 00
        """
      ),
      (.fetchCatalog, "01000000 02"),
      (
        .begin(Announcement(entries: 1, deletions: 128, bytes: .max, acceptsDeletions: true)),
        "0f000000 03 01 8001 ffffffffffffffffff01 01"
      ),
      (
        .requestSignature(
          SignatureRequest(id: 7, base: try path("a/b"), stretch: stretch, blockLength: 2_048, strongLength: 16)),
        "0d000000 04 07 03612f62 8080017f 8010 10"
      ),
      (
        .openContent(number: 9, .whole(path: try path("a/b"), size: 300, resumeAt: 256)),
        "0b000000 05 09 01 03612f62 ac02 8002"
      ),
      (
        .openContent(number: 9, .patch(base: try path("c"), baseSize: 1, size: 300, dirty: 2)),
        "09000000 05 09 02 0163 01 ac02 02"
      ),
      (
        .openContent(number: 9, .rebuilt(path: try path("c"), baseSize: 1, size: 300, resumeAt: 2)),
        "09000000 05 09 03 0163 01 ac02 02"
      ),
      (.openContent(number: 9, .streamed(path: try path("c"), baseSize: 300)), "07000000 05 09 04 0163 ac02"),
      (
        .requestChunks(ChunkRequest(id: 7, base: try path("a/b"), stretch: stretch)), "0a000000 18 07 03612f62 8080017f"
      ),
      (.copied(from: 128, stretch), "07000000 19 8001 8080017f"),
      (.data(offset: 1 << 40, [0xDE, 0xAD]), "09000000 06 808080808020 dead"),
      (.zeros(stretch), "05000000 07 8080017f"),
      (.openDelta(base: Stretch(offset: 0, length: 1), new: stretch), "07000000 08 0001 8080017f"),
      (.delta([0x72, 0x73]), "03000000 09 7273"),
      (.closeDelta, "01000000 0a"),
      (.closeContent(digest: digest), "11000000 0b 0102030405060708090a0b0c0d0e0f10"),
      (.closeStream(size: 300, digest: digest), "13000000 1a ac02 0102030405060708090a0b0c0d0e0f10"),
      (.dropContent, "01000000 0c"),
      (
        .entry(try record("d", .folder), .none),
        """
        3a000000 0d 00 0164 02ed130004726f6f74e8070003ff93ebdc03021773797374656d2e706f7369785f61636c5f616363
        65737302020006757365722e6100
        """
      ),
      (
        .entry(try regular(size: 300), .content(9)),
        """
        4f000000 0d 0109 03612f62 01ed130004726f6f74e8070003ff93ebdc03021773797374656d2e706f7369785f61636c5f
        61636365737302020006757365722e6100ac020102030405060708090a0b0c0d0e0f10
        """
      ),
      (
        .entry(try regular(size: 300), .moved(9, from: try path("c"))),
        """
        51000000 0d 02090163 03612f62 01ed130004726f6f74e8070003ff93ebdc03021773797374656d2e706f7369785f6163
        6c5f61636365737302020006757365722e6100ac020102030405060708090a0b0c0d0e0f10
        """
      ),
      (
        .entry(try record("l", .symbolicLink(target: Array("../x".utf8))), .made(128)),
        """
        41000000 0d 038001 016c 03ed130004726f6f74e8070003ff93ebdc03021773797374656d2e706f7369785f61636c5f61
        636365737302020006757365722e6100042e2e2f78
        """
      ),
      (
        .entry(
          Record(path: try path("h"), content: .hardLink(leader: try path("a/b")), metadata: .ofLeader), .none),
        "09000000 0d 00 0168 0403612f62"
      ),
      (
        .file(try regular(size: 2), number: 5, [0x68, 0x69]),
        """
        4f000000 0e 05 03612f62 01ed130004726f6f74e8070003ff93ebdc03021773797374656d2e706f7369785f61636c5f61
        636365737302020006757365722e6100020102030405060708090a0b0c0d0e0f10 6869
        """
      ),
      (.remove(try path("a/b")), "05000000 0f 03612f62"),
      (.seal(catalog), "13000000 10 0102030405060708090a0b0c0d0e0f10ac02"),
      (.commit, "01000000 11"),
      (.ping, "01000000 12"),
      (.bye, "01000000 13"),
      (.kept(stretch), "05000000 14 8080017f"),
      (.listSnapshots, "01000000 15"),
      (.pin(try snapshot(), generation: 129), "0a000000 16 066265666f7265 8101"),
      (.askToUnpin(try snapshot()), "08000000 17 066265666f7265"),
    ]
  }

  static func slave() throws -> [(message: SlaveMessage, frame: String)] {
    let time = try #require(Timestamp(seconds: 1_700_000_000, nanoseconds: 5))
    let refusal = ProtocolError(.refused, "cannot", "it", cause: "why", next: "what")
    return [
      (
        .welcome(try welcome(time: time)),
        """
        1e010000 41 01 0f686f7473796e632d736c6176652031 057370617265 0100000000000000000000000000000000
        000000000000000000000000000000000000 0180c49fd50c05 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf 000102030405060
        708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637383
        93a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6
        b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9
        d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf ffffffffffffffffff01 00 00
        """
      ),
      (
        .welcome(try welcome(time: time, isSeed: true)),
        """
        1e010000 41 01 0f686f7473796e632d736c6176652031 057370617265 0100000000000000000000000000000000
        000000000000000000000000000000000000 0280c49fd50c05 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf 000102030405060
        708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637383
        93a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6
        b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9
        d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf ffffffffffffffffff01 00 00
        """
      ),
      (
        .welcome(try welcome(time: nil)),
        """
        18010000 41 01 0f686f7473796e632d736c6176652031 057370617265 0100000000000000000000000000000000
        000000000000000000000000000000000000 00 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf 000102030405060708090a0b0c0
        d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3
        f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707
        172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a
        3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf ffffffffffffffffff01 00 00
        """
      ),
      (.refusal(Refusal(refusal)), "1c000000 42 0772656675736564 0663616e6e6f74 026974 03776879 0477686174"),
      (
        .catalog([try regular(size: 300), try record("d", .folder)]),
        """
        86000000 43 02 03612f62 01ed130004726f6f74e8070003ff93ebdc03021773797374656d2e706f7369785f61636c5f61
        636365737302020006757365722e6100ac020102030405060708090a0b0c0d0e0f10 0164 02ed130004726f6f74e8070003
        ff93ebdc03021773797374656d2e706f7369785f61636c5f61636365737302020006757365722e6100
        """
      ),
      (.catalog([]), "02000000 43 00"),
      (.catalogEnd(catalog), "13000000 44 0102030405060708090a0b0c0d0e0f10ac02"),
      (
        .staged([StagedContent(number: 1, size: 300, digest: digest)]),
        "15000000 45 01 01 ac02 0102030405060708090a0b0c0d0e0f10"
      ),
      (
        .begun(BegunContent(number: 2, path: try path("a/b"), length: 128, digest: digest)),
        "18000000 46 02 03612f62 8001 0102030405060708090a0b0c0d0e0f10"
      ),
      (
        .begunPatch(
          BegunPatch(
            number: 2, path: try path("a/b"),
            runs: [
              StagedRun(Stretch(offset: 0, length: 127), digest: digest),
              StagedRun(Stretch(offset: 128, length: 1 << 20), digest: digest),
            ])),
        """
        2e000000 4f 02 03612f62 02 007f0102030405060708090a0b0c0d0e0f10
        80018080400102030405060708090a0b0c0d0e0f10
        """
      ),
      (.ready(nextNumber: 128), "03000000 47 8001"),
      (.signature(id: 7, [0x72, 0x73, 0x01, 0x46]), "06000000 48 07 72730146"),
      (.signatureEnd(id: 7), "02000000 49 07"),
      (
        .chunks(id: 7, [Chunk(length: 1, digest: 0x0102_0304_0506_0708), Chunk(length: 8_192, digest: 0)]),
        "16000000 53 07 0000 0807060504030201 ff1f 0000000000000000"
      ),
      (.chunksEnd(id: 7), "02000000 54 07"),
      (.mismatched([1, 128]), "05000000 4e 02 01 8001"),
      (.sealed(generation: 129), "03000000 4a 8101"),
      (.committed(generation: 129, time: time), "09000000 4b 8101 80c49fd50c05"),
      (
        .snapshots([
          ListedSnapshot(
            name: try #require(SnapshotName("a")), generation: 1, time: nil, pinned: time, asked: nil),
          ListedSnapshot(name: try snapshot(), generation: 129, time: time, pinned: time, asked: time),
        ]),
        """
        2a000000 50 02 0161 01 00 80c49fd50c05 00
        066265666f7265 8101 0180c49fd50c05 80c49fd50c05 0180c49fd50c05
        """
      ),
      (.snapshots([]), "02000000 50 00"),
      (.pinned(generation: 129), "03000000 51 8101"),
      (.asked(time), "07000000 52 80c49fd50c05"),
      (
        .notice(code: "socket", path: try path("a/b"), message: "m", nextStep: "n"),
        "10000000 4c 06736f636b6574 03612f62 016d 016e"
      ),
      (.notice(code: "c", path: nil, message: "", nextStep: ""), "06000000 4c 0163 00 00 00"),
      (.ping, "01000000 4d"),
    ]
  }
}

/// The bytes of a line of hexadecimal digits, blanks between them left out.
func bytes(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
