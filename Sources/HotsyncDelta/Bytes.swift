import HotsyncSystem

// How digests and numbers stand in byte arrays, without an allocation each: a file of 4 GiB has a million leaves.

extension Array where Element == UInt8 {
  /// The digest's 16 bytes, most significant first.
  mutating func append(_ digest: Digest) {
    // SAFETY: two integers side by side have no padding, and their bytes are read inside the call only.
    unsafe Swift.withUnsafeBytes(of: (digest.high.bigEndian, digest.low.bigEndian)) {
      unsafe append(contentsOf: $0)
    }
  }

  mutating func append(littleEndian value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func append(littleEndian value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func append(_ bytes: RawSpan) {
    // SAFETY: read inside the call only.
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }

  /// The digest whose 16 bytes begin at `offset`; the caller has made sure that they are there.
  func digest(at offset: Int) -> Digest {
    // SAFETY: bytes have no padding, and the slice below checks the bounds.
    let bytes = unsafe span.bytes.extracting(offset..<offset + Digest.byteCount)
    // SAFETY: any eight bytes are an integer, and sixteen are there.
    return unsafe Digest(
      high: UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      low: UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  /// The number of `count` bytes, at most eight, little endian, that begins at `offset`.
  func littleEndian(at offset: Int, count: Int) -> UInt64 {
    self[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The number of `count` bytes, at most eight, big endian, that begins at `offset`.
  func bigEndian(at offset: Int, count: Int) -> UInt64 {
    self[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
