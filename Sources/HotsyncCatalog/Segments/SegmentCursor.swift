import HotsyncSystem

/// Goes through a segment in order, one block in memory at a time.
final class SegmentCursor {
  private let segment: Segment
  private var block: [SegmentEntry] = []
  private var position = 0
  private var nextBlock = 0

  init(_ segment: Segment) throws(CatalogError) {
    self.segment = segment
    try settle()
  }

  /// The entry under the cursor; nil at the end.
  var current: SegmentEntry? { position < block.count ? block[position] : nil }

  func advance() throws(CatalogError) {
    position += 1
    try settle()
  }

  /// Moves forward to the first entry at or after the path; blocks between are not read.
  func seek(to path: RelativePath) throws(CatalogError) {
    guard let current, current.path < path else { return }
    if let last = block.last, last.path < path {
      nextBlock = max(nextBlock, segment.block(for: path))
      block = []
      position = 0
      try settle()
    }
    while let current = self.current, current.path < path { try advance() }
  }

  private func settle() throws(CatalogError) {
    while position >= block.count, nextBlock < segment.blocks.count {
      block = try segment.entries(ofBlock: nextBlock)
      nextBlock += 1
      position = 0
    }
  }
}
