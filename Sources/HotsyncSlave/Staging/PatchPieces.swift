import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// A part of a large patch, and where its bytes stand in the staged file.
struct PlacedPiece: Equatable {
  let stretch: Stretch
  let position: UInt64
}

/// `incoming/content/<number>.pieces`: which stretches of the new file the bytes of a large patch are, in the order in which
/// they stand in its staged file, one behind the other. So that file has few extents however scattered the changes are: to
/// free ten thousand takes seconds where the file system discards them.
///
/// It is written behind the bytes, and not flushed: what it says is held against digests before it is used.
final class PatchPieces {
  private let file: Descriptor
  private var pending: [Stretch] = []
  private var pendingBytes: UInt64 = 0
  /// Where the next piece goes.
  private(set) var end: UInt64

  static let suffix = ".pieces"
  static func name(_ number: UInt64) -> FileName { StoreLayout.name("\(number)\(suffix)") }
  /// What an interruption loses of a patch, at most.
  private static let mostPending: UInt64 = 256 << 10
  private static let limit = 64 << 20

  /// - Parameter file: open for appending: where the list goes.
  /// - Parameter end: of what is staged.
  init(_ file: consuming Descriptor, end: UInt64) {
    self.file = file
    self.end = end
  }

  /// A line that breaks ends the conversation in order, and what came before it is not lost.
  deinit { try? write() }

  /// Notes that the staged file's next bytes, which are written, are this stretch.
  func note(_ stretch: Stretch) throws(SystemError) {
    if let last = pending.last, last.end == stretch.offset {
      pending[pending.count - 1] = Stretch(offset: last.offset, length: last.length + stretch.length)
    } else {
      pending.append(stretch)
    }
    end += stretch.length
    pendingBytes += stretch.length
    if pendingBytes >= PatchPieces.mostPending { try write() }
  }

  func write() throws(SystemError) {
    guard !pending.isEmpty else { return }
    var writer = ByteWriter()
    for stretch in pending {
      writer.integer(stretch.offset)
      writer.integer(stretch.length)
    }
    pending.removeAll(keepingCapacity: true)
    pendingBytes = 0
    try file.write(writer.bytes)
  }

  // MARK: What a broken cycle left

  /// The pieces of a staged file, in the order of their offsets. A torn end is cut off, of the list and of the file, so that
  /// both can be gone on with; what two pieces have counts once.
  static func read(
    _ number: UInt64, in folder: borrowing Folder, of staged: borrowing Descriptor
  ) throws(SystemError) -> [PlacedPiece] {
    guard let bytes = try? folder.content(of: name(number), limit: limit) else { return [] }
    let (pieces, sound) = parse(bytes, size: try staged.status().size)
    try folder.open(name(number), .writing).truncate(to: UInt64(sound))
    try staged.truncate(to: pieces.last.map { $0.position + $0.stretch.length } ?? 0)
    let inOrder = pieces.sorted {
      // What came last is what was wanted last.
      ($0.stretch.offset, $1.position) < ($1.stretch.offset, $0.position)
    }
    var apart: [PlacedPiece] = []
    for piece in inOrder where piece.stretch.offset >= apart.last?.stretch.end ?? 0 { apart.append(piece) }
    return apart
  }

  /// - Returns: also how many bytes of the list tell of what is there.
  private static func parse(_ bytes: [UInt8], size: UInt64) -> (pieces: [PlacedPiece], sound: Int) {
    var reader = ByteReader(bytes)
    var pieces: [PlacedPiece] = []
    var position: UInt64 = 0
    var sound = 0
    do throws(Malformed) {
      while !reader.isAtEnd {
        let offset = try reader.integer(atMost: Limits.fileSize)
        let length = try reader.integer(atMost: min(Limits.fileSize - offset, size - position))
        guard length > 0 else { break }
        if let last = pieces.last, last.stretch.end == offset {
          let joined = Stretch(offset: last.stretch.offset, length: last.stretch.length + length)
          pieces[pieces.count - 1] = PlacedPiece(stretch: joined, position: last.position)
        } else {
          pieces.append(PlacedPiece(stretch: Stretch(offset: offset, length: length), position: position))
        }
        position += length
        sound = bytes.count - reader.rest.count
      }
    } catch { return (pieces, sound) }
    return (pieces, sound)
  }

  /// The whole leaves of the pieces, in runs within a node each, as they are offered.
  static func runs(of pieces: [PlacedPiece], atMost limit: Int) -> [PlacedPiece] {
    let leaf = UInt64(ContentDigest.leafLength)
    var runs: [PlacedPiece] = []
    for piece in pieces {
      var offset = (piece.stretch.offset + leaf - 1) / leaf * leaf
      let end = piece.stretch.end / leaf * leaf
      while offset < end, runs.count < limit {
        let stop = min(end, (offset / Limits.stagedRun + 1) * Limits.stagedRun)
        runs.append(
          PlacedPiece(
            stretch: Stretch(offset: offset, length: stop - offset),
            position: piece.position + (offset - piece.stretch.offset)))
        offset = stop
      }
    }
    return runs
  }
}
