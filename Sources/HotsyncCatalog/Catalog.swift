public import HotsyncSystem

/// A state of a tree, as a list of segments: a base and what changed since.
public struct Catalog: Sendable {
  /// Newest first.
  public let segments: [Segment]
  public let key: HashKey

  public init(segments: [Segment], key: HashKey) {
    self.segments = segments
    self.key = key
  }

  /// What the catalog holds at one path.
  public func record(at path: RelativePath) throws(CatalogError) -> Record? {
    for segment in segments {
      if let entry = try segment.entry(at: path) { return entry.record }
    }
    return nil
  }

  public func cursor() throws(CatalogError) -> MergedCursor { try MergedCursor(segments) }

  /// Opens the segments of a list of names, oldest first as they are written down.
  public static func open(
    _ names: [FileName], in folder: borrowing Folder, key: HashKey
  ) throws(CatalogError) -> Catalog {
    var segments: [Segment] = []
    for name in names.reversed() {
      let file: Descriptor
      do throws(SystemError) { file = try folder.open(name) } catch {
        throw .damaged("its segment \(name) cannot be opened: \(error.cause)")
      }
      segments.append(try Segment(file, key: key))
    }
    return Catalog(segments: segments, key: key)
  }
}

/// How many of the newest segments a new one takes into itself, so that there are few of them and a cycle writes
/// little more than what changed.
public enum SegmentFolding {
  /// A cycle with a small change may rewrite that much beside it.
  public static let cheap: UInt64 = 384 << 10
  /// With that many segments the newer half is folded, whatever it costs: never the base for a small change's sake.
  public static let most = 32

  /// - Parameter lengths: of the segments so far in bytes, newest first.
  /// - Returns: how many of the newest to fold in.
  public static func count(new: UInt64, lengths: [UInt64]) -> Int {
    let forced = lengths.count >= most ? lengths.count / 2 : 0
    let budget = forced > 0 || new > UInt64.max / 4 ? UInt64.max : max(cheap, new * 4)
    var total = new
    var count = 0
    for length in lengths {
      let (sum, overflow) = total.addingReportingOverflow(length)
      // Like sizes are folded together, so that each byte is rewritten a logarithmic number of times.
      let isAlike = length / 2 <= total || sum <= cheap / 4
      guard !overflow, count < forced || isAlike, sum <= budget else { break }
      total = sum
      count += 1
    }
    return count
  }
}

extension SegmentWriter {
  /// `finish`, telling its failure as a catalog's.
  public consuming func end() throws(CatalogError) {
    do throws(SystemError) { _ = try finish() } catch { throw CatalogError(error) }
  }

  /// Writes everything that the cursor still gives.
  public mutating func append(all cursor: MergedCursor) throws(CatalogError) {
    while let entry = cursor.current {
      try CatalogError.telling { () throws(SystemError) in try append(entry) }
      try cursor.advance()
    }
  }
}
