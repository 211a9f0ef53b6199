import HotsyncCatalog
import HotsyncDelta
import HotsyncSystem

/// Where the maps of large files are kept from one cycle to the next.
protocol MapPlace {
  func map(of digest: Digest) -> MapFile?
  /// A file for a new map, to which `keepMap` gives its name; nil where none is kept.
  func newMap() throws -> Descriptor?
  func keepMap(as digest: Digest) throws
  func openNewMap() -> MapFile?
}

/// For a seeding, which no cycle of the same files ever follows here.
struct NoMaps: MapPlace {
  func map(of digest: Digest) -> MapFile? { nil }
  func newMap() -> Descriptor? { nil }
  func keepMap(as digest: Digest) {}
  func openNewMap() -> MapFile? { nil }
}
