import CZstd
import HotsyncCatalog
import Synchronization

/// Takes packed frames apart. zstd is given only what was bounded before: one frame of its plain format whose header says
/// exactly how long its content is, in a buffer of that length.
final class Unpacker: Sendable {
  private let context = Mutex(DecompressionContext())

  /// What the payload of a packed frame holds.
  ///
  /// - Parameter allows: asked with the length of that before anything is unpacked.
  func unpack(_ payload: ArraySlice<UInt8>, allows: (Int) -> Bool) throws(Malformed) -> [UInt8] {
    var reader = ByteReader(payload)
    let length = Int(try reader.integer(atMost: UInt64(Limits.unpacked)))
    guard length > 0 else { throw Malformed("it holds nothing") }
    try ZstdHeader(reader.rest).check(length: length)
    guard allows(length) else { throw Malformed("it makes too much of too few bytes") }
    let packed = reader.rest
    return try context.withLock { (context) throws(Malformed) in try context.unpack(packed, length: length) }
  }
}

/// The one owner of a zstd context for decompression.
@safe
private struct DecompressionContext: ~Copyable {
  private let context: OpaquePointer

  init() {
    // SAFETY: a new context, owned from here on and freed in deinit.
    guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("no memory for zstd") }
    unsafe self.context = unsafe context
  }

  // SAFETY: ours alone.
  deinit { _ = unsafe ZSTD_freeDCtx(context) }

  func unpack(_ packed: ArraySlice<UInt8>, length: Int) throws(Malformed) -> [UInt8] {
    var isWhole = false
    // SAFETY: zstd writes at most `length` bytes into as much room and says how many; it keeps neither buffer.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      unsafe packed.withUnsafeBytes { packed in
        // zstd would go on with a frame behind the first.
        guard unsafe ZSTD_findFrameCompressedSize(packed.baseAddress, packed.count) == packed.count else { return }
        let count = unsafe ZSTD_decompressDCtx(context, buffer.baseAddress, length, packed.baseAddress, packed.count)
        guard ZSTD_isError(count) == 0 else { return }
        filled = min(count, length)
        isWhole = count == length
      }
    }
    guard isWhole else { throw Malformed("what was packed is damaged, cut or followed by something else") }
    return bytes
  }
}

/// The header of a zstd frame (RFC 8878, 3.1.1).
struct ZstdHeader {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  /// - Throws: for any header but one of a frame without a dictionary, whose window is within the limit and which says
  ///   that it holds `length` bytes.
  func check(length: Int) throws(Malformed) {
    var reader = ByteReader(bytes)
    guard Array(try reader.raw(4)) == ZstdHeader.magic else { throw Malformed("what was packed is no zstd frame") }
    let descriptor = try reader.byte()
    let isSingleSegment = descriptor & 0x20 != 0
    guard descriptor & 0x1B == 0 else { throw Malformed("a zstd frame with a dictionary, or of another version") }
    if !isSingleSegment {
      let window = try reader.byte()
      let base = UInt64(1) << (10 + UInt64(window >> 3))
      guard base + base / 8 * UInt64(window & 7) <= Limits.unpackingWindow else {
        throw Malformed("a zstd frame with too large a window")
      }
    }
    let width = [isSingleSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
    guard width > 0 else { throw Malformed("a zstd frame that does not say how much it holds") }
    var size: UInt64 = 0
    for (index, byte) in try reader.raw(width).enumerated() { size |= UInt64(byte) << (8 * UInt64(index)) }
    if width == 2 { size += 256 }
    guard size == UInt64(length) else {
      throw Malformed("a zstd frame that holds another number of bytes than was said")
    }
  }
}
