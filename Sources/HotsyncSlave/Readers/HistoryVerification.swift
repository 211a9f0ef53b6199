import HotsyncCatalog
import HotsyncSystem

/// Compares what history holds of one older generation with its catalog: every file that the next kept generation has not
/// any more must be there, with the bytes that its record tells.
final class HistoryVerification {
  private let pinned: PinnedGeneration
  private let next: PinnedGeneration
  private let changed: [Segment]
  private let readsAll: Bool
  /// This generation's, and those that a prune has taken off the list and not folded yet.
  private var levels: [HistoryLevel] = []
  private let copier: ContentCopier
  private let read: (_ bytes: UInt64) -> Void

  /// - Parameter next: the next younger generation that is kept.
  /// - Parameter readsAll: also of a file that was patched in place since all bytes are read, not only those that were saved.
  /// - Parameter read: told how many bytes of each file were read.
  init(
    _ pinned: PinnedGeneration, next: PinnedGeneration, readsAll: Bool, _ copier: ContentCopier,
    read: @escaping (_ bytes: UInt64) -> Void
  ) throws(StoreError) {
    self.pinned = pinned
    self.copier = copier
    self.readsAll = readsAll
    self.read = read
    let store = pinned.store
    self.next = next
    // What differs between two catalogs stands in a segment that not both of them have.
    let own = pinned.generation.segments.filter { !next.generation.segments.contains($0) }
    let later = next.generation.segments.filter { !pinned.generation.segments.contains($0) }
    do throws(CatalogError) {
      changed =
        try Catalog.open(own, in: store.catalogFolder, key: store.key).segments
        + Catalog.open(later, in: store.catalogFolder, key: store.key).segments
    } catch { throw StoreError(error) }
    let (first, end) = (pinned.generation.number, next.generation.number)
    let numbers = try StoreError.telling { () throws(SystemError) in try HistoryLevel.numbers(in: store.history) }
    for number in numbers where number >= first && number < end {
      do throws(SystemError) { levels.append(try HistoryLevel(number, in: store.history, key: store.key)) } catch {
        guard error.isMissing else { throw StoreError(error) }
      }
    }
  }

  /// The paths whose version is damaged or missing.
  func run() throws(StoreError) -> [RelativePath] {
    do throws(CatalogError) {
      var damaged: [RelativePath] = []
      let changes = try MergedCursor(changed, keepsRemovals: true)
      let old = try pinned.catalog.cursor()
      let new = try next.catalog.cursor()
      while let path = changes.current?.path {
        try old.seek(to: path)
        try new.seek(to: path)
        if let record = old.current?.record, record.path == path {
          let after = new.current?.record
          if try !isSound(record, after: after?.path == path ? after : nil) { damaged.append(path) }
        }
        try changes.advance()
      }
      return damaged
    } catch { throw StoreError(error) }
  }

  private func isSound(_ record: Record, after: Record?) throws(CatalogError) -> Bool {
    guard case .regular(let size, _) = record.content else { return true }
    do throws(StoreError) {
      let path = record.path
      let isDisplaced = try isDisplaced(path)
      let patched = levels.filter { $0.hasUndo(of: path) }
      if !isDisplaced, patched.isEmpty {
        // The next generation has it, or it has become another name of a file that is still in the mirror.
        if after?.content == record.content { return true }
        return try pinned.hasSound(record, copier)
      }
      if readsAll || isDisplaced {
        read(size)
        return try pinned.hasSound(record, copier)
      }
      for level in patched where try !isSound(level, path) { return false }
      return true
    } catch { throw CatalogError(error) }
  }

  private func isDisplaced(_ path: RelativePath) throws(StoreError) -> Bool {
    try StoreError.telling { () throws(SystemError) in
      for level in levels where try level.status(path) != nil { return true }
      return false
    }
  }

  /// Whether what was saved of a file is what was saved.
  private func isSound(_ level: HistoryLevel, _ path: RelativePath) throws(StoreError) -> Bool {
    do throws(StoreError) {
      guard let undo = try level.undo(of: path) else { return true }
      read(undo.list.ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) })
      return try StoreError.telling { () throws(SystemError) in try undo.isSound(copier) }
    } catch {
      guard error.kind == .damaged else { throw error }
      return false
    }
  }
}

extension PinnedGeneration {
  /// Whether the content of a record can be read and is what was stored.
  func hasSound(_ record: Record, _ copier: ContentCopier) throws(StoreError) -> Bool {
    guard case .regular(let size, let digest) = record.content else { return true }
    return try withContent(at: record.path) { (file) throws(StoreError) in
      try copier.isSound(file, size: size, digest: digest)
    }
  }

  /// Holds the catalog against the digest that was committed, and every block of it against its own.
  func checkCatalog() throws(StoreError) {
    var digest = CatalogDigest.empty
    do throws(CatalogError) {
      let cursor = try catalog.cursor()
      while let record = cursor.current?.record {
        digest.add(record.digest(key: store.key))
        try cursor.advance()
      }
    } catch { throw StoreError(error) }
    guard digest == generation.catalog else {
      throw .damaged("the catalog of generation \(generation.number)", "it is not the one that was committed")
    }
  }
}
