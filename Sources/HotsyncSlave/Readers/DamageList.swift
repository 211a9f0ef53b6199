import HotsyncCatalog
import HotsyncSystem

/// The file `damaged` in a store: what the last verifications found, for the cycle that will mend it.
enum DamageList {
  static let name = StoreLayout.name("damaged")
  private static let magic = Array("HSDAMAG1".utf8)
  private static let limit = 256 << 20
  private static let most = 1_000_000

  /// Adds what was found; a full verification is all that is known.
  static func write(_ damaged: [Damage], isFull: Bool, in store: Store) throws(StoreError) {
    var paths = Set(damaged.map(\.path))
    // A list that cannot be read is replaced by what is known now.
    if !isFull { paths.formUnion((try? read(store)) ?? []) }
    try save(paths, in: store)
  }

  /// Takes out what came again with a cycle.
  static func remove(_ mended: Set<RelativePath>, in store: Store) throws(StoreError) {
    guard !mended.isEmpty else { return }
    try save(Set(try read(store)).subtracting(mended), in: store)
  }

  /// Puts in what a commit found missing.
  static func add(_ damaged: Set<RelativePath>, in store: Store) throws(StoreError) {
    guard !damaged.isEmpty else { return }
    try save(damaged.union((try? read(store)) ?? []), in: store)
  }

  private static func save(_ paths: Set<RelativePath>, in store: Store) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      guard !paths.isEmpty else {
        if try store.top.statusIfPresent(name) != nil { try store.top.unlink(name) }
        return
      }
      var writer = ByteWriter()
      writer.raw(magic)
      let listed = paths.sorted().prefix(most)
      writer.integer(UInt64(listed.count))
      for path in listed { writer.data(path.bytes) }
      writer.digest(store.key.digest(of: writer.bytes))
      try store.top.replace(name, with: writer.bytes)
    }
  }

  static func read(_ store: Store) throws(StoreError) -> [RelativePath] {
    let bytes = try StoreError.telling { () throws(SystemError) in try store.top.content(of: name, limit: limit) }
    guard let bytes else { return [] }
    let body = bytes.dropLast(Digest.byteCount)
    guard bytes.count > Digest.byteCount, store.key.digest(of: body) == Digest(bytes: bytes.suffix(Digest.byteCount))
    else {
      throw .damaged("the list of damaged files", "it is cut short or altered")
    }
    var reader = ByteReader(body)
    var paths: [RelativePath] = []
    do throws(Malformed) {
      guard Array(try reader.raw(magic.count)) == magic else { throw Malformed("another format") }
      for _ in 0..<(try reader.count(atMost: most)) { paths.append(try reader.path()) }
      try reader.end()
    } catch { throw .damaged("the list of damaged files", error.reason) }
    return paths
  }
}
