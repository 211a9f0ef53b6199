public import HotsyncCatalog
public import HotsyncSystem

/// Where the slave finds what an entry is to be.
public enum Source: Hashable, Sendable {
  /// Nothing is staged: a folder, a hard link, or an entry whose content stays as it is.
  case none
  /// The staged content of that number.
  case content(UInt64)
  /// The mirror's file at another path, given that number among the staged.
  case moved(UInt64, from: RelativePath)
  /// The slave makes it itself under that number: a symbolic link.
  case made(UInt64)
}

/// A stretch of a file.
public struct Stretch: Hashable, Sendable {
  public let offset: UInt64
  public let length: UInt64

  public init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }

  public var end: UInt64 { offset + length }

  init(from reader: inout ByteReader) throws(Malformed) {
    offset = try reader.integer(atMost: Limits.fileSize)
    length = try reader.integer(atMost: Limits.fileSize - offset)
  }

  func encode(to writer: inout ByteWriter) {
    writer.integer(offset)
    writer.integer(length)
  }
}

/// How a content that does not fit one message is sent.
public enum ContentForm: Hashable, Sendable {
  /// All of it, into a new file; `resumeAt` bytes of it (whole nodes) are staged already.
  case whole(path: RelativePath, size: UInt64, resumeAt: UInt64)
  /// What differs from the mirror's file at `base`, which has `baseSize` bytes. `dirty` bytes follow at most. Under the
  /// number of a patch that a broken cycle left, that one is gone on with.
  case patch(base: RelativePath, baseSize: UInt64, size: UInt64, dirty: UInt64)
  /// As `whole`, into which parts of the mirror's file at the same path, which has `baseSize` bytes, are copied.
  case rebuilt(path: RelativePath, baseSize: UInt64, size: UInt64, resumeAt: UInt64)
  /// Of a size that nobody knows before its end, without holes, from its start; parts of the mirror's file at the same path,
  /// which has `baseSize` bytes, are copied. 0: there is nothing to copy from.
  case streamed(path: RelativePath, baseSize: UInt64)
}

/// What a cycle announces before it sends anything.
public struct Announcement: Hashable, Sendable {
  public var entries: UInt64
  public var deletions: UInt64
  /// Bytes of content at most.
  public var bytes: UInt64
  /// The operator accepts more deletions than `max_delete` this once.
  public var acceptsDeletions: Bool

  public init(entries: UInt64, deletions: UInt64, bytes: UInt64, acceptsDeletions: Bool) {
    self.entries = entries
    self.deletions = deletions
    self.bytes = bytes
    self.acceptsDeletions = acceptsDeletions
  }
}

public struct SignatureRequest: Hashable, Sendable {
  public let id: UInt64
  public let base: RelativePath
  public let stretch: Stretch
  public let blockLength: UInt32
  public let strongLength: UInt32

  public init(id: UInt64, base: RelativePath, stretch: Stretch, blockLength: UInt32, strongLength: UInt32) {
    self.id = id
    self.base = base
    self.stretch = stretch
    self.blockLength = blockLength
    self.strongLength = strongLength
  }
}

/// What the master says, in the order in which a cycle says it.
public enum MasterMessage: Hashable, Sendable {
  case hello(Hello)
  case fetchCatalog
  case begin(Announcement)
  case requestSignature(SignatureRequest)
  case requestChunks(ChunkRequest)
  /// Opens a content; the data messages after it are of this one, until it is closed.
  case openContent(number: UInt64, ContentForm)
  case data(offset: UInt64, ArraySlice<UInt8>)
  /// A stretch of the new content that is a hole, where the base may have had data.
  case zeros(Stretch)
  /// A stretch of the new content that a broken cycle staged, of a patch that is gone on with.
  case kept(Stretch)
  /// A stretch of the new content that the base has at that offset.
  case copied(from: UInt64, Stretch)
  /// A librsync delta follows: it makes `new` of the new content from `base` of the old.
  case openDelta(base: Stretch, new: Stretch)
  case delta(ArraySlice<UInt8>)
  case closeDelta
  case closeContent(digest: Digest)
  /// The same of a streamed content, with as many bytes as it came to.
  case closeStream(size: UInt64, digest: Digest)
  /// The content that was opened cannot be had after all.
  case dropContent
  case entry(Record, Source)
  /// A small file in one message.
  case file(Record, number: UInt64, ArraySlice<UInt8>)
  case remove(RelativePath)
  /// All is said; the catalog must now have this digest.
  case seal(CatalogDigest)
  case commit
  case listSnapshots
  /// Keep that generation, the newest, under a name.
  case pin(SnapshotName, generation: UInt64)
  /// A snapshot may go, once the slave finds that enough time has passed.
  case askToUnpin(SnapshotName)
  /// Nothing: the line is alive.
  case ping
  case bye
}

extension MasterMessage: WireMessage {
  public var type: UInt8 {
    switch self {
    case .hello: 1
    case .fetchCatalog: 2
    case .begin: 3
    case .requestSignature: 4
    case .openContent: 5
    case .data: 6
    case .zeros: 7
    case .openDelta: 8
    case .delta: 9
    case .closeDelta: 10
    case .closeContent: 11
    case .dropContent: 12
    case .entry: 13
    case .file: 14
    case .remove: 15
    case .seal: 16
    case .commit: 17
    case .ping: 18
    case .bye: 19
    case .kept: 20
    case .listSnapshots: 21
    case .pin: 22
    case .askToUnpin: 23
    case .requestChunks: 24
    case .copied: 25
    case .closeStream: 26
    }
  }

  public var isPing: Bool { if case .ping = self { true } else { false } }

  public func encode(to writer: inout ByteWriter) {
    switch self {
    case .hello(let hello): hello.encode(to: &writer)
    case .begin(let announcement): announcement.encode(to: &writer)
    case .requestSignature(let request): request.encode(to: &writer)
    case .requestChunks(let request): request.encode(to: &writer)
    case .copied(let offset, let stretch):
      writer.integer(offset)
      stretch.encode(to: &writer)
    case .openContent(let number, let form):
      writer.integer(number)
      form.encode(to: &writer)
    case .data(let offset, let bytes):
      writer.integer(offset)
      writer.raw(bytes)
    case .zeros(let stretch), .kept(let stretch): stretch.encode(to: &writer)
    case .openDelta(let base, let new):
      base.encode(to: &writer)
      new.encode(to: &writer)
    case .delta(let bytes): writer.raw(bytes)
    case .closeContent(let digest): writer.digest(digest)
    case .closeStream(let size, let digest):
      writer.integer(size)
      writer.digest(digest)
    case .entry(let record, let source):
      source.encode(to: &writer)
      writer.data(record.path.bytes)
      writer.record(record)
    case .file(let record, let number, let bytes):
      writer.integer(number)
      writer.data(record.path.bytes)
      writer.record(record)
      writer.raw(bytes)
    case .remove(let path): writer.data(path.bytes)
    case .seal(let digest): digest.encode(to: &writer)
    case .pin(let name, let generation):
      writer.text(name.text)
      writer.integer(generation)
    case .askToUnpin(let name): writer.text(name.text)
    case .fetchCatalog, .closeDelta, .dropContent, .commit, .listSnapshots, .ping, .bye: break
    }
  }

  public static func decode(type: UInt8, from reader: inout ByteReader) throws(Malformed) -> MasterMessage {
    switch type {
    case 1: return .hello(try Hello(from: &reader))
    case 2: return .fetchCatalog
    case 3: return .begin(try Announcement(from: &reader))
    case 4: return .requestSignature(try SignatureRequest(from: &reader))
    case 5:
      let number = try reader.integer(atMost: Limits.number)
      return .openContent(number: number, try ContentForm(from: &reader))
    case 6:
      let offset = try reader.integer(atMost: Limits.fileSize)
      return .data(offset: offset, try reader.chunk(after: offset))
    case 7: return .zeros(try Stretch(from: &reader))
    case 8:
      let base = try Stretch(from: &reader)
      return .openDelta(base: base, new: try Stretch(from: &reader))
    case 9: return .delta(try reader.chunk(after: 0))
    case 10: return .closeDelta
    case 11: return .closeContent(digest: try reader.digest())
    case 12: return .dropContent
    case 13:
      let source = try Source(from: &reader)
      let path = try reader.path()
      return .entry(try reader.record(at: path), source)
    case 14: return try file(from: &reader)
    case 15: return .remove(try reader.path())
    case 16: return .seal(try CatalogDigest(from: &reader))
    case 17: return .commit
    case 18: return .ping
    case 19: return .bye
    case 20: return .kept(try Stretch(from: &reader))
    case 21: return .listSnapshots
    case 22:
      let name = try reader.snapshotName()
      return .pin(name, generation: try reader.integer(atMost: Limits.number))
    case 23: return .askToUnpin(try reader.snapshotName())
    case 24: return .requestChunks(try ChunkRequest(from: &reader))
    case 25:
      let offset = try reader.integer(atMost: Limits.fileSize)
      return .copied(from: offset, try Stretch(from: &reader))
    case 26:
      let size = try reader.integer(atMost: Limits.fileSize)
      return .closeStream(size: size, digest: try reader.digest())
    default: throw Malformed("unknown to this version")
    }
  }

  private static func file(from reader: inout ByteReader) throws(Malformed) -> MasterMessage {
    let number = try reader.integer(atMost: Limits.number)
    let path = try reader.path()
    let record = try reader.record(at: path)
    guard case .regular(let size, _) = record.content, size == UInt64(reader.rest.count) else {
      throw Malformed("a file whose bytes are not as many as its record says")
    }
    return .file(record, number: number, try reader.raw(reader.rest.count))
  }
}

extension ByteReader {
  /// The rest of the message: 1 byte of content at least.
  fileprivate mutating func chunk(after offset: UInt64) throws(Malformed) -> ArraySlice<UInt8> {
    guard !rest.isEmpty, UInt64(rest.count) <= Limits.fileSize - offset else {
      throw Malformed("an empty piece, or one beyond what a file can be")
    }
    return try raw(rest.count)
  }
}

extension Announcement {
  func encode(to writer: inout ByteWriter) {
    writer.integer(entries)
    writer.integer(deletions)
    writer.integer(bytes)
    writer.flag(acceptsDeletions)
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    entries = try reader.integer(atMost: Limits.records)
    deletions = try reader.integer(atMost: Limits.records)
    bytes = try reader.integer()
    acceptsDeletions = try reader.flag()
  }
}

extension SignatureRequest {
  func encode(to writer: inout ByteWriter) {
    writer.integer(id)
    writer.data(base.bytes)
    stretch.encode(to: &writer)
    writer.integer(UInt64(blockLength))
    writer.integer(UInt64(strongLength))
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    id = try reader.integer()
    base = try reader.path()
    stretch = try Stretch(from: &reader)
    let block = try reader.integer(atMost: UInt64(Limits.frame))
    let strong = try reader.integer(atMost: 32)
    guard block >= 64, strong >= 8, stretch.length <= Limits.deltaWindow,
      stretch.length / block <= UInt64(Limits.signatureBlocks)
    else { throw Malformed("a signature of blocks too small or too many") }
    blockLength = UInt32(block)
    strongLength = UInt32(strong)
  }
}

extension ContentForm {
  func encode(to writer: inout ByteWriter) {
    switch self {
    case .whole(let path, let size, let resumeAt):
      writer.byte(1)
      writer.data(path.bytes)
      writer.integer(size)
      writer.integer(resumeAt)
    case .patch(let base, let baseSize, let size, let dirty):
      writer.byte(2)
      writer.data(base.bytes)
      writer.integer(baseSize)
      writer.integer(size)
      writer.integer(dirty)
    case .rebuilt(let path, let baseSize, let size, let resumeAt):
      writer.byte(3)
      writer.data(path.bytes)
      writer.integer(baseSize)
      writer.integer(size)
      writer.integer(resumeAt)
    case .streamed(let path, let baseSize):
      writer.byte(4)
      writer.data(path.bytes)
      writer.integer(baseSize)
    }
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    switch try reader.byte() {
    case 1:
      let path = try reader.path()
      let size = try reader.integer(atMost: Limits.fileSize)
      self = .whole(path: path, size: size, resumeAt: try reader.integer(atMost: size))
    case 2:
      let base = try reader.path()
      let baseSize = try reader.integer(atMost: Limits.fileSize)
      let size = try reader.integer(atMost: Limits.fileSize)
      self = .patch(base: base, baseSize: baseSize, size: size, dirty: try reader.integer(atMost: size))
    case 3:
      let path = try reader.path()
      let baseSize = try reader.integer(atMost: Limits.fileSize)
      let size = try reader.integer(atMost: Limits.fileSize)
      self = .rebuilt(path: path, baseSize: baseSize, size: size, resumeAt: try reader.integer(atMost: size))
    case 4:
      let path = try reader.path()
      self = .streamed(path: path, baseSize: try reader.integer(atMost: Limits.fileSize))
    default: throw Malformed("an unknown form of content")
    }
  }
}

extension Source {
  func encode(to writer: inout ByteWriter) {
    switch self {
    case .none: writer.byte(0)
    case .content(let number):
      writer.byte(1)
      writer.integer(number)
    case .moved(let number, let from):
      writer.byte(2)
      writer.integer(number)
      writer.data(from.bytes)
    case .made(let number):
      writer.byte(3)
      writer.integer(number)
    }
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    switch try reader.byte() {
    case 0: self = .none
    case 1: self = .content(try reader.integer(atMost: Limits.number))
    case 2:
      let number = try reader.integer(atMost: Limits.number)
      self = .moved(number, from: try reader.path())
    case 3: self = .made(try reader.integer(atMost: Limits.number))
    default: throw Malformed("an unknown source")
    }
  }
}
