import HotsyncCatalog
import HotsyncSystem

/// What a patch in place overwrote of a file: where, and the digests of the old bytes. The bytes stand in a
/// file beside this list, one piece behind the other: a file with few extents is made and freed at once.
struct UndoList: Equatable {
  struct Piece: Equatable {
    let range: Range<UInt64>
    /// Where its bytes stand in the file beside the list.
    let position: UInt64
    let digest: Digest
  }

  let path: RelativePath
  /// Of the whole file in the generation that this is the undo for.
  let size: UInt64
  /// In order, none touching bytes of another.
  let pieces: [Piece]

  var ranges: [Range<UInt64>] { pieces.map(\.range) }

  private static let magic = Array("HSUNDO02".utf8)
  static let limit = 256 << 20
  /// Two lists folded into one cut each other's pieces.
  private static let mostPieces = 8 * Limits.patchRanges

  /// The name of a path's undo in `history/<generation>/undo/`; its list has `listName`.
  static func name(of path: RelativePath, key: HashKey) -> FileName {
    StoreLayout.name(key.digest(of: path.bytes).hexadecimal)
  }

  /// Where the bytes of a range stand that lies within a piece.
  func position(of range: Range<UInt64>) -> UInt64 {
    var (low, high) = (0, pieces.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if pieces[middle].range.lowerBound <= range.lowerBound { low = middle } else { high = middle }
    }
    return pieces[low].position + (range.lowerBound - pieces[low].range.lowerBound)
  }

  static func listName(_ name: FileName) -> FileName { StoreLayout.name("\(name).ranges") }

  func encode(key: HashKey) -> [UInt8] {
    var writer = ByteWriter(reserving: 64 + path.bytes.count + pieces.count * 28)
    writer.raw(UndoList.magic)
    writer.data(path.bytes)
    writer.integer(size)
    writer.integer(UInt64(pieces.count))
    for piece in pieces {
      writer.integer(piece.range.lowerBound)
      writer.integer(piece.range.upperBound - piece.range.lowerBound)
      writer.integer(piece.position)
      writer.digest(piece.digest)
    }
    return SealedBytes.seal(writer, key: key)
  }

  static func parse(_ bytes: [UInt8], key: HashKey) throws(StoreError) -> UndoList {
    guard let body = SealedBytes.open(bytes, key: key) else {
      throw .damaged("a saved patch", "its list of ranges is cut short or altered")
    }
    var reader = ByteReader(body)
    do throws(Malformed) {
      guard Array(try reader.raw(magic.count)) == magic else { throw Malformed("not a list of saved ranges") }
      let path = try reader.path()
      let size = try reader.integer(atMost: Limits.fileSize)
      var pieces: [Piece] = []
      for _ in 0..<(try reader.count(atMost: mostPieces, minimumBytes: 3 + Digest.byteCount)) {
        let start = try reader.integer(atMost: size)
        let length = try reader.integer(atMost: size - start)
        guard length > 0, (pieces.last?.range.upperBound ?? 0) <= start else { throw Malformed("ranges out of order") }
        let position = try reader.integer(atMost: Limits.fileSize)
        pieces.append(Piece(range: start..<(start + length), position: position, digest: try reader.digest()))
      }
      try reader.end()
      return UndoList(path: path, size: size, pieces: pieces)
    } catch { throw .damaged("a saved patch", error.reason) }
  }
}
