import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// `incoming/content/`: what a cycle has received, by number. It outlives a broken cycle, so that the next one goes on.
final class Staging {
  /// A content that is whole, or a patch that waits to be written in place.
  struct Complete {
    let size: UInt64
    let digest: Digest
    /// Where only its ranges are staged.
    var patch: PatchRanges?
  }

  /// A small content in its file.
  struct PlacedFile: ~Copyable {
    let file: Descriptor
    let isInNewFolder: Bool
  }

  private enum Opened {
    case whole(UInt64, WholeContent)
    case patch(UInt64, PatchContent, baseDigest: Digest)
    /// A patch of a file that is not there any more: what comes is let go, and the content asked for whole.
    case baseless(UInt64)
  }

  private let store: Store
  let folder: Folder
  let newFolders: NewFolders
  private let maps: DigestMaps
  private let begunLog: BegunLog
  private var opened: Opened?
  private var complete: [UInt64: Complete] = [:]
  private var nextNumber: UInt64
  /// Begun contents of a broken cycle that may be gone on with.
  private var resumable: [UInt64: UInt64] = [:]
  private var resumablePatches: [UInt64: [PlacedPiece]]
  /// Contents whose digest was not what was said: the master sends them whole before the seal counts.
  private(set) var mismatched: Set<UInt64> = []

  /// - Parameter leftovers: what a broken cycle left and this one may use.
  init(_ store: Store, leftovers: Leftovers) throws(SystemError) {
    self.store = store
    folder = try Staging.folder(of: store)
    newFolders = try NewFolders(store)
    maps = try DigestMaps(store)
    begunLog = try BegunLog(store)
    nextNumber = leftovers.nextNumber
    resumablePatches = leftovers.placed
    for content in leftovers.contents {
      complete[content.number] = Complete(size: content.size, digest: content.digest)
    }
    for content in leftovers.begun { resumable[content.number] = content.length }
  }

  static func folder(of store: Store) throws(SystemError) -> Folder {
    try store.incoming.makeOrOpenFolder(StoreLayout.content)
  }

  static let rangesSuffix = ".ranges"
  static func rangesName(_ number: UInt64) -> FileName { StoreLayout.name("\(number)\(rangesSuffix)") }

  /// A conversation cannot use up the numbers: each is near the one before.
  private static let largestStep: UInt64 = 1 << 20

  private func claim(_ number: UInt64) throws(StoreError) {
    guard number >= nextNumber, number - nextNumber < Staging.largestStep, number < .max / 4 else {
      throw .contradiction("a content", "its number was used")
    }
    nextNumber = number + 1
  }

  // MARK: Receiving

  /// Takes a small content that came in one piece, and gives its file, which is still without metadata.
  ///
  /// - Parameter permissions: what the file is made with; nobody else gets to it here.
  func place(
    _ bytes: ArraySlice<UInt8>, number: UInt64, digest: Digest, for path: RelativePath, permissions: UInt32
  ) throws(StoreError) -> PlacedFile {
    try claim(number)
    guard ContentDigest.of(Array(bytes), key: store.key) == digest else {
      throw .contradiction("a file", "its bytes are not those of its digest")
    }
    return try StoreError.telling { () throws(SystemError) in
      let isNew = newFolders.holds(path)
      let file =
        isNew
        ? try newFolders.withParent(of: path) { (folder) throws(SystemError) in
          try folder.open(path.name, [.writing, .exclusively], permissions: permissions)
        } : try folder.open(StoreLayout.name(number), [.writing, .exclusively], permissions: permissions)
      try file.write(bytes)
      return PlacedFile(file: file, isInNewFolder: isNew)
    }
  }

  /// - Parameter old: the catalog's record of a patch's base.
  func open(_ number: UInt64, _ form: ContentForm, old: Record?) throws(StoreError) {
    switch form {
    case .whole(let path, let size, let resumeAt):
      try openWhole(number, path, size: size, resumeAt: resumeAt)
    case .rebuilt(let path, let baseSize, let size, let resumeAt):
      guard case .regular(baseSize, _) = old?.content else {
        throw .contradiction("a patch of \(path)", "there is no such file of that size")
      }
      // Without the file what is copied is a hole: the content fails its check, and comes whole.
      let base = try? store.mirror.openRegular(at: path)
      try openWhole(number, path, size: size, resumeAt: resumeAt, base: ContentBase(base, size: baseSize))
    case .streamed(let path, let baseSize):
      if baseSize > 0 {
        guard case .regular(baseSize, _) = old?.content else {
          throw .contradiction("a stream for \(path)", "there is no such file of that size")
        }
      }
      let base = baseSize > 0 ? try? store.mirror.openRegular(at: path) : nil
      try openWhole(number, path, size: nil, resumeAt: 0, base: ContentBase(base, size: baseSize))
    case .patch(let base, let baseSize, let size, let dirty):
      guard case .regular(baseSize, let digest) = old?.content else {
        throw .contradiction("a patch of \(base)", "there is no such file of that size")
      }
      let ranges = PatchRanges(path: base, oldSize: baseSize, newSize: size)
      try openPatch(number, ranges, limit: dirty, baseDigest: digest)
    }
  }

  private func openPatch(
    _ number: UInt64, _ ranges: PatchRanges, limit: UInt64, baseDigest: Digest
  ) throws(StoreError) {
    let offered = resumablePatches.removeValue(forKey: number)
    if offered == nil { try claim(number) }
    let isLarge = ranges.isLarge
    let staged = try StoreError.telling { () throws(SystemError) in
      try begunLog.append(number, isLarge ? .largePatch(ranges.path) : .patch)
      return try folder.open(
        StoreLayout.name(number), offered != nil ? .readingAndWriting : [.readingAndWriting, .exclusively])
    }
    let pieces = try StoreError.telling { () throws(SystemError) -> PatchPieces? in
      guard isLarge else { return nil }
      let list = try folder.open(PatchPieces.name(number), [.writing, .creating, .appending])
      return PatchPieces(list, end: try staged.status().size)
    }
    guard let mirrored = try? store.mirror.openRegular(at: ranges.path) else {
      opened = .baseless(number)
      return
    }
    let content = PatchContent(
      staged, base: mirrored, ranges: ranges, limit: limit, pieces: pieces, offered: offered ?? [])
    opened = .patch(number, content, baseDigest: baseDigest)
  }

  private func openWhole(
    _ number: UInt64, _ path: RelativePath, size: UInt64?, resumeAt: UInt64, base: consuming ContentBase? = nil
  ) throws(StoreError) {
    var mode: OpenMode = [.readingAndWriting, .exclusively]
    if resumeAt > 0 {
      guard resumable.removeValue(forKey: number) == resumeAt else {
        throw .contradiction("a content", "there is no such part of it")
      }
      mode = .readingAndWriting
    } else if !mismatched.contains(number) {
      try claim(number)
    }
    let file = try StoreError.telling { () throws(SystemError) in
      // The beginning of a stream helps nobody: its like is never read again.
      try begunLog.append(number, size == nil ? .patch : .whole(path))
      return try folder.open(StoreLayout.name(number), mode)
    }
    let map = try StoreError.telling { () throws(SystemError) in
      size ?? .max >= LargeFile.minimum ? try maps.create(number) : nil
    }
    opened = .whole(
      number, try WholeContent(file, size: size, resumeAt: resumeAt, key: store.key, map: map, base: base))
  }

  func append(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(StoreError) {
    switch opened {
    case .whole(_, let content): try content.append(bytes, at: offset)
    case .patch(_, let content, _): try content.append(bytes, at: offset)
    case .baseless: break
    case nil: throw .contradiction("a piece of content", "no content is open")
    }
  }

  /// Takes a stretch from the mirror's file.
  func copy(_ stretch: Stretch, from offset: UInt64) throws(StoreError) {
    switch opened {
    case .whole(_, let content): try content.copy(stretch, from: offset)
    case .patch(_, let content, _): try content.copy(stretch, from: offset)
    case .baseless: break
    case nil: throw .contradiction("a piece of content", "no content is open")
    }
  }

  func addZeros(_ stretch: Stretch) throws(StoreError) { try openPatch()?.addZeros(stretch) }
  func keep(_ stretch: Stretch) throws(StoreError) { try openPatch()?.keep(stretch) }
  func openDelta(base: Stretch, new: Stretch) throws(StoreError) { try openPatch()?.openDelta(base: base, new: new) }
  func appendDelta(_ bytes: ArraySlice<UInt8>) throws(StoreError) { try openPatch()?.appendDelta(bytes) }
  func closeDelta() throws(StoreError) { try openPatch()?.closeDelta() }

  /// Nil for a patch without its base.
  private func openPatch() throws(StoreError) -> PatchContent? {
    if case .baseless = opened { return nil }
    guard case .patch(_, let content, _) = opened else { throw .contradiction("a patch", "none is open") }
    return content
  }

  /// Gives up the content that is open.
  func drop() {
    switch opened {
    case .whole(let number, _), .patch(let number, _, _), .baseless(let number):
      opened = nil
      remove(number)
      maps.drop(number)
    case nil: break
    }
  }

  private func remove(_ number: UInt64) {
    try? folder.unlink(StoreLayout.name(number))
    try? folder.unlinkIfPresent(PatchPieces.name(number))
  }

  /// Checks the content that is open against its digest; one that fails is removed and noted in `mismatched`.
  ///
  /// - Parameter size: of a stream; nil for all others.
  func close(digest: Digest, size: UInt64? = nil) throws(StoreError) {
    switch opened {
    case .whole(let number, let content):
      let found = try content.finish(at: size)
      if content.isStream, content.size < LargeFile.minimum { maps.drop(number) }
      try settle(
        number, Complete(size: content.size, digest: digest), found == digest,
        isLarge: content.size >= LargeFile.minimum)
    case .patch, .baseless:
      guard size == nil else { throw .contradiction("a patch", "it ends as a stream does") }
      try closeDifference(digest: digest)
    case nil: throw .contradiction("a content", "none is open")
    }
    opened = nil
  }

  private func closeDifference(digest: Digest) throws(StoreError) {
    switch opened {
    case .patch(let number, let content, let baseDigest):
      try closePatch(number, content, baseDigest: baseDigest, digest: digest)
    case .baseless(let number):
      try settle(number, Complete(size: 0, digest: digest), false, isLarge: false)
    case .whole, nil: break
    }
  }

  private func settle(
    _ number: UInt64, _ content: Complete, _ matches: Bool, isLarge: Bool
  ) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      guard matches else {
        mismatched.insert(number)
        try folder.unlink(StoreLayout.name(number))
        try folder.unlinkIfPresent(PatchPieces.name(number))
        return maps.drop(number)
      }
      mismatched.remove(number)
      complete[number] = content
      if isLarge { try maps.keep(number, as: content.digest) }
      if content.patch == nil { try begunLog.appendDone(number) }
    }
  }

  private func closePatch(
    _ number: UInt64, _ content: PatchContent, baseDigest: Digest, digest: Digest
  ) throws(StoreError) {
    let ranges = content.ranges
    guard ranges.isLarge else {
      try content.materialize()
      let found = try content.digestOfWhole(key: store.key)
      return try settle(number, Complete(size: ranges.newSize, digest: digest), found == digest, isLarge: false)
    }
    guard let oldMap = try map(of: ranges.path, size: ranges.oldSize, digest: baseDigest, number) else {
      return try settle(number, Complete(size: ranges.newSize, digest: digest), false, isLarge: true)
    }
    let newMap = try StoreError.telling { () throws(SystemError) in try maps.create(number) }
    let found = try content.digest(key: store.key, oldMap: oldMap, map: newMap)
    let changed = ranges.ranges.reduce(0) { $0 + $1.stretch.length }
    var result = Complete(size: ranges.newSize, digest: digest)
    if changed <= ranges.newSize / 2 {
      result.patch = ranges
    } else if found == digest {
      try materialize(number, ranges)
    }
    try settle(number, result, found == digest, isLarge: true)
  }

  /// The map of a file of the mirror, made anew where it was lost: nil where the file is not what its record says.
  private func map(
    of path: RelativePath, size: UInt64, digest: Digest, _ number: UInt64
  ) throws(StoreError) -> MapFile? {
    if let map = maps.open(digest) { return map }
    let base = try StoreError.telling { () throws(SystemError) in try store.mirror.openRegular(at: path) }
    let file = try StoreError.telling { () throws(SystemError) in try maps.create(number) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    do throws(DeltaError) {
      guard try contentDigest(of: base, size: size, key: store.key, map: file, buffer: &buffer) == digest else {
        return nil
      }
    } catch { throw StoreError(error) }
    try StoreError.telling { () throws(SystemError) in try maps.keep(number, as: digest) }
    return maps.open(digest)
  }

  // MARK: Giving to entries

  /// Takes a complete content out, for the entry that it belongs to.
  func take(_ number: UInt64, size: UInt64, digest: Digest) throws(StoreError) -> Complete {
    guard let content = complete.removeValue(forKey: number), content.size == size, content.digest == digest else {
      throw .contradiction("an entry", "its content is not what was sent")
    }
    return content
  }

  /// Turns a patch that cannot be written in place into a whole file.
  func materialize(_ number: UInt64, _ ranges: PatchRanges) throws(StoreError) {
    _ = try replace(number, ranges) { (target, base) throws(SystemError) in
      try target.truncate(to: ranges.newSize)
      try ranges.copyKept(into: target, from: base)
      return true
    }
  }

  /// The same by a clone, which costs what the patch changes; false where the file system cannot.
  func clone(_ number: UInt64, _ ranges: PatchRanges) throws(StoreError) -> Bool {
    try replace(number, ranges) { (target, base) throws(SystemError) in try target.clone(base) }
  }

  /// Puts a file made from the base and patched in the place of the ranges alone; false where `make` could not.
  private func replace(
    _ number: UInt64, _ ranges: PatchRanges,
    _ make: (_ target: borrowing Descriptor, _ base: borrowing Descriptor) throws(SystemError) -> Bool
  ) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      let aside = StoreLayout.name("\(number).clone")
      try folder.unlinkIfPresent(aside)
      let target = try folder.open(aside, [.readingAndWriting, .exclusively])
      guard try make(target, try store.mirror.openRegular(at: ranges.path)) else {
        try folder.unlink(aside)
        return false
      }
      try ranges.write(from: try folder.open(StoreLayout.name(number)), into: target)
      try folder.rename(aside, into: folder, as: StoreLayout.name(number))
      try folder.unlinkIfPresent(PatchPieces.name(number))
      return true
    }
  }

  /// A content that cannot be had here after all: the master sends it whole.
  func miss(_ number: UInt64) { mismatched.insert(number) }

  /// Makes a symbolic link, or another link to a file of the mirror, a content of that number.
  func make(_ number: UInt64, _ body: (borrowing Folder, FileName) throws(SystemError) -> Void) throws(StoreError) {
    try claim(number)
    try StoreError.telling { () throws(SystemError) in try body(folder, StoreLayout.name(number)) }
  }

  /// Removes what no entry wants.
  func dropUnused() {
    for number in Array(complete.keys) + Array(resumable.keys) + Array(resumablePatches.keys) { remove(number) }
    complete = [:]
    resumable = [:]
    resumablePatches = [:]
  }

  func removeMap(_ digest: Digest) { maps.remove(digest) }
}
