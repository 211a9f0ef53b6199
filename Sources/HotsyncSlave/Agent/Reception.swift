import HotsyncCatalog
import HotsyncConfig
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport

/// One cycle as it comes in: contents into staging, entries into the intake, signatures out.
final class Reception {
  private let store: Store
  private let staging: Staging
  private let intake: EntryIntake
  private let announcement: Announcement
  private let catalog: Catalog
  private let flush: FileSystemFlush
  private let writeBack: EarlyWriteBack
  /// Nil where anything may go.
  private let limit: DeletionLimit?
  private let channel: AgentChannel
  /// What the catalog held before the cycle.
  private let entries: UInt64
  private var openNumber: UInt64 = 0
  private var staged: StagedHolder?

  private final class StagedHolder {
    var generation: StagedGeneration?
    init(_ generation: consuming StagedGeneration) { self.generation = consume generation }
  }

  init(
    _ store: Store, staging: Staging, intake: EntryIntake, announcement: Announcement, catalog: Catalog,
    entries: UInt64,
    flush: FileSystemFlush, limit: DeletionLimit?, channel: AgentChannel
  ) {
    self.store = store
    self.staging = staging
    self.intake = intake
    self.announcement = announcement
    self.catalog = catalog
    self.entries = entries
    self.flush = flush
    writeBack = EarlyWriteBack(store)
    self.limit = limit
    self.channel = channel
  }

  /// Whether no entry has come.
  var isEmpty: Bool { intake.actions.count == 0 }

  /// Damaged entries that came again.
  var mended: Set<RelativePath> { intake.mended }
  var displacedDamaged: Set<RelativePath> { intake.displacedDamaged }

  var mismatched: [UInt64] { staging.mismatched.sorted() }

  func take(_ message: MasterMessage) throws {
    crashPoint("stage")
    guard staged == nil else { throw StoreError.contradiction("a message", "the cycle is sealed") }
    switch message {
    case .openContent(let number, let form):
      openNumber = number
      try staging.open(number, form, old: try base(of: form))
    case .data(let offset, let bytes):
      try staging.append(bytes, at: offset)
      writeBack.note(bytes.count)
    case .copied(let offset, let stretch): try staging.copy(stretch, from: offset)
    case .zeros(let stretch): try staging.addZeros(stretch)
    case .kept(let stretch): try staging.keep(stretch)
    case .openDelta(let base, let new): try staging.openDelta(base: base, new: new)
    case .delta(let bytes): try staging.appendDelta(bytes)
    case .closeDelta: try staging.closeDelta()
    case .closeContent(let digest):
      try staging.close(digest: digest)
      try intake.repaired(openNumber)
    case .closeStream(let size, let digest):
      try staging.close(digest: digest, size: size)
      try intake.repaired(openNumber)
    case .dropContent: staging.drop()
    case .entry(let record, let source): try intake.take(record, source)
    case .file(let record, let number, let bytes):
      try intake.take(record, number: number, bytes)
      writeBack.note(bytes.count)
    case .remove(let path):
      try intake.remove(path)
      try checkDeletions()
    default: throw StoreError.contradiction("a message", "it has no place in a cycle")
    }
  }

  /// A master that announced few deletions and sends many is stopped like one that announced them.
  private func checkDeletions() throws(ConfigError) {
    guard let limit, intake.deletions > announcement.deletions else { return }
    guard limit.allows(intake.deletions, of: entries) else {
      throw limit.refusal(of: intake.deletions, of: entries)
    }
  }

  private func base(of form: ContentForm) throws(StoreError) -> Record? {
    switch form {
    case .patch(let base, _, _, _), .rebuilt(let base, _, _, _), .streamed(let base, _): try record(at: base)
    case .whole: nil
    }
  }

  /// What the catalog holds there; of a further link, its leader's record.
  private func record(at path: RelativePath) throws(StoreError) -> Record? {
    do throws(CatalogError) {
      let record = try catalog.record(at: path)
      guard case .hardLink(let leader) = record?.content else { return record }
      return try catalog.record(at: leader)
    } catch { throw StoreError(error) }
  }

  // MARK: Signatures

  /// Signs a stretch of the mirror's file.
  func sign(_ request: SignatureRequest) throws {
    guard case .regular(let size, _) = try record(at: request.base)?.content, request.stretch.end <= size,
      let parameters = SignatureParameters(
        blockLength: Int(request.blockLength), strongLength: Int(request.strongLength))
    else { throw StoreError.contradiction("a request for a signature", "there is no such stretch of a file") }
    // Without the file there is nothing to find: what the master then sends fails its check, and comes whole.
    let file = try? store.mirror.openRegular(at: request.base)
    var job = try SignatureJob(parameters)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    let output: DeltaOutput = { (bytes) throws(DeltaError) in answer += bytes }
    var position = request.stretch.offset
    while file != nil, position < request.stretch.end {
      let count = Int(min(UInt64(buffer.count), request.stretch.end - position))
      let got = try file!.read(into: &buffer, count: count, at: position)
      guard got > 0 else { break }
      // SAFETY: bytes have no padding.
      try job.update(unsafe buffer.span.bytes.extracting(0..<got), into: output)
      position += UInt64(got)
      if answer.count >= Limits.dataChunk / 2 { try send(&answer, request.id) }
    }
    try job.finish(into: output)
    if !answer.isEmpty { try send(&answer, request.id) }
    try channel.send(.signatureEnd(id: request.id))
    try channel.flush()
  }

  private func send(_ bytes: inout [UInt8], _ id: UInt64) throws {
    for start in stride(from: 0, to: bytes.count, by: Limits.dataChunk) {
      try channel.send(.signature(id: id, bytes[start..<min(bytes.count, start + Limits.dataChunk)]))
    }
    bytes.removeAll(keepingCapacity: true)
  }

  /// Cuts a stretch of the mirror's file into chunks.
  func cut(_ request: ChunkRequest) throws {
    guard case .regular(let size, _) = try record(at: request.base)?.content, request.stretch.end <= size else {
      throw StoreError.contradiction("a request for chunks", "there is no such stretch of a file")
    }
    try ChunkAnswers(store: store, channel: channel).answer(request)
  }

  // MARK: The seal

  /// - Returns: the number that the commit will give.
  func seal(
    _ announced: CatalogDigest, previous: Generation?, epoch: UInt64, now: Timestamp, isSeed: Bool
  ) throws(StoreError) -> UInt64 {
    guard staged == nil else { throw .contradiction("the cycle", "it is sealed already") }
    staging.dropUnused()
    writeBack.end()
    crashPoint("seal")
    let sealer = Sealer(store: store, staging: staging, intake: intake, previous: previous, flushing: flush)
    let generation = try sealer.seal(announced: announced, epoch: epoch, now: now, isSeed: isSeed)
    let number = generation.journal.generation.number
    staged = StagedHolder(generation)
    return number
  }

  func takeStaged() -> StagedGeneration? {
    defer { staged = nil }
    return staged?.generation.take()
  }
}
