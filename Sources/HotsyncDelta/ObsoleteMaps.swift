public import HotsyncSystem

/// The digest maps that go with a cycle: those of contents that lose a path in it and gain none. A file that only got
/// another name, owner or time keeps its map.
///
/// A map is a cache: where another file that did not change has the same content, its next patch costs more, no more.
public struct ObsoleteMaps {
  private var lost: Set<Digest> = []
  private var gained: Set<Digest> = []

  public init() {}

  /// - Parameter size: of the file; small ones have no map.
  public mutating func lose(_ digest: Digest, size: UInt64) {
    if size >= LargeFile.minimum { lost.insert(digest) }
  }

  public mutating func gain(_ digest: Digest, size: UInt64) {
    if size >= LargeFile.minimum { gained.insert(digest) }
  }

  public var digests: [Digest] { Array(lost.subtracting(gained)) }
}
