import HotsyncCatalog
import HotsyncDelta
public import HotsyncSystem

/// Asks for the chunks of a stretch of the slave's file.
public struct ChunkRequest: Hashable, Sendable {
  public let id: UInt64
  public let base: RelativePath
  /// At most `Limits.deltaWindow` bytes.
  public let stretch: Stretch

  public init(id: UInt64, base: RelativePath, stretch: Stretch) {
    self.id = id
    self.base = base
    self.stretch = stretch
  }

  func encode(to writer: inout ByteWriter) {
    writer.integer(id)
    writer.data(base.bytes)
    stretch.encode(to: &writer)
  }

  init(from reader: inout ByteReader) throws(Malformed) {
    id = try reader.integer()
    base = try reader.path()
    stretch = try Stretch(from: &reader)
    guard stretch.length <= Limits.deltaWindow else { throw Malformed("chunks of too long a stretch") }
  }
}

extension Chunk {
  /// The length less one, then the digest.
  static let encodedLength = 10

  func encode(to writer: inout ByteWriter) {
    let less = UInt16(length - 1)
    writer.byte(UInt8(truncatingIfNeeded: less))
    writer.byte(UInt8(truncatingIfNeeded: less >> 8))
    for shift in stride(from: UInt64(0), to: 64, by: 8) { writer.byte(UInt8(truncatingIfNeeded: digest >> shift)) }
  }

  /// All chunks to the end of the payload, one at least.
  static func list(from reader: inout ByteReader) throws(Malformed) -> [Chunk] {
    let bytes = try reader.raw(reader.rest.count)
    guard !bytes.isEmpty, bytes.count.isMultiple(of: encodedLength) else { throw Malformed("half a chunk") }
    var chunks: [Chunk] = []
    chunks.reserveCapacity(bytes.count / encodedLength)
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: encodedLength) {
      let length = 1 + Int(bytes[start]) + Int(bytes[start + 1]) << 8
      guard length <= ChunkCutter.maximum else { throw Malformed("a chunk that is too long") }
      var digest: UInt64 = 0
      for index in (2..<encodedLength).reversed() { digest = digest << 8 | UInt64(bytes[start + index]) }
      chunks.append(Chunk(length: length, digest: digest))
    }
    return chunks
  }
}
