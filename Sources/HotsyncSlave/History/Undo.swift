import HotsyncCatalog
import HotsyncSystem

/// The undo of one path in `history/<generation>/undo/`: the old blocks of a file that was patched in place.
final class Undo {
  let list: UndoList
  /// The bytes of its pieces.
  let file: Descriptor

  private init(_ list: UndoList, _ file: consuming Descriptor) {
    self.list = list
    self.file = file
  }

  /// Nil where the folder has none of that name: the list counts, as it is written last.
  static func open(_ name: FileName, in folder: borrowing Folder, key: HashKey) throws(StoreError) -> Undo? {
    let bytes = try StoreError.telling { () throws(SystemError) in
      try folder.content(of: UndoList.listName(name), limit: UndoList.limit)
    }
    guard let bytes else { return nil }
    let list = try UndoList.parse(bytes, key: key)
    do throws(SystemError) { return Undo(list, try folder.open(name)) } catch {
      guard error.isMissing else { throw StoreError(error) }
      throw .damaged("a saved patch of \(list.path)", "its bytes are missing")
    }
  }

  /// Saves ranges of a file as it is now. What stood there under that name is replaced.
  static func save(
    _ ranges: [Range<UInt64>], of file: borrowing Descriptor, at path: RelativePath, size: UInt64,
    in folder: borrowing Folder, key: HashKey
  ) throws(SystemError) {
    let name = UndoList.name(of: path, key: key)
    // Bytes that are being written must never be read by an older list.
    try folder.unlinkIfPresent(UndoList.listName(name))
    let saved = try folder.open(name, [.readingAndWriting, .creating, .truncating])
    let copier = ContentCopier(key: key)
    var pieces: [UndoList.Piece] = []
    var end: UInt64 = 0
    for range in Stretches.clipping(ranges, to: size) {
      let digest = try copier.copy(range, of: file, at: range.lowerBound, into: saved, at: end)
      pieces.append(UndoList.Piece(range: range, position: end, digest: digest))
      end += range.upperBound - range.lowerBound
    }
    // It may end with a hole.
    try saved.truncate(to: end)
    // The list must not outlive a power cut without them.
    try saved.synchronize()
    try folder.replace(
      UndoList.listName(name), with: UndoList(path: path, size: size, pieces: pieces).encode(key: key))
  }

  /// Takes from the undo of a later patch what the own one has not: earlier bytes hide later ones.
  func take(_ later: Undo, in folder: borrowing Folder, key: HashKey) throws(SystemError) {
    let name = UndoList.name(of: list.path, key: key)
    let copier = ContentCopier(key: key)
    var pieces = list.pieces
    let target = try folder.open(name, .readingAndWriting)
    // Behind what an interrupted fold may have written, and the list does not know of.
    var end = try target.status().size
    var wanted = Stretches.subtracting(list.ranges, from: Stretches.clipping(later.list.ranges, to: list.size))[...]
    for piece in later.list.pieces {
      guard let first = wanted.first, first.lowerBound < piece.range.upperBound else { continue }
      // What was damaged stays so: with a digest that it cannot have.
      let isSound = try copier.digest(piece.range, of: later.file, at: piece.position) == piece.digest
      while let range = wanted.first, range.lowerBound < piece.range.upperBound {
        let place = piece.position + (range.lowerBound - piece.range.lowerBound)
        let digest = try copier.copy(range, of: later.file, at: place, into: target, at: end)
        pieces.append(UndoList.Piece(range: range, position: end, digest: isSound ? digest : .zero))
        end += range.upperBound - range.lowerBound
        wanted.removeFirst()
      }
    }
    guard pieces.count > list.pieces.count else { return }
    try target.truncate(to: end)
    try target.synchronize()
    pieces.sort { $0.range.lowerBound < $1.range.lowerBound }
    try folder.replace(
      UndoList.listName(name), with: UndoList(path: list.path, size: list.size, pieces: pieces).encode(key: key))
  }

  /// Whether every piece is what was saved.
  func isSound(_ copier: ContentCopier) throws(SystemError) -> Bool {
    for piece in list.pieces {
      guard try copier.digest(piece.range, of: file, at: piece.position) == piece.digest else { return false }
    }
    return true
  }
}
