import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem

/// A position that the master knows, and the segments of its copy of that catalog, oldest first.
struct KnownPosition: Equatable, Sendable {
  var position: Position
  var segments: [FileName]

  static let none = KnownPosition(position: .none, segments: [])
}

/// What the master remembers of a connection: one small file, replaced whole.
struct MasterRecord: Equatable, Sendable {
  struct LastCycle: Equatable, Sendable {
    var result: String
    var time: Timestamp
    var milliseconds: UInt64
    /// Why it came to a bad end, and what to type then.
    var failure: Failure?

    struct Failure: Equatable, Sendable {
      var what: String
      var cause: String
      var nextStep: String

      init(what: String, cause: String, nextStep: String) {
        self.what = what
        self.cause = cause
        self.nextStep = nextStep
      }

      init(_ error: any HotsyncError) {
        self.init(what: "\(error.operation) \(error.subject)", cause: error.cause, nextStep: error.nextStep)
      }
    }
  }

  /// The UUID of the slave's store, and the secret of its digests.
  var store: [UInt8]
  var key: HashKey
  var current: KnownPosition
  /// Written down before `commit` was said: if the answer was lost, the slave's position tells whether it came to be.
  var pending: KnownPosition?
  var roots: [RootIdentity] = []
  /// When the slave was last seen in step.
  var inStep: Timestamp?
  var lastCycle: LastCycle?

  private static let magic = Array("HSMASTR2".utf8)
  static let limit = 4 << 20

  func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(MasterRecord.magic)
    writer.raw(store)
    writer.raw(key.bytes)
    writer.known(current)
    writer.flag(pending != nil)
    if let pending { writer.known(pending) }
    writer.integer(UInt64(roots.count))
    for root in roots {
      writer.data(root.path.bytes)
      writer.text(root.fileSystem)
      writer.flag(root.isMountPoint)
      writer.flag(root.isFolder)
    }
    writer.flag(inStep != nil)
    if let inStep { writer.timestamp(inStep) }
    writer.flag(lastCycle != nil)
    if let lastCycle {
      writer.text(lastCycle.result)
      writer.timestamp(lastCycle.time)
      writer.integer(lastCycle.milliseconds)
      writer.flag(lastCycle.failure != nil)
      if let failure = lastCycle.failure {
        for text in [failure.what, failure.cause, failure.nextStep] { writer.boundedText(text) }
      }
    }
    // Once the fence, which is the machine's and has a file of its own.
    writer.flag(false)
    writer.digest(key.digest(of: writer.bytes))
    return writer.bytes
  }

  init(store: [UInt8], key: HashKey) {
    self.store = store
    self.key = key
    current = .none
  }

  init(decoding bytes: [UInt8]) throws(Malformed) {
    let body = bytes.dropLast(Digest.byteCount)
    var reader = ByteReader(body)
    guard Array(try reader.raw(MasterRecord.magic.count)) == MasterRecord.magic else {
      throw Malformed("another format")
    }
    store = Array(try reader.raw(16))
    guard let key = HashKey(bytes: Array(try reader.raw(HashKey.byteCount))) else { throw Malformed("a key") }
    guard key.digest(of: body) == Digest(bytes: bytes.suffix(Digest.byteCount)) else {
      throw Malformed("it was altered")
    }
    self.key = key
    current = try reader.known()
    pending = try reader.flag() ? try reader.known() : nil
    for _ in 0..<(try reader.count(atMost: 4_096, minimumBytes: 3)) {
      let path = try reader.path()
      let fileSystem = try reader.text()
      let isMountPoint = try reader.flag()
      roots.append(
        RootIdentity(path: path, fileSystem: fileSystem, isMountPoint: isMountPoint, isFolder: try reader.flag()))
    }
    inStep = try reader.flag() ? try reader.timestamp() : nil
    if try reader.flag() {
      let result = try reader.text()
      let time = try reader.timestamp()
      var last = LastCycle(result: result, time: time, milliseconds: try reader.integer())
      if try reader.flag() {
        let (what, cause) = (try reader.text(), try reader.text())
        last.failure = LastCycle.Failure(what: what, cause: cause, nextStep: try reader.text())
      }
      lastCycle = last
    }
    _ = try reader.flag()
    try reader.end()
  }
}

extension ByteWriter {
  fileprivate mutating func known(_ known: KnownPosition) {
    integer(known.position.generation)
    digest(known.position.catalog.sum)
    integer(known.position.catalog.records)
    integer(UInt64(known.segments.count))
    for name in known.segments { data(name.bytes) }
  }
}

extension ByteReader {
  fileprivate mutating func known() throws(Malformed) -> KnownPosition {
    let generation = try integer()
    let sum = try digest()
    let catalog = CatalogDigest(sum: sum, records: try integer())
    var segments: [FileName] = []
    for _ in 0..<(try count(atMost: 4_096)) {
      guard let name = FileName(try data(atMost: FileName.maximumLength)) else { throw Malformed("a name") }
      segments.append(name)
    }
    return KnownPosition(position: Position(generation: generation, catalog: catalog), segments: segments)
  }
}
