import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem

/// Large files: digested with a map of their leaves, compared by their maps, and sent as what differs.
extension ContentSender {
  /// Dirty stretches of less than this go as they are: a signature of them would cost more.
  static let smallStretch: UInt64 = 32 << 10
  /// Longer ones are cut into chunks: librsync takes a hundred times as long for what it does not find.
  static let probeWindow: UInt64 = 8 << 20
  /// How far shifted data is looked for on either side of its old place.
  private static let reach: UInt64 = 1 << 20

  /// Nil where the file changed while it was read.
  func bringLarge(_ work: FileWork, _ entry: borrowing OpenedEntry) throws -> BroughtFile? {
    guard work.old != nil || hasLeftovers else { return try sendWhole(work, entry) }
    guard let digest = try digestWithMap(work, entry), try isUnchanged(entry) else { return nil }
    if let old = work.old, old.size == work.size, old.digest == digest {
      try state.keepMap(as: digest)
      return brought(work, entry, digest, .none)
    }
    if let number = claimStaged(digest, size: work.size) {
      try state.keepMap(as: digest)
      return brought(work, entry, digest, .content(number))
    }
    if let old = work.old, old.size >= ContentSender.deltaMinimum {
      return try sendPatch(work, entry, digest, old)
    }
    return try sendWhole(work, entry, isSecondPass: true)
  }

  private func digestWithMap(_ work: FileWork, _ entry: borrowing OpenedEntry) throws -> Digest? {
    var hasher = MappingHasher(key: key, map: try state.newMap())
    var position: UInt64 = 0
    while position < work.size {
      // In steps, so that the slave hears of us while a long file is read.
      let end = min(work.size, position + (64 << 20))
      let isWhole = try digesting { () throws(DeltaError) in
        try hasher.updateOnTwoThreads(from: entry.file, position..<end, size: work.size, buffer: &buffer)
      }
      guard isWhole else { return nil }
      progress.pass(end - position)
      position = end
      try line.check()
    }
    return try hasher.finish()
  }

  // MARK: Whole

  /// In one pass: digested, mapped where it is large, and sent as it is read.
  func sendWhole(_ work: FileWork, _ entry: borrowing OpenedEntry, isSecondPass: Bool = false) throws -> BroughtFile? {
    if isSecondPass { progress.expectAgain(work.size) }
    let (number, start) = try resumption(work, entry) ?? (nextNumber(), 0)
    var hasher = MappingHasher(key: key, map: work.isLarge ? try state.newMap() : nil)
    try line.send(.openContent(number: number, .whole(path: work.path, size: work.size, resumeAt: start)))
    let hasStart = try digesting { () throws(DeltaError) in
      try hasher.update(from: entry.file, 0..<start, size: work.size, buffer: &buffer)
    }
    guard hasStart else { return try drop() }
    progress.pass(start)
    var position = start
    var literal: UInt64 = 0
    while let data = try reading({ () throws(SystemError) in try entry.file.nextData(after: position, size: work.size) }
    ) {
      try hasher.skipZeros(data.lowerBound - position)
      progress.pass(data.lowerBound - position)
      position = data.lowerBound
      while position < data.upperBound {
        let wanted = Int(min(UInt64(Limits.dataChunk), data.upperBound - position))
        let got = try reading { () throws(SystemError) in
          try entry.file.read(into: &buffer, count: wanted, at: position)
        }
        guard got > 0 else { return try drop() }
        try hasher.update(buffer[..<got])
        try line.send(.data(offset: position, buffer[..<got]))
        crashPoint("push-large")
        progress.pass(UInt64(got))
        position += UInt64(got)
        literal += UInt64(got)
      }
    }
    try hasher.skipZeros(work.size - position)
    guard try isUnchanged(entry) else { return try drop() }
    let digest = try hasher.finish()
    if work.isLarge { try state.keepMap(as: digest) }
    try line.send(.closeContent(digest: digest))
    return brought(work, entry, digest, .content(number), literal: literal)
  }

  func drop() throws -> BroughtFile? {
    try line.send(.dropContent)
    return nil
  }

  /// Where a broken cycle left the start of this very file: its number, and how much of it there is.
  func resumption(_ work: FileWork, _ entry: borrowing OpenedEntry) throws -> (UInt64, UInt64)? {
    guard let part = begun.removeValue(forKey: work.path), part.length <= work.size else { return nil }
    var hasher = MappingHasher(key: key)
    let isWhole = try digesting { () throws(DeltaError) in
      try hasher.update(from: entry.file, 0..<part.length, size: work.size, buffer: &buffer)
    }
    guard isWhole, try hasher.finish() == part.digest else { return nil }
    return (part.number, part.length)
  }

  // MARK: Patches

  private func sendPatch(
    _ work: FileWork, _ entry: borrowing OpenedEntry, _ digest: Digest, _ old: (size: UInt64, digest: Digest)
  ) throws -> BroughtFile? {
    let ranges = try dirtyRanges(work, old)
    let dirty = ranges.reduce(UInt64(0)) { $0 + ($1.content == .data ? $1.range.length : 0) }
    progress.expectAgain(dirty)
    if dirty > work.size / 2, dirty > ContentSender.probeWindow, begunPatches[work.path] == nil {
      return try sendRebuilt(work, entry, digest, old, ranges)
    }
    var leftover = try patchLeftover(work, entry, ranges)
    let number = leftover?.number ?? nextNumber()
    try line.send(
      .openContent(
        number: number, .patch(base: work.path, baseSize: old.size, size: work.size, dirty: dirty)))
    var literal: UInt64 = 0
    var deltasPay = true
    for range in ranges {
      let stretch = Stretch(offset: range.range.offset, length: range.range.length)
      if range.content == .zeros {
        try line.send(.zeros(stretch))
        continue
      }
      for part in leftover?.parts(of: stretch) ?? [.missing(stretch)] {
        switch part {
        case .staged(let stretch):
          try line.send(.kept(stretch))
          progress.pass(stretch.length)
        case .missing(let stretch):
          guard let sent = try sendStretch(stretch, work, entry, oldSize: old.size, &deltasPay) else {
            return try drop()
          }
          literal += sent
        }
        try line.check()
      }
    }
    guard try isUnchanged(entry) else { return try drop() }
    try state.keepMap(as: digest)
    try line.send(.closeContent(digest: digest))
    notePatched(number, work.sighting, digest)
    return brought(work, entry, digest, .content(number), literal: literal)
  }

  /// What of the new file differs from the old one, by their maps; all of it but its holes where the old map was lost.
  private func dirtyRanges(_ work: FileWork, _ old: (size: UInt64, digest: Digest)) throws -> [DirtyRange] {
    guard let newMap = state.openNewMap() else {
      return [DirtyRange(.data, ByteRange(offset: 0, length: work.size))]
    }
    func ranges(against oldMap: MapFile?) throws(DeltaError) -> [DirtyRange] {
      try CoarseMatcher.match(
        old: oldMap?.source, new: newMap.source, key: key, mergedGap: 0, rangeLimit: Limits.patchRanges / 2)
    }
    if let oldMap = state.map(of: old.digest), let ranges = try? ranges(against: oldMap) { return ranges }
    return try ranges(against: nil)
  }

  /// Bytes that were sent for a dirty stretch; nil where the file is shorter by now.
  func sendStretch(
    _ stretch: Stretch, _ work: FileWork, _ entry: borrowing OpenedEntry, oldSize: UInt64, _ deltasPay: inout Bool
  ) throws -> UInt64? {
    if deltasPay, stretch.length > ContentSender.probeWindow {
      return try sendShifted(stretch, work, entry, oldSize: oldSize, &deltasPay)
    }
    var position = stretch.offset
    var sent: UInt64 = 0
    while position < stretch.end {
      let length = min(ContentSender.probeWindow, stretch.end - position)
      let new = Stretch(offset: position, length: length)
      let base = ContentSender.base(of: new, oldSize: oldSize)
      let result: UInt64?
      if deltasPay, length > ContentSender.smallStretch, base.length > 0 {
        result = try sendWindow(new, base, work, entry, oldSize: oldSize)
        crashPoint("push-large")
        if let result, length >= ContentSender.probeWindow, result > length / 10 * 9 { deltasPay = false }
      } else {
        result = try sendLiteral(new, entry)
      }
      guard let result else { return nil }
      sent += result
      position += length
    }
    return sent
  }

  private static func base(of new: Stretch, oldSize: UInt64) -> Stretch {
    let slack = min(reach, new.length)
    let start = min(new.offset - min(new.offset, slack), oldSize)
    let end = min(new.end + slack, oldSize)
    return Stretch(offset: start, length: end - start)
  }

  private func sendWindow(
    _ new: Stretch, _ base: Stretch, _ work: FileWork, _ entry: borrowing OpenedEntry, oldSize: UInt64
  ) throws -> UInt64? {
    let signature = try loadSignature(try requestSignature(work.path, base, fileSize: oldSize))
    var isWhole = true
    var failure: LeftOut?
    let sent = try sendDelta(signature, base: base, new: new) { (consume) throws in
      var position = new.offset
      while position < new.end {
        let wanted = Int(min(UInt64(buffer.count), new.end - position))
        var got = 0
        do throws(SystemError) { got = try entry.file.read(into: &buffer, count: wanted, at: position) } catch {
          failure = .unreadable(error)
        }
        guard got > 0 else {
          isWhole = false
          // The delta must still make what was announced: it is dropped with its content.
          return try consume([UInt8](repeating: 0, count: Int(new.end - position)))
        }
        try consume(Array(buffer[..<got]))
        position += UInt64(got)
      }
    }
    if let failure { throw failure }
    progress.pass(new.length)
    return isWhole ? sent : nil
  }

  func sendLiteral(_ stretch: Stretch, _ entry: borrowing OpenedEntry) throws -> UInt64? {
    var position = stretch.offset
    while position < stretch.end {
      let wanted = Int(min(UInt64(Limits.dataChunk), stretch.end - position))
      let got = try reading { () throws(SystemError) in
        try entry.file.read(into: &buffer, count: wanted, at: position)
      }
      guard got > 0 else { return nil }
      try line.send(.data(offset: position, buffer[..<got]))
      crashPoint("push-large")
      progress.pass(UInt64(got))
      position += UInt64(got)
    }
    return stretch.length
  }

  // MARK: Repair

  /// Sends a content whole whose patch did not come out as it should.
  func repair(_ number: UInt64) throws {
    if let content = provided[number] { return try repair(number, content) }
    guard let (sighting, digest) = patched[number] else {
      throw ProtocolError.malformed("it misses a content that was no patch", handshakeDone: true)
    }
    let changed = MasterError(
      .failed, "cannot go on with", "the cycle",
      cause: "\(sighting.path) came out wrong on the slave, and changed before it could be sent again",
      next: "run the cycle again")
    guard let entry = try? reader.open(sighting),
      try contentDigest(of: entry.file, size: entry.status.size, key: key, buffer: &buffer) == digest
    else { throw changed }
    try line.send(
      .openContent(number: number, .whole(path: sighting.path, size: entry.status.size, resumeAt: 0)))
    var position: UInt64 = 0
    while let data = try reading({ () throws(SystemError) in
      try entry.file.nextData(after: position, size: entry.status.size)
    }), try sendLiteral(Stretch(offset: data.lowerBound, length: UInt64(data.count)), entry) != nil {
      position = data.upperBound
    }
    guard try isUnchanged(entry) else { throw changed }
    try line.send(.closeContent(digest: digest))
  }
}
