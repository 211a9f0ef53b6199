import HotsyncCatalog
import HotsyncSystem

/// Small binary files of a store: what they hold, then the digest of it.
enum SealedBytes {
  static func seal(_ writer: consuming ByteWriter, key: HashKey) -> [UInt8] {
    writer.digest(key.digest(of: writer.bytes))
    return writer.bytes
  }

  /// What stands before the digest; nil where it is cut short or altered.
  static func open(_ bytes: [UInt8], key: HashKey) -> ArraySlice<UInt8>? {
    let body = bytes.dropLast(Digest.byteCount)
    guard bytes.count > Digest.byteCount, key.digest(of: body) == Digest(bytes: bytes.suffix(Digest.byteCount)) else {
      return nil
    }
    return body
  }
}
