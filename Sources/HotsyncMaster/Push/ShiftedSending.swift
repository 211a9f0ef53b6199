import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// A list of chunks that was asked for.
private struct RequestedChunks {
  let id: UInt64
  /// Of the base.
  let stretch: Stretch
}

/// Where shifted data is looked for: windows of the new file, each against a stretch of the base around the place where the
/// data before it was found. What is lost is looked for farther and farther away.
private struct ShiftSearch {
  static let window: UInt64 = 32 << 20
  private static let nearReach: UInt64 = 1 << 20

  let oldSize: UInt64
  /// The base's offset minus the new file's, of what was found last.
  private var drift: Int64 = 0
  private var reach = nearReach

  init(oldSize: UInt64) { self.oldSize = oldSize }

  mutating func note(found base: UInt64, at offset: UInt64) { drift = Int64(base) - Int64(offset) }

  /// Called at the end of a window, with what share of it was found.
  mutating func adapt(found: UInt64, of length: UInt64) {
    reach = found >= length / 4 ? ShiftSearch.nearReach : min(reach * 4, (Limits.deltaWindow - ShiftSearch.window) / 2)
  }

  func base(of new: Stretch) -> Stretch {
    func place(_ offset: UInt64, _ slack: Int64) -> UInt64 {
      UInt64(max(0, min(Int64(oldSize), Int64(offset) + drift + slack)))
    }
    let start = place(new.offset, -Int64(reach))
    return Stretch(offset: start, length: place(new.end, Int64(reach)) - start)
  }
}

/// Long stretches of data that may have moved: both sides cut them into chunks by their content, and what the slave's file has
/// anywhere near is copied there.
extension ContentSender {
  /// After so much of which nine tenths are new, the rest is not looked for.
  private static let patience: UInt64 = 64 << 20

  /// A file of which most has moved: a new one is made, so that what stays is written once.
  func sendRebuilt(
    _ work: FileWork, _ entry: borrowing OpenedEntry, _ digest: Digest, _ old: (size: UInt64, digest: Digest),
    _ ranges: [DirtyRange]
  ) throws -> BroughtFile? {
    let (number, start) = try resumption(work, entry) ?? (nextNumber(), 0)
    try line.send(
      .openContent(
        number: number, .rebuilt(path: work.path, baseSize: old.size, size: work.size, resumeAt: start)))
    var literal: UInt64 = 0
    var pays = true
    var position = start
    for range in ranges where range.range.end > position {
      let offset = max(range.range.offset, position)
      try copyKept(position..<offset)
      position = range.range.end
      // Zeros are left out: they become holes.
      guard range.content == .data else { continue }
      let stretch = Stretch(offset: offset, length: position - offset)
      let sent =
        pays && stretch.length > ContentSender.smallStretch
        ? try sendShifted(stretch, work, entry, oldSize: old.size, &pays) : try sendLiteral(stretch, entry)
      guard let sent else { return try drop() }
      literal += sent
    }
    try copyKept(position..<work.size)
    guard try isUnchanged(entry) else { return try drop() }
    try state.keepMap(as: digest)
    try line.send(.closeContent(digest: digest))
    notePatched(number, work.sighting, digest)
    return brought(work, entry, digest, .content(number), literal: literal)
  }

  /// What stands at the same place in the old file.
  private func copyKept(_ range: Range<UInt64>) throws {
    guard !range.isEmpty else { return }
    try line.send(
      .copied(
        from: range.lowerBound,
        Stretch(offset: range.lowerBound, length: range.upperBound - range.lowerBound)))
  }

  /// Bytes that were sent; nil where the file is shorter by now.
  func sendShifted(
    _ stretch: Stretch, _ work: FileWork, _ entry: borrowing OpenedEntry, oldSize: UInt64, _ pays: inout Bool
  ) throws -> UInt64? {
    let cutter = ChunkCutter(key: key)
    var search = ShiftSearch(oldSize: oldSize)
    var output = ShiftedOutput(line)
    var position = stretch.offset
    func window(from offset: UInt64) -> Stretch {
      Stretch(offset: offset, length: min(ShiftSearch.window, stretch.end - offset))
    }
    var ahead = try requestChunks(work.path, search.base(of: window(from: position)))
    while position < stretch.end {
      let current = window(from: position)
      let requested = ahead
      // The slave cuts the next window while we go through this one.
      if current.end < stretch.end {
        ahead = try requestChunks(work.path, search.base(of: window(from: current.end)))
      }
      var index = ChunkIndex(try line.chunks(requested.id), from: requested.stretch.offset)
      let copiedBefore = output.copied
      while position < current.end {
        let wanted = Int(min(UInt64(buffer.count), stretch.end - position))
        let got = try reading { () throws(SystemError) in
          try entry.file.read(into: &buffer, count: wanted, at: position)
        }
        guard got == wanted else { return nil }
        let start = position
        let isLast = start + UInt64(got) == stretch.end
        let taken = try cutter.cut(buffer[..<got], isLast: isLast) { (range, chunk) throws in
          let offset = start + UInt64(range.lowerBound)
          if let base = index.find(chunk) {
            try output.copy(base, Stretch(offset: offset, length: UInt64(chunk.length)))
            search.note(found: base, at: offset)
          } else {
            try output.add(buffer[range], at: offset)
          }
          return true
        }
        position += UInt64(taken)
        progress.pass(UInt64(taken))
      }
      try line.check()
      search.adapt(found: output.copied - copiedBefore, of: position - current.offset)
      if position - stretch.offset >= ContentSender.patience, output.literal > (position - stretch.offset) / 10 * 9 {
        pays = false
        break
      }
    }
    try output.flush()
    guard position < stretch.end else { return output.literal }
    let rest = Stretch(offset: position, length: stretch.end - position)
    return try sendLiteral(rest, entry).map { output.literal + $0 }
  }

  private func requestChunks(_ base: RelativePath, _ stretch: Stretch) throws -> RequestedChunks {
    let id = nextSignatureNumber()
    try line.requestChunks(ChunkRequest(id: id, base: base, stretch: stretch))
    return RequestedChunks(id: id, stretch: stretch)
  }
}

/// Joins what belongs together before it is sent.
private struct ShiftedOutput {
  private let line: SlaveLine
  private var copying: (base: UInt64, stretch: Stretch)?
  private var pending: [UInt8] = []
  private var pendingOffset: UInt64 = 0
  private(set) var literal: UInt64 = 0
  private(set) var copied: UInt64 = 0

  init(_ line: SlaveLine) { self.line = line }

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
    if let (base, stretch) = copying { try line.send(.copied(from: base, stretch)) }
    copying = nil
    guard !pending.isEmpty else { return }
    try line.send(.data(offset: pendingOffset, pending[...]))
    pending.removeAll(keepingCapacity: true)
    crashPoint("push-large")
  }
}
