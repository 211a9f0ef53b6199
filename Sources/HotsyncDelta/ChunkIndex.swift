/// The chunks of a stretch of the old file, to be found by what they hold: a table with open addressing, of some 30 bytes a
/// chunk. Digests are keyed, so nobody can crowd it.
public struct ChunkIndex: Sendable {
  private let chunks: [Chunk]
  private let offsets: [UInt64]
  /// Indices of `chunks`, or -1.
  private let table: [Int32]
  /// The chunk behind the one that was found last: data that moved, moved together.
  private var next = 0

  /// - Parameter start: where the first chunk begins in the old file.
  public init(_ chunks: [Chunk], from start: UInt64) {
    var size = 16
    while size < chunks.count * 2 { size <<= 1 }
    var table = [Int32](repeating: -1, count: size)
    var offsets: [UInt64] = []
    offsets.reserveCapacity(chunks.count)
    var offset = start
    for (index, chunk) in chunks.enumerated() {
      offsets.append(offset)
      offset &+= UInt64(chunk.length)
      var place = Int(truncatingIfNeeded: chunk.digest) & (size - 1)
      while table[place] >= 0, chunks[Int(table[place])] != chunk { place = (place + 1) & (size - 1) }
      if table[place] < 0 { table[place] = Int32(index) }
    }
    self.chunks = chunks
    self.offsets = offsets
    self.table = table
  }

  /// Where the old file has such a chunk.
  public mutating func find(_ chunk: Chunk) -> UInt64? {
    if next < chunks.count, chunks[next] == chunk {
      defer { next += 1 }
      return offsets[next]
    }
    var place = Int(truncatingIfNeeded: chunk.digest) & (table.count - 1)
    while table[place] >= 0 {
      let index = Int(table[place])
      if chunks[index] == chunk {
        next = index + 1
        return offsets[index]
      }
      place = (place + 1) & (table.count - 1)
    }
    return nil
  }
}
