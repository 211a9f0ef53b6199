public import HotsyncCatalog
public import HotsyncSystem

/// The versions of the protocol that this program speaks.
public enum ProtocolVersion {
  public static let current: UInt64 = 1
  public static let oldest: UInt64 = 1
}

/// Who may write: the higher epoch; of equal ones only the same promoter's.
public struct Epoch: Hashable, Sendable {
  public let number: UInt64
  /// The UUID of the machine whose promotion raised it; zeros where none ever did.
  public let promoter: [UInt8]

  public static let first = Epoch(number: 1, promoter: [UInt8](repeating: 0, count: 16), checked: ())

  /// Nil where the promoter is no UUID's 16 bytes.
  public init?(number: UInt64, promoter: [UInt8]) {
    guard promoter.count == 16 else { return nil }
    self.number = number
    self.promoter = promoter
  }

  private init(number: UInt64, promoter: [UInt8], checked: Void) {
    self.number = number
    self.promoter = promoter
  }
}

extension Epoch {
  init(from reader: inout ByteReader) throws(Malformed) {
    let number = try reader.integer(atMost: Limits.number)
    self.init(number: number, promoter: Array(try reader.raw(16)), checked: ())
  }

  func encode(to writer: inout ByteWriter) {
    writer.integer(number)
    writer.raw(promoter)
  }
}

/// What either side last committed.
public struct Position: Hashable, Sendable {
  /// 0 where there is none.
  public let generation: UInt64
  public let catalog: CatalogDigest

  public static let none = Position(generation: 0, catalog: .empty)

  public init(generation: UInt64, catalog: CatalogDigest) {
    self.generation = generation
    self.catalog = catalog
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    generation = try reader.integer(atMost: Limits.number)
    catalog = try CatalogDigest(from: &reader)
  }

  func encode(to writer: inout ByteWriter) {
    writer.integer(generation)
    catalog.encode(to: &writer)
  }
}

extension CatalogDigest {
  init(from reader: inout ByteReader) throws(Malformed) {
    let sum = try reader.digest()
    self.init(sum: sum, records: try reader.integer(atMost: Limits.records))
  }

  func encode(to writer: inout ByteWriter) {
    writer.digest(sum)
    writer.integer(records)
  }
}

/// The master's first words.
public struct Hello: Hashable, Sendable {
  public enum Purpose: UInt8, Sendable {
    /// To commit a generation, if anything changed.
    case cycle = 1
    /// To look: the slave writes nothing at all.
    case look = 2
    /// To ask that a snapshot be let go, which is noted.
    case snapshots = 3
  }

  /// The oldest and the newest version that the master speaks.
  public var oldestVersion: UInt64 = ProtocolVersion.oldest
  public var newestVersion: UInt64 = ProtocolVersion.current
  public var program: String
  public var connection: String
  public var purpose: Purpose
  public var epoch: Epoch
  public var position: Position
  /// The UUID of the store that the position is in; nil where the master remembers none.
  public var store: [UInt8]?
  /// The operator means it that this master's state is older than the slave's.
  public var adopts: Bool
  /// Answers may come packed.
  public var takesPacked: Bool

  public init(
    program: String, connection: String, purpose: Purpose, epoch: Epoch, position: Position, store: [UInt8]?,
    adopts: Bool, takesPacked: Bool = false
  ) {
    self.program = program
    self.connection = connection
    self.purpose = purpose
    self.epoch = epoch
    self.position = position
    self.store = store
    self.adopts = adopts
    self.takesPacked = takesPacked
  }

  func encode(to writer: inout ByteWriter) {
    writer.integer(oldestVersion)
    writer.integer(newestVersion)
    writer.text(program)
    writer.text(connection)
    writer.byte(purpose.rawValue)
    epoch.encode(to: &writer)
    position.encode(to: &writer)
    writer.flag(store != nil)
    writer.raw(store ?? [])
    writer.flag(adopts)
    writer.flag(takesPacked)
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    oldestVersion = try reader.integer()
    newestVersion = try reader.integer()
    program = try reader.text(atMost: 256)
    connection = try reader.text(atMost: 256)
    guard let purpose = Purpose(rawValue: try reader.byte()) else { throw Malformed("an unknown purpose") }
    self.purpose = purpose
    epoch = try Epoch(from: &reader)
    position = try Position(from: &reader)
    store = try reader.flag() ? Array(try reader.raw(16)) : nil
    adopts = try reader.flag()
    takesPacked = try reader.flag()
  }
}

/// The slave's answer to a master that it takes.
public struct Welcome: Hashable, Sendable {
  /// The version that both speak from here on.
  public var version: UInt64
  public var program: String
  public var host: String
  public var epoch: Epoch
  public var position: Position
  /// When its newest generation was committed; nil where there is none.
  public var time: Timestamp?
  /// The newest generation is a seed: a folder of the slave's, which no master ever sent.
  public var isSeed: Bool
  public var store: [UInt8]
  /// The secret of the store's digests (`HashKey`).
  public var key: [UInt8]
  public var freeBytes: UInt64
  /// Entries that the slave found damaged: they are to be sent again though they did not change. Those that did not fit are
  /// told next time.
  public var damaged: [RelativePath]
  /// What the slave's last maintenance said of a promotion; nil where there was none.
  public var readiness: SlaveReadiness?

  public init(
    version: UInt64, program: String, host: String, epoch: Epoch, position: Position, time: Timestamp?,
    isSeed: Bool = false, store: [UInt8], key: HashKey, freeBytes: UInt64, damaged: [RelativePath],
    readiness: SlaveReadiness? = nil
  ) {
    self.version = version
    self.program = program
    self.host = host
    self.epoch = epoch
    self.position = position
    self.time = time
    self.isSeed = isSeed
    self.store = store
    self.key = key.bytes
    self.freeBytes = freeBytes
    self.damaged = damaged
    self.readiness = readiness
  }

  public var hashKey: HashKey? { HashKey(bytes: key) }

  /// Where the newest generation came from.
  private enum Origin: UInt8 {
    case none = 0
    case master = 1
    case seed = 2
  }

  func encode(to writer: inout ByteWriter) {
    writer.integer(version)
    writer.text(program)
    writer.text(host)
    epoch.encode(to: &writer)
    position.encode(to: &writer)
    writer.byte((time == nil ? Origin.none : isSeed ? .seed : .master).rawValue)
    if let time { writer.timestamp(time) }
    writer.raw(store)
    writer.raw(key)
    writer.integer(freeBytes)
    writer.integer(UInt64(damaged.count))
    for path in damaged { writer.data(path.bytes) }
    writer.flag(readiness != nil)
    readiness?.encode(to: &writer)
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    version = try reader.integer()
    program = try reader.text(atMost: 256)
    host = try reader.text(atMost: 256)
    epoch = try Epoch(from: &reader)
    position = try Position(from: &reader)
    guard let origin = Origin(rawValue: try reader.byte()) else { throw Malformed("an unknown origin") }
    isSeed = origin == .seed
    time = origin == .none ? nil : try reader.timestamp()
    store = Array(try reader.raw(16))
    key = Array(try reader.raw(HashKey.byteCount))
    freeBytes = try reader.integer()
    damaged = []
    for _ in 0..<(try reader.count(atMost: Limits.damagedPaths, minimumBytes: 2)) { damaged.append(try reader.path()) }
    readiness = try reader.flag() ? try SlaveReadiness(from: &reader) : nil
  }
}

/// An error as it crosses the wire: what the slave cannot do, why, and what to type.
public struct Refusal: Hashable, Sendable {
  public let kind: FailureKind
  public let operation: String
  public let subject: String
  public let cause: String
  public let nextStep: String

  public init(_ error: some HotsyncError) {
    kind = error.kind
    operation = error.operation
    subject = error.subject
    cause = error.cause
    nextStep = error.nextStep
  }

  /// As the other side's error. What it wants typed is told as its words, not as ours.
  public var error: ProtocolError {
    ProtocolError(
      kind, "the slave says: \(operation)", subject, cause: cause, next: "the slave says: \(nextStep)")
  }

  func encode(to writer: inout ByteWriter) {
    writer.text(kind.rawValue)
    for text in [operation, subject, cause, nextStep] { writer.boundedText(text) }
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    guard let kind = FailureKind(rawValue: try reader.text(atMost: 64)) else {
      throw Malformed("an unknown kind of failure")
    }
    self.kind = kind
    operation = try reader.text()
    subject = try reader.text()
    cause = try reader.text()
    nextStep = try reader.text()
  }
}

extension ByteWriter {
  /// Text that names paths, which can be longer than a text may be: cut to a quarter of the limit.
  public mutating func boundedText(_ text: String) {
    self.text(String(decoding: text.utf8.prefix(Limits.text / 4), as: UTF8.self))
  }
}
