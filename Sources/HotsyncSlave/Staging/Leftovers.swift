import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// What a broken cycle left in `incoming/content/`, read again: nothing of it is trusted unread.
struct Leftovers {
  var contents: [StagedContent] = []
  var begun: [BegunContent] = []
  var patches: [BegunPatch] = []
  /// The first number that is free.
  var nextNumber: UInt64 = 1

  private enum Found {
    case whole(StagedContent)
    case begun(BegunContent)
    case patch(BegunPatch)
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
      for name in try folder.names() {
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
        case .patch(let patch):
          left.patches.append(patch)
          runs += patch.runs.count
        }
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
      // What is gone on with must be rid of what the new patch does not want.
      guard (try? file.punchHole(offset: status.size, length: LargeFile.minimum)) == true else { return nil }
      let runs = try stagedRuns(of: file, size: status.size, key, atMost: limit, &buffer)
      return runs.isEmpty ? nil : .patch(BegunPatch(number: number, path: path, runs: runs))
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

  /// The stretches of a sparse file that hold data, as whole leaves and within a node each. Where it has data tells what was
  /// written; a leaf that was cut shows in its digest.
  private static func stagedRuns(
    of file: borrowing Descriptor, size: UInt64, _ key: HashKey, atMost limit: Int, _ buffer: inout [UInt8]
  ) throws(SystemError) -> [StagedRun] {
    let leaf = UInt64(ContentDigest.leafLength)
    var runs: [StagedRun] = []
    var position: UInt64 = 0
    while runs.count < limit, let data = try file.nextData(after: position, size: size) {
      position = (data.lowerBound + leaf - 1) / leaf * leaf
      let end = data.upperBound == size ? size : data.upperBound / leaf * leaf
      while position < end, runs.count < limit {
        let stop = min(end, (position / Limits.stagedRun + 1) * Limits.stagedRun)
        let got = try file.read(into: &buffer, count: Int(stop - position), at: position)
        guard got == Int(stop - position) else { return runs }
        runs.append(
          StagedRun(Stretch(offset: position, length: stop - position), digest: key.digest(of: buffer[..<got])))
        position = stop
      }
      position = max(position, data.upperBound)
    }
    return runs
  }

  private static func digest(
    of file: borrowing Descriptor, _ size: UInt64, _ key: HashKey, _ buffer: inout [UInt8]
  ) -> Digest? {
    (try? contentDigest(of: file, size: size, key: key, buffer: &buffer)) ?? nil
  }
}
