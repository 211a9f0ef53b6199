import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// What of a patch a broken cycle left on the slave and the file still has: dirty stretches that need not be sent.
struct PatchLeftover {
  enum Part: Equatable {
    case staged(Stretch)
    case missing(Stretch)
  }

  let number: UInt64
  /// In order; each within one dirty stretch.
  private(set) var staged: ArraySlice<Stretch> = []

  init(number: UInt64) { self.number = number }

  /// Takes what a run and a dirty stretch have in common.
  mutating func note(_ run: Stretch, within dirty: ByteRange) {
    let start = max(run.offset, dirty.offset)
    let end = min(run.end, dirty.end)
    if let last = staged.last, last.end == start, start > dirty.offset {
      staged[staged.endIndex - 1] = Stretch(offset: last.offset, length: end - last.offset)
    } else {
      staged.append(Stretch(offset: start, length: end - start))
    }
  }

  /// Cuts a dirty stretch into what is staged and what lies between. Stretches are asked for in order.
  mutating func parts(of dirty: Stretch) -> [Part] {
    var parts: [Part] = []
    var position = dirty.offset
    while let next = staged.first, next.offset < dirty.end {
      if next.offset > position { parts.append(.missing(Stretch(offset: position, length: next.offset - position))) }
      parts.append(.staged(next))
      position = next.end
      staged = staged.dropFirst()
    }
    if position < dirty.end { parts.append(.missing(Stretch(offset: position, length: dirty.end - position))) }
    return parts
  }
}

extension ContentSender {
  /// Holds the runs that the slave offers against the file as it is now; each offer is used once.
  func patchLeftover(
    _ work: FileWork, _ entry: borrowing OpenedEntry, _ ranges: [DirtyRange]
  ) throws -> PatchLeftover? {
    guard let offered = begunPatches.removeValue(forKey: work.path) else { return nil }
    var leftover = PatchLeftover(number: offered.number)
    var runs = offered.runs[...]
    for range in ranges where range.content == .data {
      while let run = runs.first, run.stretch.offset < range.range.end {
        if run.stretch.end > range.range.offset, try isStill(run, work, entry) {
          leftover.note(run.stretch, within: range.range)
        }
        // One that reaches beyond may be of use to the next range, too.
        guard run.stretch.end <= range.range.end else { break }
        runs = runs.dropFirst()
      }
      try line.check()
    }
    return leftover.staged.isEmpty ? nil : leftover
  }

  private func isStill(_ run: StagedRun, _ work: FileWork, _ entry: borrowing OpenedEntry) throws -> Bool {
    let leaf = UInt64(ContentDigest.leafLength)
    let stretch = run.stretch
    guard stretch.end <= work.size, stretch.offset % leaf == 0, stretch.end % leaf == 0 || stretch.end == work.size
    else { return false }
    var bytes = [UInt8](repeating: 0, count: Int(stretch.length))
    let got = try reading { () throws(SystemError) in
      try entry.file.read(into: &bytes, count: bytes.count, at: stretch.offset)
    }
    return got == bytes.count && key.digest(of: bytes) == run.digest
  }
}
