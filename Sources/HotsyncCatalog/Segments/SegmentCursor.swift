import HotsyncSystem

/// Goes through a segment in order, one block in memory at a time. Entries stay encoded until one is asked for.
final class SegmentCursor {
  private let segment: Segment
  private var block = EncodedBlock()
  private var nextBlock = 0
  private(set) var isAtEnd = false

  init(_ segment: Segment) throws(CatalogError) {
    self.segment = segment
    try advance()
  }

  // What is under the cursor, unless it is at the end.

  var path: [UInt8] { block.path }
  var facts: EntryFacts { block.facts }

  func hasOwners(_ encoded: [UInt8]) -> Bool { block.hasOwners(encoded) }

  func entry() throws(CatalogError) -> SegmentEntry {
    do throws(Malformed) { return try block.entry() } catch { throw damaged(error) }
  }

  func advance() throws(CatalogError) {
    while !(try goOn()) { guard try openBlock() else { return } }
  }

  private func goOn() throws(CatalogError) -> Bool {
    do throws(Malformed) { return try block.next() } catch { throw damaged(error) }
  }

  /// Moves forward to the first entry at or after the path; blocks between are not read.
  func seek(to path: RelativePath) throws(CatalogError) {
    guard !isAtEnd, RelativePath.precedes(block.path.span, path.bytes.span) else { return }
    let wanted = segment.block(for: path)
    if wanted >= nextBlock {
      nextBlock = wanted
      block = EncodedBlock()
      try advance()
    }
    while !isAtEnd, RelativePath.precedes(block.path.span, path.bytes.span) { try advance() }
  }

  private func openBlock() throws(CatalogError) -> Bool {
    guard nextBlock < segment.blocks.count else {
      isAtEnd = true
      return false
    }
    block = EncodedBlock(try segment.bytes(ofBlock: nextBlock))
    nextBlock += 1
    return true
  }

  private func damaged(_ error: Malformed) -> CatalogError { .damaged("block \(nextBlock - 1): \(error.reason)") }
}
