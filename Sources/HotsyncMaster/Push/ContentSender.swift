import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem

/// A regular file that was read, and how its content gets to the slave.
struct BroughtFile {
  enum Delivery {
    /// It stays, was moved, or is staged.
    case done
    /// It goes with its entry.
    case inline(UInt64, [UInt8])
  }

  let record: Record
  let stamp: Stamp
  let source: Source
  var delivery = Delivery.done
  /// Bytes of content that were sent as they are.
  var literal: UInt64 = 0
}

/// Gets the content of regular files to the slave by the cheapest way: not at all, as a move, from what is staged, as a
/// patch, or whole.
final class ContentSender {
  let line: SlaveLine
  let reader: EntryReader
  let state: any MapPlace
  let key: HashKey
  let progress: PushProgress
  private let isFull: Bool
  private var number: UInt64
  /// What a broken cycle left on the slave, by digest; each is used once.
  private var staged: [Digest: [StagedContent]] = [:]
  var begun: [RelativePath: BegunContent] = [:]
  var begunPatches: [RelativePath: BegunPatch] = [:]
  private var signatureNumber: UInt64 = 0
  var asked = AskedSignatures()
  var buffer = [UInt8](repeating: 0, count: Limits.dataChunk)
  /// What was patched or moved, for the case that it does not come out as it should.
  private(set) var patched: [UInt64: (sighting: Sighting, digest: Digest)] = [:]

  /// The same of what came from no file.
  private(set) var provided: [UInt64: ProvidedContent] = [:]

  /// Up to this size a file is read into memory and goes with its entry.
  static let inlineLimit: UInt64 = 256 << 10
  /// Below this size a delta costs more than it saves.
  static let deltaMinimum: UInt64 = 16 << 10
  private static let attempts = 3

  init(
    line: SlaveLine, reader: EntryReader, state: any MapPlace, key: HashKey, isFull: Bool, nextNumber: UInt64,
    staged: [StagedContent], begun: [BegunContent], patches: [BegunPatch], progress: PushProgress
  ) {
    self.line = line
    self.reader = reader
    self.state = state
    self.key = key
    self.progress = progress
    self.isFull = isFull
    number = nextNumber
    for content in staged { self.staged[content.digest, default: []].append(content) }
    for content in begun { self.begun[content.path] = content }
    for patch in patches { begunPatches[patch.path] = patch }
  }

  func nextNumber() -> UInt64 {
    defer { number += 1 }
    return number
  }

  func nextSignatureNumber() -> UInt64 {
    defer { signatureNumber += 1 }
    return signatureNumber
  }

  /// Whether a broken cycle left anything that this one may use.
  var hasLeftovers: Bool { !staged.isEmpty }

  func notePatched(_ number: UInt64, _ sighting: Sighting, _ digest: Digest) { patched[number] = (sighting, digest) }

  func noteProvided(_ number: UInt64, _ content: ProvidedContent) { provided[number] = content }

  // MARK: One file

  /// - Parameter origin: the catalog's record of the same file under the path that it had.
  /// - Throws: `LeftOut` where it cannot be had whole.
  func bring(_ sighting: Sighting, old: Record?, origin: DepartedFiles.Origin?) throws -> BroughtFile {
    for _ in 0..<ContentSender.attempts {
      let entry = try reader.open(sighting)
      guard entry.status.size <= Limits.fileSize else { throw LeftOut.oversized }
      do {
        if let origin, let moved = try move(sighting, origin, entry) { return moved }
        if let result = try attempt(sighting, old, entry) { return result }
      } catch let reason as LeftOut {
        // What was begun of it is not wanted: the cycle goes on without the file.
        if line.hasOpenContent { try line.send(.dropContent) }
        throw reason
      }
      Worker.pause(.milliseconds(20))
    }
    throw LeftOut.changed
  }

  /// A file that has another path now: the slave moves what it has. Where its last reading and its last change were too
  /// close to tell them apart, it is read again first.
  private func move(
    _ sighting: Sighting, _ origin: DepartedFiles.Origin, _ entry: borrowing OpenedEntry
  ) throws -> BroughtFile? {
    let record = origin.record
    guard entry.status.size == record.size, entry.status.modified == record.metadata.modified,
      entry.status.inode == sighting.inode
    else { return nil }
    if !origin.isCertain || isFull {
      let digest = try digesting { () throws(DeltaError) in
        try contentDigest(of: entry.file, size: record.size, key: key, buffer: &buffer)
      }
      guard record.content == digest.map({ .regular(size: record.size, digest: $0) }), try isUnchanged(entry) else {
        return nil
      }
    }
    let moved = Record(path: sighting.path, content: record.content, metadata: entry.metadata)
    let number = nextNumber()
    if case .regular(_, let digest) = record.content { notePatched(number, sighting, digest) }
    return BroughtFile(record: moved, stamp: entry.stamp, source: .moved(number, from: record.path))
  }

  /// Nil where the file changed while it was read.
  private func attempt(_ sighting: Sighting, _ old: Record?, _ entry: borrowing OpenedEntry) throws -> BroughtFile? {
    let size = entry.status.size
    let work = FileWork(
      sighting: sighting, size: size, old: ContentSender.oldContent(old), status: entry.status)
    return try work.isLarge ? bringLarge(work, entry) : bringSmall(work, entry)
  }

  struct FileWork {
    let sighting: Sighting
    let size: UInt64
    /// The content that the slave has at the path.
    let old: (size: UInt64, digest: Digest)?
    let status: FileStatus

    var path: RelativePath { sighting.path }
    var isLarge: Bool { size >= LargeFile.minimum }
    /// Fewer blocks than the size wants: holes must arrive as holes.
    var hasHoles: Bool { status.blocks.multipliedReportingOverflow(by: 512).partialValue < size }
  }

  private static func oldContent(_ old: Record?) -> (size: UInt64, digest: Digest)? {
    guard case .regular(let size, let digest) = old?.content else { return nil }
    return (size, digest)
  }

  func isUnchanged(_ entry: borrowing OpenedEntry) throws -> Bool {
    try entry.file.status().isSameState(as: entry.status)
  }

  func brought(
    _ work: FileWork, _ entry: borrowing OpenedEntry, _ digest: Digest, _ source: Source, literal: UInt64 = 0
  ) -> BroughtFile {
    let content = Content.regular(size: work.size, digest: digest)
    return BroughtFile(
      record: Record(path: work.path, content: content, metadata: entry.metadata), stamp: entry.stamp,
      source: source, literal: literal)
  }

  // MARK: Files that fit into memory

  private func bringSmall(_ work: FileWork, _ entry: borrowing OpenedEntry) throws -> BroughtFile? {
    guard let bytes = try readWhole(entry, work.size), try isUnchanged(entry) else { return nil }
    let digest = ContentDigest.of(bytes, key: key)
    if let old = work.old, old.size == work.size, old.digest == digest { return brought(work, entry, digest, .none) }
    if let number = claimStaged(digest, size: work.size) { return brought(work, entry, digest, .content(number)) }
    if work.hasHoles { return try sendWhole(work, entry) }
    if let old = work.old, ContentSender.isPatched(old: old.size, new: work.size) {
      return try patchSmall(work, entry, bytes, digest, old.size)
    }
    let number = nextNumber()
    if work.size <= ContentSender.inlineLimit {
      var result = brought(work, entry, digest, .content(number))
      result.delivery = .inline(number, bytes)
      return result
    }
    try line.send(.openContent(number: number, .whole(path: work.path, size: work.size, resumeAt: 0)))
    try sendPieces(bytes[...], at: 0)
    try line.send(.closeContent(digest: digest))
    return brought(work, entry, digest, .content(number), literal: work.size)
  }

  /// Nil where the file has another size by now.
  private func readWhole(_ entry: borrowing OpenedEntry, _ size: UInt64) throws -> [UInt8]? {
    let bytes = try reading { () throws(SystemError) in try entry.file.readWhole(size: Int(size)) }
    return bytes.count == Int(size) ? bytes : nil
  }

  func reading<Result>(_ body: () throws(SystemError) -> Result) throws -> Result {
    do { return try body() } catch { throw LeftOut.unreadable(error) }
  }

  /// The same where a file is read and digested in one: what fails there is the disk's, unless it is the place where the
  /// digests go.
  func digesting<Result>(_ body: () throws(DeltaError) -> Result) throws -> Result {
    do { return try body() } catch {
      guard error.kind == .failed else { throw error }
      throw LeftOut.unreadable(error)
    }
  }

  private func sendPieces(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws {
    var rest = bytes
    var position = offset
    while !rest.isEmpty {
      let piece = rest.prefix(Limits.dataChunk - 64)
      try line.send(.data(offset: position, piece))
      position += UInt64(piece.count)
      rest = rest.dropFirst(piece.count)
    }
  }

  private func patchSmall(
    _ work: FileWork, _ entry: borrowing OpenedEntry, _ bytes: [UInt8], _ digest: Digest, _ oldSize: UInt64
  ) throws -> BroughtFile {
    let number = nextNumber()
    let base = Stretch(offset: 0, length: oldSize)
    let signature = try signature(of: work.path, size: oldSize)
    try line.send(
      .openContent(
        number: number, .patch(base: work.path, baseSize: oldSize, size: work.size, dirty: work.size)))
    let literal = try sendDelta(
      try loadSignature(signature), base: base, new: Stretch(offset: 0, length: work.size)
    ) { (consume) throws in try consume(bytes) }
    try line.send(.closeContent(digest: digest))
    notePatched(number, work.sighting, digest)
    return brought(work, entry, digest, .content(number), literal: literal)
  }

  // MARK: What is staged

  func claimStaged(_ digest: Digest, size: UInt64) -> UInt64? {
    guard var same = staged[digest], let content = same.popLast(), content.size == size else { return nil }
    staged[digest] = same.isEmpty ? nil : same
    return content.number
  }
}
