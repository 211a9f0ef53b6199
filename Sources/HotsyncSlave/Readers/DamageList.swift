import HotsyncCatalog
import HotsyncSystem

/// The file `damaged` in a store: what the last verifications found, for the cycle that will mend the mirror, and for the operator.
struct DamageList: Equatable {
  /// A version of a file that an older generation has lost.
  struct Loss: Hashable, Comparable {
    let path: RelativePath
    let generation: UInt64

    static func < (one: Loss, other: Loss) -> Bool {
      one.path == other.path ? one.generation < other.generation : one.path < other.path
    }
  }

  /// Entries of the mirror that are not what the newest catalog tells.
  var mirror: Set<RelativePath> = []
  var lost: Set<Loss> = []

  private static let name = StoreLayout.name("damaged")
  private static let magic = Array("HSDAMAG2".utf8)
  private static let limit = 256 << 20
  private static let most = 1_000_000

  // MARK: Changing

  /// Adds what a verification found; a full one is all that is known.
  static func note(mirror: [Damage], all: [Damage], isFull: Bool, in store: Store) throws(StoreError) {
    // A list that cannot be read is replaced by what is known now.
    var list = isFull ? DamageList() : try readIfSound(store)
    list.mirror.formUnion(mirror.map(\.path))
    list.lost.formUnion(
      all.dropFirst(mirror.count).map { Loss(path: $0.path, generation: $0.generation) })
    let listed = Set(try store.generations().all.map(\.number))
    list.lost = list.lost.filter { listed.contains($0.generation) }
    try list.save(in: store)
  }

  /// Takes out what came again with a cycle.
  ///
  /// - Parameters:
  ///   - displaced: what went into history as it was, and is lost to that generation.
  static func remove(
    _ mended: Set<RelativePath>, losing displaced: Set<RelativePath> = [], of generation: UInt64 = 0, in store: Store
  ) throws(StoreError) {
    guard !mended.isEmpty else { return }
    var list = try readIfSound(store)
    list.mirror.subtract(mended)
    list.lost.formUnion(displaced.map { Loss(path: $0, generation: generation) })
    try list.save(in: store)
  }

  /// Puts in what a commit found missing.
  static func add(_ damaged: Set<RelativePath>, in store: Store) throws(StoreError) {
    guard !damaged.isEmpty else { return }
    var list = try readIfSound(store)
    list.mirror.formUnion(damaged)
    try list.save(in: store)
  }

  // MARK: The file

  private func save(in store: Store) throws(StoreError) {
    try StoreError.telling { () throws(SystemError) in
      guard self != DamageList() else { return try store.top.unlinkIfPresent(DamageList.name) }
      var writer = ByteWriter()
      writer.raw(DamageList.magic)
      let listed = mirror.sorted().prefix(DamageList.most)
      writer.integer(UInt64(listed.count))
      for path in listed { writer.data(path.bytes) }
      let losses = lost.sorted().prefix(DamageList.most)
      writer.integer(UInt64(losses.count))
      for loss in losses {
        writer.data(loss.path.bytes)
        writer.integer(loss.generation)
      }
      try store.top.replace(DamageList.name, with: SealedBytes.seal(writer, key: store.key))
    }
  }

  /// What is known, and nothing where the list cannot be used: the next verification makes it anew.
  static func readIfSound(_ store: Store) throws(StoreError) -> DamageList {
    do throws(StoreError) { return try read(store) } catch {
      guard error.kind == .damaged else { throw error }
      return DamageList()
    }
  }

  static func read(_ store: Store) throws(StoreError) -> DamageList {
    let bytes = try StoreError.telling { () throws(SystemError) in try store.top.content(of: name, limit: limit) }
    guard let bytes else { return DamageList() }
    guard let body = SealedBytes.open(bytes, key: store.key) else {
      throw .damaged("the list of damaged files", "it is cut short or altered")
    }
    var reader = ByteReader(body)
    var list = DamageList()
    do throws(Malformed) {
      guard Array(try reader.raw(magic.count)) == magic else { throw Malformed("another format") }
      for _ in 0..<(try reader.count(atMost: most)) { list.mirror.insert(try reader.path()) }
      for _ in 0..<(try reader.count(atMost: most)) {
        list.lost.insert(Loss(path: try reader.path(), generation: try reader.integer()))
      }
      try reader.end()
    } catch { throw .damaged("the list of damaged files", error.reason) }
    return list
  }
}
