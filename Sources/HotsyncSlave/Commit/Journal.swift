import HotsyncCatalog
import HotsyncSystem

/// The commit that is being carried out. Its appearance under its name is the commit point: before it the store is in the old
/// generation, from then on in the new one, whatever happens. The operations themselves stand in `incoming/changes` and
/// `incoming/actions`, which were flushed before (docs/store-format.md, "Journal and commit").
struct Journal: Equatable {
  let generation: Generation
  /// The generation before; 0 where there is none.
  let previous: UInt64
  /// Of the bytes of `incoming/actions`.
  let actions: Digest

  private static let magic = Array("HSJOURN1".utf8)
  static let limit = 1 << 20

  func encode(key: HashKey) -> [UInt8] {
    var writer = ByteWriter()
    writer.raw(Journal.magic)
    writer.data(GenerationList(all: [generation]).encode(key: key))
    writer.integer(previous)
    writer.digest(actions)
    return SealedBytes.seal(writer, key: key)
  }

  static func parse(_ bytes: [UInt8], key: HashKey) throws(StoreError) -> Journal {
    guard let body = SealedBytes.open(bytes, key: key) else {
      throw .damaged("the journal", "it is cut short or altered")
    }
    let (line, previous, actions) = try fields(body)
    guard let generation = try GenerationList.parse(line, key: key).newest else {
      throw .damaged("the journal", "it names no generation")
    }
    return Journal(generation: generation, previous: previous, actions: actions)
  }

  private static func fields(_ body: ArraySlice<UInt8>) throws(StoreError) -> ([UInt8], UInt64, Digest) {
    var reader = ByteReader(body)
    do throws(Malformed) {
      guard Array(try reader.raw(magic.count)) == magic else { throw Malformed("another format") }
      let line = Array(try reader.data(atMost: limit))
      let previous = try reader.integer()
      let actions = try reader.digest()
      try reader.end()
      return (line, previous, actions)
    } catch { throw .damaged("the journal", error.reason) }
  }
}
