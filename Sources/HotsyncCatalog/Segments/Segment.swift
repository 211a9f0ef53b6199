public import HotsyncSystem

/// A segment on disk, never changed once it is written: reads any path in one block, or all in order with flat memory.
public final class Segment: Sendable {
  struct Block: Sendable {
    let offset: UInt64
    let length: Int
    let digest: Digest
    let first: RelativePath
  }

  private let file: Descriptor
  private let key: HashKey
  let blocks: [Block]
  public let entries: UInt64
  /// Of the file, in bytes.
  public let length: UInt64

  /// Opens a segment and reads its index. What is not exactly as `SegmentWriter` writes it is damaged.
  public init(_ file: consuming Descriptor, key: HashKey) throws(CatalogError) {
    self.file = file
    self.key = key
    let footer = try SegmentFooter.read(self.file, key: key)
    length = footer.fileLength
    entries = footer.entries
    blocks = try footer.blocks()
  }

  /// A block, checked against its digest.
  func bytes(ofBlock number: Int) throws(CatalogError) -> [UInt8] {
    let block = blocks[number]
    var bytes = [UInt8](repeating: 0, count: block.length)
    let got = try CatalogError.telling { () throws(SystemError) in
      try file.read(into: &bytes, count: block.length, at: block.offset)
    }
    guard got == block.length, key.digest(of: bytes) == block.digest else {
      throw .damaged("block \(number) is not what was written")
    }
    return bytes
  }

  /// The entries of a block.
  func entries(ofBlock number: Int) throws(CatalogError) -> [SegmentEntry] {
    var reader = ByteReader(try bytes(ofBlock: number))
    var entries: [SegmentEntry] = []
    do throws(Malformed) {
      while !reader.isAtEnd { entries.append(try EntryCoding.read(after: entries.last?.path, from: &reader)) }
    } catch { throw .damaged("block \(number): \(error.reason)") }
    return entries
  }

  /// The number of the block that would hold the path: the last that starts at or before it.
  func block(for path: RelativePath) -> Int {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].first <= path { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }

  /// All entries from the last to the first, one block in memory at a time.
  public func forEachBackwards<E: HotsyncError>(
    _ body: (SegmentEntry) throws(E) -> Void
  ) throws(E) where E: TellsOthers {
    for number in blocks.indices.reversed() {
      let block: [SegmentEntry]
      do throws(CatalogError) { block = try entries(ofBlock: number) } catch { throw E(error) }
      for entry in block.reversed() { try body(entry) }
    }
  }

  /// What the segment says of one path; nil where it says nothing. Of its block that entry alone is decoded.
  public func entry(at path: RelativePath) throws(CatalogError) -> SegmentEntry? {
    guard !blocks.isEmpty else { return nil }
    let number = block(for: path)
    var block = EncodedBlock(try bytes(ofBlock: number))
    do throws(Malformed) {
      while try block.next() {
        if RelativePath.precedes(block.path.span, path.bytes.span) { continue }
        return block.path == path.bytes ? try block.entry() : nil
      }
    } catch { throw .damaged("block \(number): \(error.reason)") }
    return nil
  }
}

/// The end of a segment's file, and the index that it points to.
private struct SegmentFooter {
  let fileLength: UInt64
  let entries: UInt64
  private let index: [UInt8]
  private let indexOffset: UInt64

  /// An index of more than this is no index of ours: 100 million records have one of a few hundred megabytes at most.
  private static let largestIndex: UInt64 = 512 << 20

  static func read(_ file: borrowing Descriptor, key: HashKey) throws(CatalogError) -> SegmentFooter {
    let (head, footer, length) = try CatalogError.telling { () throws(SystemError) in try ends(of: file) }
    guard head == SegmentWriter.magic, Array(footer.suffix(head.count)) == SegmentWriter.magic else {
      throw .damaged("it is no segment of a catalog, is cut short, or is of another format")
    }
    func number(_ position: Int) -> UInt64 {
      footer[(8 * position)..<(8 * position + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let (indexOffset, indexLength) = (number(0), number(1))
    let (end, overflow) = indexOffset.addingReportingOverflow(indexLength)
    guard !overflow, indexLength <= largestIndex, end == length - UInt64(footer.count),
      indexOffset >= UInt64(head.count)
    else { throw .damaged("its index does not fit its length") }
    var index = [UInt8](repeating: 0, count: Int(indexLength))
    let got = try CatalogError.telling { () throws(SystemError) in
      try file.read(into: &index, count: index.count, at: indexOffset)
    }
    guard got == index.count, key.digest(of: index + footer.prefix(24)) == Digest(bytes: footer.dropFirst(24)) else {
      throw .damaged("its index is not what was written")
    }
    return SegmentFooter(
      fileLength: length, entries: number(2), index: index, indexOffset: indexOffset)
  }

  private static func ends(
    of file: borrowing Descriptor
  ) throws(SystemError) -> (head: [UInt8], footer: [UInt8], length: UInt64) {
    let length = try file.status().size
    var footer = [UInt8](repeating: 0, count: SegmentWriter.footerLength)
    var head = [UInt8](repeating: 0, count: SegmentWriter.magic.count)
    guard length >= UInt64(footer.count + head.count) else { return (head, footer, length) }
    _ = try file.read(into: &footer, count: footer.count, at: length - UInt64(footer.count))
    _ = try file.read(into: &head, count: head.count, at: 0)
    return (head, footer, length)
  }

  func blocks() throws(CatalogError) -> [Segment.Block] {
    var reader = ByteReader(index)
    var blocks: [Segment.Block] = []
    do throws(Malformed) {
      var expected = UInt64(SegmentWriter.magic.count)
      while !reader.isAtEnd {
        let offset = try reader.integer()
        let length = Int(try reader.integer(atMost: UInt64(SegmentWriter.blockLength + 2 * Limits.frame)))
        guard offset == expected, UInt64(length) <= indexOffset - min(offset, indexOffset) else {
          throw Malformed("a block outside of the file")
        }
        expected = offset + UInt64(length)
        let digest = try reader.digest()
        let first = try reader.path()
        if let last = blocks.last, !(last.first < first) { throw Malformed("blocks out of order") }
        blocks.append(Segment.Block(offset: offset, length: length, digest: digest, first: first))
      }
      guard expected == indexOffset else { throw Malformed("blocks that do not fill the file") }
    } catch { throw .damaged(error.reason) }
    return blocks
  }
}
