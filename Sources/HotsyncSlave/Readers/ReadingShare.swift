import HotsyncCatalog
import HotsyncSystem

/// Which files a verification reads: as many bytes of the generation as its share says, from where the last one ended. The
/// place is kept in the store, so that runs with a share of 2% have read everything after fifty.
struct ReadingShare {
  private static let name = StoreLayout.name("verified-to")

  private let store: Store
  private let readsAll: Bool
  /// Read only what comes after it; nil from the start.
  private let start: RelativePath?
  private var bytesLeft: UInt64
  private var last: RelativePath?
  private var isUsedUp = false

  init(_ pinned: PinnedGeneration, share: Double) throws(StoreError) {
    store = pinned.store
    readsAll = share >= 1
    // At least one file is read however small the share is.
    bytesLeft = max(1, UInt64(Double(pinned.generation.bytes) * share))
    let bytes = try StoreError.telling { () throws(SystemError) in
      try pinned.store.top.content(of: ReadingShare.name, limit: RelativePath.maximumLength)
    }
    start = bytes.flatMap { RelativePath($0) }
  }

  mutating func isDue(_ path: RelativePath, size: UInt64) throws(StoreError) -> Bool {
    if readsAll { return true }
    if isUsedUp { return false }
    if let start, !(start < path) { return false }
    last = path
    bytesLeft -= min(bytesLeft, size)
    isUsedUp = bytesLeft == 0
    return true
  }

  /// Keeps the place for the next run, which begins anew where this one came to the end.
  func note() throws(StoreError) {
    guard !readsAll else { return }
    try StoreError.telling { () throws(SystemError) in
      try store.top.replace(ReadingShare.name, with: isUsedUp ? last?.bytes ?? [] : [])
    }
  }
}
