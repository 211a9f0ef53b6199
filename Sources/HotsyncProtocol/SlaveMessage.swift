public import HotsyncCatalog
public import HotsyncDelta
public import HotsyncSystem

/// A content that a broken cycle left whole.
public struct StagedContent: Hashable, Sendable {
  public let number: UInt64
  public let size: UInt64
  public let digest: Digest

  public init(number: UInt64, size: UInt64, digest: Digest) {
    self.number = number
    self.size = size
    self.digest = digest
  }
}

/// A large content that a broken cycle left begun: `length` bytes of it (whole nodes), and their digest as if they were all.
public struct BegunContent: Hashable, Sendable {
  public let number: UInt64
  public let path: RelativePath
  public let length: UInt64
  public let digest: Digest

  public init(number: UInt64, path: RelativePath, length: UInt64, digest: Digest) {
    self.number = number
    self.path = path
    self.length = length
    self.digest = digest
  }
}

/// What the slave says.
public enum SlaveMessage: Hashable, Sendable {
  case welcome(Welcome)
  /// The end: what could not be done. Nothing more comes.
  case refusal(Refusal)
  /// Records of the catalog, in order.
  case catalog([Record])
  case catalogEnd(CatalogDigest)
  case staged([StagedContent])
  case begun(BegunContent)
  case begunPatch(BegunPatch)
  /// Contents may come, numbered from here.
  case ready(nextNumber: UInt64)
  case signature(id: UInt64, ArraySlice<UInt8>)
  case signatureEnd(id: UInt64)
  /// Chunks of a stretch of the mirror's file, in order.
  case chunks(id: UInt64, [Chunk])
  case chunksEnd(id: UInt64)
  /// Contents that were not what was said; each is to come whole, under its number, and then the seal again.
  case mismatched([UInt64])
  /// All is staged, checked and flushed; `commit` makes it this generation.
  case sealed(generation: UInt64)
  case committed(generation: UInt64, time: Timestamp)
  /// All of the store.
  case snapshots([ListedSnapshot])
  case pinned(generation: UInt64)
  /// It is noted that the master asked to let a snapshot go, and when it first did.
  case asked(Timestamp)
  /// Something to tell the operator that does not stop the cycle.
  case notice(code: String, path: RelativePath?, message: String, nextStep: String)
  case ping
}

extension SlaveMessage: WireMessage {
  public var type: UInt8 {
    switch self {
    case .welcome: 65
    case .refusal: 66
    case .catalog: 67
    case .catalogEnd: 68
    case .staged: 69
    case .begun: 70
    case .ready: 71
    case .signature: 72
    case .signatureEnd: 73
    case .sealed: 74
    case .committed: 75
    case .notice: 76
    case .ping: 77
    case .mismatched: 78
    case .begunPatch: 79
    case .snapshots: 80
    case .pinned: 81
    case .asked: 82
    case .chunks: 83
    case .chunksEnd: 84
    }
  }

  public var isPing: Bool { if case .ping = self { true } else { false } }

  public func encode(to writer: inout ByteWriter) {
    switch self {
    case .welcome(let welcome): welcome.encode(to: &writer)
    case .refusal(let refusal): refusal.encode(to: &writer)
    case .catalog(let records):
      writer.integer(UInt64(records.count))
      for record in records {
        writer.data(record.path.bytes)
        writer.record(record)
      }
    case .catalogEnd(let digest): digest.encode(to: &writer)
    case .staged(let contents):
      writer.integer(UInt64(contents.count))
      for content in contents {
        writer.integer(content.number)
        writer.integer(content.size)
        writer.digest(content.digest)
      }
    case .begun(let begun):
      writer.integer(begun.number)
      writer.data(begun.path.bytes)
      writer.integer(begun.length)
      writer.digest(begun.digest)
    case .begunPatch(let patch): patch.encode(to: &writer)
    case .ready(let number): writer.integer(number)
    case .signature(let id, let bytes):
      writer.integer(id)
      writer.raw(bytes)
    case .signatureEnd(let id), .chunksEnd(let id): writer.integer(id)
    case .chunks(let id, let chunks):
      writer.integer(id)
      for chunk in chunks { chunk.encode(to: &writer) }
    case .mismatched(let numbers):
      // What does not fit a frame comes after the next seal.
      let numbers = numbers.prefix(65_536)
      writer.integer(UInt64(numbers.count))
      for number in numbers { writer.integer(number) }
    case .sealed(let generation): writer.integer(generation)
    case .committed(let generation, let time):
      writer.integer(generation)
      writer.timestamp(time)
    case .snapshots(let snapshots):
      writer.integer(UInt64(snapshots.count))
      for snapshot in snapshots { snapshot.encode(to: &writer) }
    case .pinned(let generation): writer.integer(generation)
    case .asked(let time): writer.timestamp(time)
    case .notice(let code, let path, let message, let nextStep):
      writer.text(code)
      writer.data(path?.bytes ?? [])
      writer.boundedText(message)
      writer.boundedText(nextStep)
    case .ping: break
    }
  }

  public static func decode(type: UInt8, from reader: inout ByteReader) throws(Malformed) -> SlaveMessage {
    switch type {
    case 65: return .welcome(try Welcome(from: &reader))
    case 66: return .refusal(try Refusal(from: &reader))
    case 67: return .catalog(try records(from: &reader))
    case 68: return .catalogEnd(try CatalogDigest(from: &reader))
    case 69: return .staged(try staged(from: &reader))
    case 70:
      let number = try reader.integer(atMost: Limits.number)
      let path = try reader.path()
      let length = try reader.integer(atMost: Limits.fileSize)
      return .begun(BegunContent(number: number, path: path, length: length, digest: try reader.digest()))
    case 71: return .ready(nextNumber: try reader.integer(atMost: Limits.number))
    case 72:
      let id = try reader.integer()
      return .signature(id: id, try reader.raw(reader.rest.count))
    case 73: return .signatureEnd(id: try reader.integer())
    case 74: return .sealed(generation: try reader.integer(atMost: Limits.number))
    case 75:
      let generation = try reader.integer(atMost: Limits.number)
      return .committed(generation: generation, time: try reader.timestamp())
    case 76: return try notice(from: &reader)
    case 77: return .ping
    case 78:
      var numbers: [UInt64] = []
      for _ in 0..<(try reader.count(atMost: Limits.frame)) {
        numbers.append(try reader.integer(atMost: Limits.number))
      }
      return .mismatched(numbers)
    case 79: return .begunPatch(try BegunPatch(from: &reader))
    case 80: return .snapshots(try ListedSnapshot.list(from: &reader))
    case 81: return .pinned(generation: try reader.integer(atMost: Limits.number))
    case 82: return .asked(try reader.timestamp())
    case 83:
      let id = try reader.integer()
      return .chunks(id: id, try Chunk.list(from: &reader))
    case 84: return .chunksEnd(id: try reader.integer())
    default: throw Malformed("unknown to this version")
    }
  }

  private static func records(from reader: inout ByteReader) throws(Malformed) -> [Record] {
    var records: [Record] = []
    for _ in 0..<(try reader.count(atMost: Limits.frame, minimumBytes: 4)) {
      let path = try reader.path()
      if let last = records.last, !(last.path < path) { throw Malformed("records out of order") }
      records.append(try reader.record(at: path))
    }
    return records
  }

  private static func staged(from reader: inout ByteReader) throws(Malformed) -> [StagedContent] {
    var contents: [StagedContent] = []
    for _ in 0..<(try reader.count(atMost: Limits.frame, minimumBytes: 18)) {
      let number = try reader.integer(atMost: Limits.number)
      let size = try reader.integer(atMost: Limits.fileSize)
      contents.append(StagedContent(number: number, size: size, digest: try reader.digest()))
    }
    return contents
  }

  private static func notice(from reader: inout ByteReader) throws(Malformed) -> SlaveMessage {
    let code = try reader.text(atMost: 64)
    let bytes = try reader.data(atMost: RelativePath.maximumLength)
    guard bytes.isEmpty || RelativePath(bytes) != nil else { throw Malformed("a path") }
    let message = try reader.text()
    return .notice(code: code, path: RelativePath(bytes), message: message, nextStep: try reader.text())
  }
}
