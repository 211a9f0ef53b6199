public import HotsyncSystem

/// A piece of a file whose ends depend on the bytes around them alone, so that it is the same piece wherever it stands.
public struct Chunk: Hashable, Sendable {
  /// Bytes of it: 1 to `ChunkCutter.maximum`.
  public let length: Int
  /// The lower half of the keyed digest of its bytes. Whoever is wrong about one in 2⁶⁴ finds it out by the content's digest.
  public let digest: UInt64

  public init(length: Int, digest: UInt64) {
    self.length = length
    self.digest = digest
  }
}

/// Cuts data into chunks by its content, at memory speed: a gear hash, as in FastCDC (Xia et al., USENIX ATC 2016), with a
/// harder condition below the usual length and an easier one above it. The gear's table comes from the store's key, so that
/// nobody who writes a file can choose where it is cut.
public struct ChunkCutter: Sendable {
  public static let minimum = 256
  public static let maximum = 8_192
  /// Chunks are a little longer than this on average.
  public static let usual = 1_024

  private static let hardMask: UInt64 = 0xFFF0_0000_0000_0000
  private static let easyMask: UInt64 = 0xFF00_0000_0000_0000

  private let key: HashKey
  private let gear: [UInt64]

  public init(key: HashKey) {
    self.key = key
    gear = (0..<256).map { key.digest(of: Array("hotsync gear".utf8) + [UInt8($0)]).low }
  }

  /// Hands out the chunks of `bytes` in order until `body` says that it has enough.
  ///
  /// - Parameter isLast: whether the data ends with these bytes; else the last of them may be the beginning of a chunk.
  /// - Returns: how many bytes were handed out.
  public func cut<E: Error>(
    _ bytes: ArraySlice<UInt8>, isLast: Bool, _ body: (Range<Int>, Chunk) throws(E) -> Bool
  ) throws(E) -> Int {
    // SAFETY: bytes have no padding.
    let span = unsafe bytes.span.bytes
    var start = 0
    while start < span.byteCount {
      let rest = span.extracting(start..<min(span.byteCount, start + ChunkCutter.maximum))
      let length = firstLength(rest)
      guard isLast || length < rest.byteCount || length == ChunkCutter.maximum else { break }
      let digest = key.digest(of: rest.extracting(0..<length)).low
      let range = (bytes.startIndex + start)..<(bytes.startIndex + start + length)
      start += length
      guard try body(range, Chunk(length: length, digest: digest)) else { break }
    }
    return start
  }

  /// Where the chunk ends that begins with these bytes, at most `maximum` of them; all of them where no end is found.
  private func firstLength(_ bytes: RawSpan) -> Int {
    // SAFETY: both buffers are read inside the call only, below their counts: a byte is an index of 256 numbers.
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe gear.withUnsafeBufferPointer { gear in
        guard let data = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
          let gear = gear.baseAddress
        else { return 0 }
        let count = bytes.count
        var hash: UInt64 = 0
        var index = min(ChunkCutter.minimum, count)
        let turn = min(ChunkCutter.usual, count)
        while index < turn {
          hash = unsafe (hash &<< 1) &+ gear[Int(data[index])]
          index &+= 1
          if hash & ChunkCutter.hardMask == 0 { return index }
        }
        while index < count {
          // SAFETY: as above.
          hash = unsafe (hash &<< 1) &+ gear[Int(data[index])]
          index &+= 1
          if hash & ChunkCutter.easyMask == 0 { return index }
        }
        return count
      }
    }
  }
}
