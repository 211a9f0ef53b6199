import HotsyncCatalog
import HotsyncSystem
import TestSupport
import Testing

/// Random paths, records and stamps; few names, so that paths meet often.
extension SeededGenerator {
  mutating func path() -> RelativePath {
    let alphabet = Array("ab.-\n\u{1F}é~".utf8)
    while true {
      var bytes: [UInt8] = []
      for level in 0...below(4) {
        if level > 0 { bytes.append(UInt8(ascii: "/")) }
        for _ in 0...below(3) { bytes.append(alphabet[below(alphabet.count)]) }
      }
      if let path = RelativePath(bytes) { return path }
    }
  }

  mutating func record(at path: RelativePath) -> Record {
    let metadata = metadata()
    switch below(11) {
    case 8: return Record(path: path, content: .fifo, metadata: metadata)
    case 9, 10: return Record(path: path, content: device(), metadata: metadata)
    case 0: return Record(path: path, content: .folder, metadata: metadata)
    case 1:
      return Record(
        path: path, content: .symbolicLink(target: [UInt8](repeating: 46, count: 1 + below(40))), metadata: metadata)
    case 2:
      guard let leader = path.parent else { return Record(path: path, content: .folder, metadata: metadata) }
      return Record(path: path, content: .hardLink(leader: leader), metadata: .ofLeader)
    default:
      return Record(
        path: path, content: .regular(size: next() >> UInt64(16 + below(48)), digest: digest()), metadata: metadata)
    }
  }

  private mutating func device() -> Content {
    let number = DeviceNumber(major: UInt64(below(4_096)), minor: next() >> UInt64(44 + below(20)))
    return number.map { .device(isBlock: below(2) == 0, $0) } ?? .fifo
  }

  mutating func digest() -> Digest { Digest(high: next(), low: next()) }

  mutating func stamp() -> Stamp? {
    guard below(2) == 0 else { return nil }
    return Stamp(inode: next(), changed: time(), born: .zero, isTooFresh: below(2) == 0)
  }

  private mutating func metadata() -> Metadata {
    let all = [
      "security.capability", "security.ima", "system.posix_acl_access", "trusted.x", "user.a", "user.b\n",
    ]
    let names = all.filter { _ in below(6) == 0 }
    let attributes = names.map { ExtendedAttribute(name: Array($0.utf8), value: bytes(below(40))) }
    return Metadata(
      permissions: UInt16(below(0o10000)), owner: owner(), group: owner(), modified: time(), attributes: attributes)
  }

  private mutating func owner() -> Owner {
    let name = below(2) == 0 ? [] : Array("user\(below(9))".utf8)
    return Owner(id: UInt32(below(70_000)), name: name) ?? Metadata.ofLeader.owner
  }

  private mutating func time() -> Timestamp {
    Timestamp(seconds: Int64(bitPattern: next()) >> 20, nanoseconds: UInt32(below(1_000_000_000))) ?? .zero
  }
}

func key(_ first: UInt8 = 1) throws -> HashKey {
  try #require(HashKey(bytes: (0..<HashKey.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) ^ first }))
}

func encoded(_ record: Record) -> [UInt8] {
  var writer = ByteWriter()
  writer.record(record)
  return writer.bytes
}

/// The record that exactly these bytes are.
func decoded(_ bytes: [UInt8], at path: RelativePath) throws(Malformed) -> Record {
  var reader = ByteReader(bytes)
  let record = try reader.record(at: path)
  try reader.end()
  return record
}
