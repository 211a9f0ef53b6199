import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem

/// The catalog that a cycle starts from: the master's copy where it is the slave's own, else what the slave sends.
struct BaseCatalog {
  let known: KnownPosition
  let catalog: Catalog

  /// - Parameter state: where copies are read from, and a new one is written to.
  static func find(
    _ welcome: Welcome, key: HashKey, record: MasterRecord?, state: any CatalogPlace, line: SlaveLine
  ) throws -> BaseCatalog {
    if welcome.position == .none { return BaseCatalog(known: .none, catalog: Catalog(segments: [], key: key)) }
    let copies = record.map { [$0.pending, $0.current].compactMap { $0 } } ?? []
    let isSameStore = record?.store == welcome.store && record?.key == key
    if isSameStore, let known = copies.first(where: { $0.position == welcome.position && !$0.segments.isEmpty }),
      let catalog = try? state.catalog(known, key: key)
    {
      return BaseCatalog(known: known, catalog: catalog)
    }
    let old = isSameStore ? copies.compactMap { try? state.catalog($0, key: key) }.first : nil
    return try fetch(welcome.position, key: key, stampsFrom: old, state: state, line: line)
  }

  /// Has the slave send its catalog. Stamps of the old copy stay good where the records are the same.
  static func fetch(
    _ position: Position, key: HashKey, stampsFrom old: Catalog?, state: any CatalogPlace, line: SlaveLine
  ) throws -> BaseCatalog {
    let place = try state.newSegment()
    var writer = try SegmentWriter(place.file(), key: key)
    var digest = CatalogDigest.empty
    var last: RelativePath?
    let stamps = try? old?.cursor()
    try line.send(.fetchCatalog)
    try line.flush()
    while true {
      switch try line.next() {
      case .catalog(let records):
        for record in records {
          if let last, !(last < record.path) {
            throw ProtocolError.malformed("its catalog is out of order", handshakeDone: true)
          }
          last = record.path
          digest.add(record.digest(key: key))
          guard digest.records <= position.catalog.records else {
            throw ProtocolError.malformed("its catalog holds more than it said", handshakeDone: true)
          }
          try writer.append(.present(record, stamp(for: record, stamps)))
        }
      case .catalogEnd:
        guard digest == position.catalog else {
          throw ProtocolError.malformed("the catalog that it sent is not the one that it has", handshakeDone: true)
        }
        try writer.end()
        let known = KnownPosition(position: position, segments: [place.name])
        return BaseCatalog(known: known, catalog: Catalog(segments: [try Segment(place.file(), key: key)], key: key))
      case let other: throw line.unexpected(other)
      }
    }
  }

  /// None where the old copy is damaged: the file is then read again.
  private static func stamp(for record: Record, _ old: MergedCursor?) -> Stamp? {
    guard let old, (try? old.seek(to: record.path)) != nil else { return nil }
    guard case .present(record, let stamp)? = old.current else { return nil }
    return stamp
  }
}

/// Where copies of catalogs are kept.
protocol CatalogPlace {
  func catalog(_ known: KnownPosition, key: HashKey) throws -> Catalog
  func newSegment() throws -> SegmentPlace
}

/// A new segment's file, which is written through one descriptor and read through another.
final class SegmentPlace {
  let name: FileName
  private let descriptor: Descriptor

  init(name: FileName, _ descriptor: consuming Descriptor) {
    self.name = name
    self.descriptor = descriptor
  }

  func file() throws(SystemError) -> Descriptor { try descriptor.duplicate() }
}
