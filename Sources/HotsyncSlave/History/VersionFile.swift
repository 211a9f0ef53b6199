import HotsyncSystem

/// A file as some generation had it: a base, and over it what patches in place have overwritten since.
final class VersionFile {
  private let base: Descriptor
  /// The earliest patch first: its old blocks are the oldest.
  private let undos: [Undo]
  let size: UInt64
  let status: FileStatus
  /// Where its bytes stand, in order and without gaps; an index of `undos`, or the base's.
  private let parts: [(range: Range<UInt64>, undo: Int?)]

  init(_ base: consuming Descriptor, _ undos: [Undo]) throws(SystemError) {
    status = try base.status()
    self.base = base
    self.undos = undos
    size = undos.first?.list.size ?? status.size
    parts = VersionFile.parts(undos.map(\.list.ranges), size: size)
  }

  private static func parts(_ undos: [[Range<UInt64>]], size: UInt64) -> [(range: Range<UInt64>, undo: Int?)] {
    guard size > 0 else { return [] }
    var covered: [Range<UInt64>] = []
    var parts: [(range: Range<UInt64>, undo: Int?)] = []
    for (index, ranges) in undos.enumerated() {
      let own = Stretches.subtracting(covered, from: Stretches.clipping(ranges, to: size))
      parts += own.map { ($0, index) }
      covered = (covered + own).sorted { $0.lowerBound < $1.lowerBound }
    }
    parts += Stretches.subtracting(covered, from: [0..<size]).map { ($0, nil) }
    return parts.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// Whether reading it again would read the same bytes.
  func isSame(as other: VersionFile) -> Bool {
    // A fold makes one undo of two: what is read then is not what was read before.
    status.device == other.status.device && status.inode == other.status.inode
      && undos.map(\.list) == other.undos.map(\.list)
  }

  /// A descriptor of the file where nothing patched it since.
  func wholeBase() throws(SystemError) -> Descriptor? {
    guard undos.isEmpty else { return nil }
    return try base.duplicate()
  }

  /// Hands out its parts in order, each with the file that has its bytes, and where.
  func forEachPart(
    _ body: (Range<UInt64>, borrowing Descriptor, _ position: UInt64) throws(SystemError) -> Void
  ) throws(SystemError) {
    for part in parts {
      guard let index = part.undo else {
        try body(part.range, base, part.range.lowerBound)
        continue
      }
      try body(part.range, undos[index].file, undos[index].list.position(of: part.range))
    }
  }
}
