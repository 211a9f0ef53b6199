import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// What a stream came to, and how it gets to the slave.
struct BroughtStream {
  enum Delivery {
    /// The slave has the very same.
    case unchanged
    case inline(UInt64, [UInt8])
    case staged(UInt64)
  }

  let size: UInt64
  let digest: Digest
  let delivery: Delivery
  /// Bytes that were sent as they are.
  var literal: UInt64 = 0
}

/// A content that came from no file, to be had again.
struct ProvidedContent {
  let path: RelativePath
  let digest: Digest
  let open: () throws -> any ProvidedStream
}

/// Streams: cut into chunks as they come, held against the slave's chunks of the old content, and sent as what is new.
extension ContentSender {
  typealias OpenStream = () throws -> any ProvidedStream

  /// - Parameters:
  ///   - old: what the slave has at the path; nil where it has nothing that helps.
  ///   - open: also called later, where the content does not come out as it should.
  /// - Throws: `LeftOut` where the stream fails: nothing of it counts then.
  func bringStream(
    _ stream: any ProvidedStream, to path: RelativePath, old: (size: UInt64, digest: Digest)?,
    open: @escaping OpenStream
  ) throws -> BroughtStream {
    defer { stream.cancel() }
    var reader = StreamReader(stream, key: key)
    do {
      try reader.fill(to: Int(ContentSender.inlineLimit) + 1) { try line.check() }
      if reader.isAtEnd { return try bring(reader.pending, to: path, old, open) }
      return try send(&reader, to: path, old, open)
    } catch let reason as LeftOut {
      if line.hasOpenContent { try line.send(.dropContent) }
      throw reason
    }
  }

  private func send(
    _ reader: inout StreamReader, to path: RelativePath, _ old: (size: UInt64, digest: Digest)?,
    _ open: @escaping OpenStream
  ) throws -> BroughtStream {
    let base = old.map { $0.size >= ContentSender.deltaMinimum ? $0.size : 0 } ?? 0
    let number = nextNumber()
    var output = StreamOutput(line, number: number, form: .streamed(path: path, baseSize: base))
    if base > 0 { try sendFound(&reader, path, base, &output) } else { try sendAll(&reader, &output) }
    let digest = reader.digest()
    if let old, old.size == reader.size, old.digest == digest {
      try output.drop()
      return BroughtStream(size: reader.size, digest: digest, delivery: .unchanged)
    }
    if let staged = claimStaged(digest, size: reader.size) {
      try output.drop()
      return BroughtStream(size: reader.size, digest: digest, delivery: .staged(staged), literal: output.literal)
    }
    try output.close(size: reader.size, digest: digest)
    noteProvided(number, ProvidedContent(path: path, digest: digest, open: open))
    return BroughtStream(size: reader.size, digest: digest, delivery: .staged(number), literal: output.literal)
  }

  private func sendAll(_ reader: inout StreamReader, _ output: inout StreamOutput) throws {
    var position: UInt64 = 0
    while true {
      try reader.fill(to: Limits.dataChunk) { try line.check() }
      guard !reader.pending.isEmpty else { break }
      let piece = reader.pending.prefix(Limits.dataChunk)
      try output.add(piece, at: position)
      position += UInt64(piece.count)
      progress.passUnplanned(UInt64(piece.count))
      reader.drop(piece.count)
    }
    try output.flush()
  }

  private func sendFound(
    _ reader: inout StreamReader, _ path: RelativePath, _ baseSize: UInt64, _ output: inout StreamOutput
  ) throws {
    let cutter = ChunkCutter(key: key)
    var search = StreamSearch(baseSize: baseSize)
    var position: UInt64 = 0
    var ahead = try requestBase(path, search.base(of: 0))
    while true {
      do { try reader.fill(to: StreamSearch.window) { try line.check() } } catch let reason as LeftOut {
        // Nobody reads it later, and the slave would wait for somebody who does.
        if let ahead { _ = try line.chunks(ahead.id) }
        throw reason
      }
      guard !reader.pending.isEmpty else { break }
      let requested = ahead
      // The slave cuts the next window while we go through this one.
      ahead = reader.isAtEnd ? nil : try requestBase(path, search.base(of: position + UInt64(reader.pending.count)))
      var index = ChunkIndex(try requested.map { try line.chunks($0.id) } ?? [], from: requested?.start ?? 0)
      let copiedBefore = output.copied
      // A function of its own, so that nobody holds the window when a part of it goes.
      func cut(_ window: ArraySlice<UInt8>, isLast: Bool) throws -> Int {
        try cutter.cut(window, isLast: isLast) { (range, chunk) throws in
          let offset = position + UInt64(range.lowerBound)
          if let base = index.find(chunk) {
            try output.copy(base, Stretch(offset: offset, length: UInt64(chunk.length)))
            search.note(found: base, length: chunk.length, at: offset)
          } else {
            try output.add(window[range], at: offset)
          }
          return true
        }
      }
      let taken = try cut(reader.pending[...], isLast: reader.isAtEnd)
      reader.drop(taken)
      position += UInt64(taken)
      progress.passUnplanned(UInt64(taken))
      search.adapt(found: output.copied - copiedBefore, of: UInt64(taken))
    }
    if let ahead { _ = try line.chunks(ahead.id) }
    try output.settle()
  }

  private func requestBase(_ path: RelativePath, _ stretch: Stretch) throws -> (id: UInt64, start: UInt64)? {
    guard stretch.length > 0 else { return nil }
    let id = nextSignatureNumber()
    try line.requestChunks(ChunkRequest(id: id, base: path, stretch: stretch))
    return (id, stretch.offset)
  }

  // MARK: What fits into memory

  private func bring(
    _ bytes: [UInt8], to path: RelativePath, _ old: (size: UInt64, digest: Digest)?, _ open: @escaping OpenStream
  ) throws -> BroughtStream {
    let size = UInt64(bytes.count)
    let digest = ContentDigest.of(bytes, key: key)
    func brought(_ delivery: BroughtStream.Delivery, _ literal: UInt64 = 0) -> BroughtStream {
      BroughtStream(size: size, digest: digest, delivery: delivery, literal: literal)
    }
    if let old, old.size == size, old.digest == digest { return brought(.unchanged) }
    if let staged = claimStaged(digest, size: size) { return brought(.staged(staged)) }
    let number = nextNumber()
    guard let old, ContentSender.isPatched(old: old.size, new: size) else {
      return brought(.inline(number, bytes), size)
    }
    let base = Stretch(offset: 0, length: old.size)
    let signature = try requestSignature(path, base, fileSize: old.size)
    try line.send(
      .openContent(number: number, .patch(base: path, baseSize: old.size, size: size, dirty: size)))
    let literal = try sendDelta(
      try loadSignature(signature), base: base, new: Stretch(offset: 0, length: size)
    ) { (consume) throws in try consume(bytes) }
    try line.send(.closeContent(digest: digest))
    noteProvided(number, ProvidedContent(path: path, digest: digest) { BytesStream(bytes) })
    return brought(.staged(number), literal)
  }

  // MARK: Repair

  /// Sends a content again that did not come out as it should, without a base; a dump is made again, and is the same where
  /// its data are.
  func repair(_ number: UInt64, _ content: ProvidedContent) throws {
    let failure = MasterError(
      .failed, "cannot go on with", "the cycle",
      cause: "\(content.path) came out wrong on the slave, and is another by now",
      next: "run the cycle again")
    let stream = try content.open()
    defer { stream.cancel() }
    var reader = StreamReader(stream, key: key)
    var output = StreamOutput(line, number: number, form: .streamed(path: content.path, baseSize: 0))
    do { try sendAll(&reader, &output) } catch is LeftOut { throw failure }
    guard reader.digest() == content.digest else { throw failure }
    try output.close(size: reader.size, digest: content.digest)
  }
}

/// Joins what belongs together, and opens the content with the first of it that has to be said: a stream that is wholly what
/// the slave has costs it no byte of disk.
private struct StreamOutput {
  private let line: SlaveLine
  private let number: UInt64
  private let form: ContentForm
  private var isOpen = false
  private var copying: (base: UInt64, stretch: Stretch)?
  private var pending: [UInt8] = []
  private var pendingOffset: UInt64 = 0
  private(set) var literal: UInt64 = 0
  private(set) var copied: UInt64 = 0

  init(_ line: SlaveLine, number: UInt64, form: ContentForm) {
    self.line = line
    self.number = number
    self.form = form
  }

  mutating func copy(_ base: UInt64, _ stretch: Stretch) throws {
    copied += stretch.length
    if let (start, before) = copying, before.end == stretch.offset, start + before.length == base {
      copying = (start, Stretch(offset: before.offset, length: before.length + stretch.length))
      return
    }
    try flush()
    copying = (base, stretch)
  }

  mutating func add(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws {
    if copying != nil || pending.count + bytes.count > Limits.dataChunk { try flush() }
    if pending.isEmpty { pendingOffset = offset }
    pending += bytes
    literal += UInt64(bytes.count)
  }

  mutating func flush() throws {
    guard copying != nil || !pending.isEmpty else { return }
    try open()
    if let (base, stretch) = copying { try line.send(.copied(from: base, stretch)) }
    copying = nil
    guard !pending.isEmpty else { return }
    try line.send(.data(offset: pendingOffset, pending[...]))
    pending.removeAll(keepingCapacity: true)
    crashPoint("push-large")
  }

  /// At the end of the data; what is only one copy from the start may still turn out to be all of it.
  mutating func settle() throws {
    if isOpen || !pending.isEmpty { try flush() }
  }

  private mutating func open() throws {
    guard !isOpen else { return }
    isOpen = true
    try line.send(.openContent(number: number, form))
  }

  mutating func close(size: UInt64, digest: Digest) throws {
    try open()
    try flush()
    try line.send(.closeStream(size: size, digest: digest))
  }

  mutating func drop() throws {
    if isOpen { try line.send(.dropContent) }
    isOpen = false
  }
}
