import HotsyncCatalog
import HotsyncSystem

/// Compares what history holds of one older generation with its catalog: every file that the next kept generation has not
/// any more must be there, with the bytes that its record tells.
final class HistoryVerification {
  private let pinned: PinnedGeneration
  private let next: PinnedGeneration
  private let changed: [Segment]
  private let level: HistoryLevel?
  private let copier: ContentCopier
  private let read: (_ bytes: UInt64) -> Void

  /// - Parameter next: the next younger generation that is kept.
  /// - Parameter read: told how many bytes of each file were read.
  init(
    _ pinned: PinnedGeneration, next: PinnedGeneration, _ copier: ContentCopier,
    read: @escaping (_ bytes: UInt64) -> Void
  ) throws(StoreError) {
    self.pinned = pinned
    self.copier = copier
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
    do throws(SystemError) {
      level = try HistoryLevel(pinned.generation.number, in: store.history, key: store.key)
    } catch {
      guard error.isMissing else { throw StoreError(error) }
      level = nil
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
    guard case .regular(let size, let digest) = record.content, after?.content != record.content else { return true }
    do throws(StoreError) {
      let undo: Undo?
      do throws(StoreError) { undo = try level?.undo(of: record.path) } catch {
        guard error.kind == .damaged else { throw error }
        return false
      }
      let file = try StoreError.telling { () throws(SystemError) in
        try level?.open(record.path, under: undo.map { [$0] } ?? [])
      }
      if let file {
        read(size)
        return try copier.isSound(file, size: size, digest: digest)
      }
      if let undo {
        read(undo.list.ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) })
        guard undo.list.size == size else { return false }
        return try StoreError.telling { () throws(SystemError) in try undo.isSound(copier) }
      }
      // It may have become another name of a file that is still in the mirror.
      return try pinned.hasSound(record, copier)
    } catch { throw CatalogError(error) }
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
