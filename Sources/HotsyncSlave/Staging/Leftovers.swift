import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// What a broken cycle left in `incoming/content/`, read again: nothing of it is trusted unread.
struct Leftovers {
  var contents: [StagedContent] = []
  var begun: [BegunContent] = []
  var patches: [BegunPatch] = []
  /// Where the runs of these stand, by number.
  var placed: [UInt64: [PlacedPiece]] = [:]
  /// The first number that is free.
  var nextNumber: UInt64 = 1

  private enum Found {
    case whole(StagedContent)
    case begun(BegunContent)
    case patch(BegunPatch, [PlacedPiece])
  }

  /// Bytes that need not come again.
  var bytes: UInt64 {
    contents.reduce(UInt64(0)) { $0 &+ $1.size } &+ begun.reduce(0) { $0 &+ $1.length }
      &+ patches.reduce(0) { $0 &+ $1.runs.reduce(0) { $0 &+ $1.stretch.length } }
  }

  /// Keeps what is whole, cuts what is begun to whole nodes, and removes what cannot be used.
  static func take(from folder: borrowing Folder, of store: Store) throws(StoreError) -> Leftovers {
    try StoreError.telling { () throws(SystemError) in
      let begun = try BegunLog.read(store)
      try NewFolders.giveNumbers(in: store, to: folder, from: try freeNumber(in: folder, begun))
      var left = Leftovers()
      var runs = 0
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      for name in try folder.names() where !name.isListOfPieces {
        guard let number = StoreLayout.number(name), number < .max / 4,
          left.contents.count < Limits.stagedContents,
          let found = try look(
            at: name, number, begun[number], in: folder, key: store.key, runs: Limits.stagedRuns - runs, &buffer)
        else {
          try folder.removeTree(name)
          continue
        }
        left.nextNumber = max(left.nextNumber, number + 1)
        switch found {
        case .whole(let content): left.contents.append(content)
        case .begun(let content): left.begun.append(content)
        case .patch(let patch, let placed):
          left.patches.append(patch)
          left.placed[number] = placed
          runs += patch.runs.count
        }
      }
      let lists = Set(left.patches.map { PatchPieces.name($0.number) })
      for name in try folder.names() where name.isListOfPieces && !lists.contains(name) {
        try folder.removeTree(name)
      }
      return left
    }
  }

  private static func freeNumber(
    in folder: borrowing Folder, _ begun: [UInt64: BegunLog.State]
  ) throws(SystemError) -> UInt64 {
    let numbers = try folder.names().compactMap { StoreLayout.number($0) } + begun.keys
    return (numbers.filter { $0 < .max / 8 }.max() ?? 0) + 1
  }

  private static func look(
    at name: FileName, _ number: UInt64, _ state: BegunLog.State?, in folder: borrowing Folder, key: HashKey,
    runs limit: Int, _ buffer: inout [UInt8]
  ) throws(SystemError) -> Found? {
    let status = try folder.status(name)
    // Another link to a file of the mirror is no content of ours.
    guard state != .patch, status.kind == .regular, status.links == 1 else { return nil }
    let file: Descriptor
    do throws(SystemError) {
      file = try folder.open(name, state == nil ? .reading : .readingAndWriting)
    } catch {
      // It had its metadata already, and without root its mode is in the way: it comes anew.
      guard error.isNotPermitted else { throw error }
      return nil
    }
    if case .largePatch(let path) = state {
      let pieces = try PatchPieces.read(number, in: folder, of: file)
      let placed = PatchPieces.runs(of: pieces, atMost: limit)
      let runs = try digests(of: placed, in: file, key, &buffer)
      return runs.isEmpty ? nil : .patch(BegunPatch(number: number, path: path, runs: runs), placed)
    }
    guard case .whole(let path) = state else {
      return digest(of: file, status.size, key, &buffer).map {
        .whole(StagedContent(number: number, size: status.size, digest: $0))
      }
    }
    let length = status.size / LargeFile.minimum * LargeFile.minimum
    guard length > 0 else { return nil }
    try file.truncate(to: length)
    return digest(of: file, length, key, &buffer).map {
      .begun(BegunContent(number: number, path: path, length: length, digest: $0))
    }
  }

  private static func digests(
    of placed: [PlacedPiece], in file: borrowing Descriptor, _ key: HashKey, _ buffer: inout [UInt8]
  ) throws(SystemError) -> [StagedRun] {
    var runs: [StagedRun] = []
    runs.reserveCapacity(placed.count)
    for piece in placed {
      let count = Int(piece.stretch.length)
      guard try file.read(into: &buffer, count: count, at: piece.position) == count else { return runs }
      runs.append(StagedRun(piece.stretch, digest: key.digest(of: buffer[..<count])))
    }
    return runs
  }

  private static func digest(
    of file: borrowing Descriptor, _ size: UInt64, _ key: HashKey, _ buffer: inout [UInt8]
  ) -> Digest? {
    (try? contentDigest(of: file, size: size, key: key, buffer: &buffer)) ?? nil
  }
}

extension FileName {
  fileprivate var isListOfPieces: Bool {
    bytes.suffix(PatchPieces.suffix.utf8.count).elementsEqual(PatchPieces.suffix.utf8)
  }
}
