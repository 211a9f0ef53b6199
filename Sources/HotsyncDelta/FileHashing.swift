public import HotsyncSystem

/// Files of this size and more have a digest map of their own, and can be patched in place.
public enum LargeFile {
  public static let minimum = UInt64(ContentDigest.nodeLength)
}

/// Turns a file's bytes, as they pass, into its content digest and, where wanted, its digest map in a file.
public struct MappingHasher: ~Copyable {
  let key: HashKey
  private var hasher: ContentHasher
  private var map: DigestMapWriter
  private let file: Descriptor?

  /// - Parameter file: open for writing, empty: where the map goes. None is made without.
  public init(key: HashKey, map file: consuming Descriptor? = nil) {
    self.key = key
    hasher = ContentHasher(key: key)
    map = DigestMapWriter(key: key)
    self.file = file
  }

  public var size: UInt64 { hasher.size }

  public mutating func update(_ bytes: ArraySlice<UInt8>) throws(DeltaError) {
    // SAFETY: bytes have no padding.
    try hasher.update(unsafe bytes.span.bytes) { (node) throws(DeltaError) in
      try MappingHasher.write(node, &map, file)
    }
  }

  public mutating func skipZeros(_ count: UInt64) throws(DeltaError) {
    try hasher.skipZeros(count) { (node) throws(DeltaError) in try MappingHasher.write(node, &map, file) }
  }

  /// Takes a node that was digested elsewhere; what came before it ended with a whole node.
  mutating func append(_ node: MapNode) throws(DeltaError) {
    try hasher.append(node) { (node) throws(DeltaError) in try MappingHasher.write(node, &map, file) }
  }

  /// The last call: the content digest; the map is written to its end.
  public mutating func finish() throws(DeltaError) -> Digest {
    let digest = try hasher.finish { (node) throws(DeltaError) in try MappingHasher.write(node, &map, file) }
    if file != nil { try map.finish { (bytes) throws(DeltaError) in try MappingHasher.append(bytes, file) } }
    return digest
  }

  private static func write(
    _ node: MapNode, _ map: inout DigestMapWriter, _ file: borrowing Descriptor?
  ) throws(DeltaError) {
    guard file != nil else { return }
    try map.append(node) { (bytes) throws(DeltaError) in try append(bytes, file) }
  }

  private static func append(_ bytes: [UInt8], _ file: borrowing Descriptor?) throws(DeltaError) {
    // Told apart from what fails in reading the file itself.
    do throws(SystemError) { try file?.write(bytes) } catch {
      throw DeltaError(
        .unwritable, error.operation, "a digest map", cause: error.cause, next: error.nextStep)
    }
  }
}

extension MappingHasher {
  /// Reads a file from `offset` to `end`: holes are skipped and not read.
  ///
  /// - Returns: false where the file ended before.
  public mutating func update(
    from file: borrowing Descriptor, _ range: Range<UInt64>, size: UInt64, buffer: inout [UInt8]
  ) throws(DeltaError) -> Bool {
    try readParts(
      of: file, range, size: size, buffer: &buffer, zeros: { (count) throws(DeltaError) in try skipZeros(count) },
      bytes: { (bytes) throws(DeltaError) in try update(bytes) })
  }
}

/// Reads a range of a file in order; holes are told and not read.
///
/// - Returns: false where the file ended before.
func readParts(
  of file: borrowing Descriptor, _ range: Range<UInt64>, size: UInt64, buffer: inout [UInt8],
  zeros: (UInt64) throws(DeltaError) -> Void, bytes: (ArraySlice<UInt8>) throws(DeltaError) -> Void
) throws(DeltaError) -> Bool {
  var position = range.lowerBound
  while position < range.upperBound {
    let data = try DeltaError.telling { () throws(SystemError) in try file.nextData(after: position, size: size) }
    let start = min(data?.lowerBound ?? range.upperBound, range.upperBound)
    if start > position { try zeros(start - position) }
    position = start
    let end = min(data?.upperBound ?? position, range.upperBound)
    while position < end {
      let wanted = Int(min(UInt64(buffer.count), end - position))
      let got = try DeltaError.telling { () throws(SystemError) in
        try file.read(into: &buffer, count: wanted, at: position)
      }
      if got == 0 { return false }
      try bytes(buffer[..<got])
      position += UInt64(got)
    }
  }
  return true
}

/// The content digest of an open file, and its map where `map` is given.
///
/// - Returns: nil where the file has not the size that was said.
public func contentDigest(
  of file: borrowing Descriptor, size: UInt64, key: HashKey, map: consuming Descriptor? = nil, buffer: inout [UInt8]
) throws(DeltaError) -> Digest? {
  var hasher = MappingHasher(key: key, map: map)
  guard try hasher.update(from: file, 0..<size, size: size, buffer: &buffer) else { return nil }
  return try hasher.finish()
}

/// Reads a map's file for `DigestMapReader` and those who take its source.
public final class MapFile: Sendable {
  private let file: Descriptor

  public init(_ file: consuming Descriptor) { self.file = file }

  public func source(_ count: Int) throws(DeltaError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try DeltaError.telling { () throws(SystemError) in try file.read(into: &bytes, count: count) }
    bytes.removeLast(count - got)
    return bytes
  }
}
