import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

@Suite struct RecordCodingTests {
  private static let metadataBytes =
    "ed13" + "0004726f6f74" + "e80700" + "03ff93ebdc03" + "02"
    + "1773797374656d2e706f7369785f61636c5f616363657373" + "020200" + "06757365722e61" + "00"

  private func metadata() throws -> Metadata {
    Metadata(
      permissions: 0o4755, owner: try #require(Owner(id: 0, name: Array("root".utf8))),
      group: try #require(Owner(id: 1000, name: [])),
      modified: try #require(Timestamp(seconds: -2, nanoseconds: 999_999_999)),
      attributes: [
        ExtendedAttribute(name: Array("system.posix_acl_access".utf8), value: [2, 0]),
        ExtendedAttribute(name: Array("user.a".utf8), value: []),
      ])
  }

  @Test("records have the bytes of docs/store-format.md")
  func golden() throws {
    let digest = Digest(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
    let path = try RelativePath.of("a/b")
    let golden: [(Content, Metadata, String)] = [
      (.regular(size: 300, digest: digest), try metadata(), "01" + Self.metadataBytes + "ac02" + digest.hexadecimal),
      (.folder, try metadata(), "02" + Self.metadataBytes),
      (.symbolicLink(target: Array("../x".utf8)), try metadata(), "03" + Self.metadataBytes + "042e2e2f78"),
      (.hardLink(leader: try .of("a/a")), .ofLeader, "0403612f61"),
      (.fifo, try metadata(), "05" + Self.metadataBytes),
      (
        .device(isBlock: false, try #require(DeviceNumber(major: 1, minor: 3))), try metadata(),
        "06" + Self.metadataBytes + "0103"
      ),
      (
        .device(isBlock: true, try #require(DeviceNumber(major: 0xFFF, minor: 0xF_FFFF))), try metadata(),
        "07" + Self.metadataBytes + "ff1fffff3f"
      ),
    ]
    for (content, metadata, bytes) in golden {
      let record = Record(path: path, content: content, metadata: metadata)
      #expect(hexadecimal(encoded(record)) == bytes)
      #expect(try decoded(encoded(record), at: path) == record)
    }
  }

  @Test("random records come back as they were, and cut anywhere they do not")
  func roundTrip() throws {
    var random = SeededGenerator(announcing: "records")
    for _ in 0..<3_000 {
      let path = random.path()
      let record = random.record(at: path)
      let bytes = encoded(record)
      #expect(try decoded(bytes, at: path) == record, "HOTSYNC_SEED=\(random.seed)")
      let cut = Array(bytes.prefix(random.below(bytes.count)))
      #expect(throws: Malformed.self, "HOTSYNC_SEED=\(random.seed)") { try decoded(cut, at: path) }
    }
  }

  @Test("mutated records decode to nothing, or to a record of exactly these bytes: there is one encoding")
  func fuzz() {
    var random = SeededGenerator(announcing: "mutated records")
    var taken = 0
    for _ in 0..<60_000 {
      let path = random.path()
      var bytes = encoded(random.record(at: path))
      for _ in 0...random.below(2) {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)]
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        default: if bytes.count > 1 { bytes.remove(at: place) }
        }
      }
      guard let record = try? decoded(bytes, at: path) else { continue }
      taken += 1
      if encoded(record) != bytes { Issue.record("HOTSYNC_SEED=\(random.seed): \(hexadecimal(bytes))") }
    }
    #expect(taken > 1_000, "the mutations leave some records whole")
  }

  @Test("what cannot be an entry is refused")
  func refused() throws {
    let path = try RelativePath.of("m")
    // permissions, owner and its name, group and its name, seconds, nanoseconds, attributes
    let plain: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
    #expect(throws: Never.self) { try decoded([2] + plain, at: path) }
    let minusOne: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]
    var bad: [[UInt8]] = [
      [2, 0x80, 0x20] + plain.dropFirst(),  // permissions of 13 bits
      [2, 0] + minusOne + plain.dropFirst(2), [2, 0, 0, 0] + minusOne + plain.dropFirst(4),
      [2, 0, 0, 0, 0, 0, 0, 0x80, 0x94, 0xEB, 0xDC, 0x03, 0],  // a whole second of nanoseconds
      [3] + plain + [0], [3] + plain + [2, 0x61, 0],
      [1] + plain + [UInt8](repeating: 0xFF, count: 9) + [1] + [UInt8](repeating: 0, count: 16),
      [5] + plain + [0], [6] + plain + [1], [6] + plain + [0x80, 0x20, 0], [7] + plain + [0, 0x80, 0x80, 0x40],
      [6] + plain + [UInt8](repeating: 0xFF, count: 9) + [1, 0], [8] + plain, [0] + plain,
      [4, 1, UInt8(ascii: "m")], [4, 1, UInt8(ascii: "n")], [4, 0], [4, 2, 0x2E, 0x2E],
    ]
    for name in ["a:b", "a/b", "a b", "a\n", "a\u{7F}"] {
      bad.append([2, 0, 0, UInt8(name.utf8.count)] + Array(name.utf8) + plain.dropFirst(3))
    }
    for names in [
      ["user.b", "user.a"], ["user.a", "user.a"], ["user."], ["trusted."], ["security."], ["user.\0"],
      ["security.selinux"], ["security.evm"], ["security.SMACK64EXEC"], ["security.apparmor"], ["trusted.SGI_ACL_FILE"],
      ["system.nfs4_acl"], ["x.y"],
    ] {
      var writer = ByteWriter()
      writer.raw([2] + plain.dropLast())
      writer.integer(UInt64(names.count))
      for name in names {
        writer.text(name)
        writer.byte(0)
      }
      bad.append(writer.bytes)
    }
    for bytes in bad { #expect(throws: Malformed.self, "\(hexadecimal(bytes))") { try decoded(bytes, at: path) } }
    let long = Record(
      path: path, content: .symbolicLink(target: [UInt8](repeating: 97, count: 4_096)), metadata: try metadata())
    #expect(throws: Malformed.self) { try decoded(encoded(long), at: path) }
  }

  @Test("attributes are bounded in their length and in sum")
  func attributeLimits() throws {
    let path = try RelativePath.of("m")
    func isTaken(_ attributes: [(name: String, length: Int)]) throws -> Bool {
      var metadata = try metadata()
      metadata.attributes = attributes.map {
        ExtendedAttribute(name: Array($0.name.utf8), value: [UInt8](repeating: 1, count: $0.length))
      }
      let bytes = encoded(Record(path: path, content: .folder, metadata: metadata))
      return (try? decoded(bytes, at: path)) != nil
    }
    #expect(try isTaken([("user.a", 65_536)]))
    #expect(try !isTaken([("user.a", 65_537)]))
    #expect(try isTaken([("user." + String(repeating: "n", count: 250), 0)]))
    #expect(try !isTaken([("user." + String(repeating: "n", count: 251), 0)]))
    let eight = (0..<8).map { ("user.\($0)", 65_530) }
    #expect(try isTaken(eight))
    #expect(try !isTaken(eight + [("user.8", 1)]))
  }

  @Test("the digest of a record changes with its path, its content, its metadata and the key")
  func digests() throws {
    let record = Record(path: try .of("a"), content: .folder, metadata: try metadata())
    var other = record
    other.metadata.permissions = 0
    let moved = Record(path: try .of("b"), content: .folder, metadata: try metadata())
    let digests = [
      record.digest(key: try key()), other.digest(key: try key()), moved.digest(key: try key()),
      record.digest(key: try key(2)),
    ]
    #expect(Set(digests).count == 4)
  }

  @Test("a catalog's digest kept up by changes is the one computed anew, whatever the order")
  func catalogDigest() throws {
    var random = SeededGenerator(announcing: "catalog digest")
    var state: [RelativePath: Record] = [:]
    var kept = CatalogDigest.empty
    let key = try key()
    for _ in 0..<2_000 {
      let path = random.path()
      if let old = state.removeValue(forKey: path) { kept.remove(old.digest(key: key)) }
      guard random.below(3) > 0 else { continue }
      let record = random.record(at: path)
      state[path] = record
      kept.add(record.digest(key: key))
    }
    var anew = CatalogDigest.empty
    for record in state.values.shuffled(using: &random) { anew.add(record.digest(key: key)) }
    #expect(kept == anew, "HOTSYNC_SEED=\(random.seed)")
    #expect(kept.records == UInt64(state.count))
    for record in state.values { anew.remove(record.digest(key: key)) }
    #expect(anew == .empty)
  }

  @Test("the order of paths is that of a walk that takes names in byte order")
  func walkOrder() throws {
    var random = SeededGenerator(announcing: "walk order")
    final class Node { var below: [FileName: Node] = [:] }
    for _ in 0..<50 {
      let root = Node()
      var paths: Set<RelativePath> = []
      for _ in 0..<60 {
        var node = root
        var here: RelativePath?
        for name in random.path().names {
          let next = node.below[name] ?? Node()
          node.below[name] = next
          node = next
          here = here.map { $0.appending(name) } ?? RelativePath(name)
          if let here { paths.insert(here) }
        }
      }
      var walked: [RelativePath] = []
      func walk(_ node: Node, _ path: RelativePath?) {
        for name in node.below.keys.sorted() {
          guard let next = path.map({ $0.appending(name) }) ?? RelativePath(name), let child = node.below[name] else {
            return
          }
          walked.append(next)
          walk(child, next)
        }
      }
      walk(root, nil)
      #expect(walked == paths.sorted(), "HOTSYNC_SEED=\(random.seed)")
    }
  }
}
