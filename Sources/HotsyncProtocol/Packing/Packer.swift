import CZstd
import HotsyncCatalog

/// Whether what is sent is packed with zstd.
public enum Packing: Sendable {
  case never
  /// Where that makes it smaller: what is packed already is noticed, and tried more and more seldom.
  case auto
  /// Every batch is tried.
  case always
}

/// A packed frame (docs/protocol.md, "Packed frames"): the length of what it holds, then one zstd frame of whole frames.
enum PackedFrame {
  static let type: UInt8 = 127
}

/// What packed frames may become, as both sides count it: a few bytes must not make the other side work for ever.
struct Expansion: Sendable {
  private var unpacked: UInt64 = 0

  /// Takes `count` bytes out of a packed frame; false where that is too much.
  ///
  /// - Parameter streamed: the stream's bytes so far, with this frame.
  mutating func take(_ count: Int, streamed: UInt64) -> Bool {
    let (product, isOver) = streamed.multipliedReportingOverflow(by: Limits.expansion)
    let (allowed, isEndless) = product.addingReportingOverflow(Limits.freeExpansion)
    let after = unpacked + UInt64(count)
    guard isOver || isEndless || after <= allowed else { return false }
    unpacked = after
    return true
  }
}

/// Makes packed frames of batches of frames. Owns its zstd context.
@safe
public struct Packer: ~Copyable {
  private let packing: Packing
  private let context: OpaquePointer?
  private var expansion = Expansion()
  /// How many batches are not tried from here on, and how many after the next failure.
  private var skipped = 0
  private var nextSkipped = 1

  /// Less than this is not worth the header.
  static let minimum = 200
  /// The longest run of batches that are not tried.
  static let longestSkip = 32

  public init(_ packing: Packing) {
    self.packing = packing
    guard packing != .never else {
      // SAFETY: nothing to own.
      unsafe context = nil
      return
    }
    // SAFETY: a new context, owned from here on and freed in deinit.
    guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("no memory for zstd") }
    // Level 1 keeps up with the line; more costs more time than it saves bytes. For batches of this size it looks for matches of 7 bytes
    // and more: those of 5, in a table that is twice as large, make text a tenth smaller, which takes as much less to encrypt.
    // SAFETY: the context is ours.
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 5)
    _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, 16)
    unsafe self.context = unsafe context
  }

  // SAFETY: ours alone; zstd takes nil too.
  deinit { _ = unsafe ZSTD_freeCCtx(context) }

  public var isOn: Bool { packing != .never }

  /// The batch as one packed frame; nil where it is to go as it is.
  ///
  /// - Parameters:
  ///   - frames: whole frames, at most `Limits.unpacked` bytes.
  ///   - sent: the stream's bytes before it.
  public mutating func pack(_ frames: [UInt8], after sent: UInt64) -> [UInt8]? {
    guard isOn, frames.count >= Packer.minimum, frames.count <= Limits.unpacked else { return nil }
    guard packing == .always || skipped == 0 else {
      skipped -= 1
      return nil
    }
    guard let frame = compress(frames) else {
      if packing == .auto {
        skipped = nextSkipped
        nextSkipped = min(nextSkipped * 2, Packer.longestSkip)
      }
      return nil
    }
    nextSkipped = 1
    return expansion.take(frames.count, streamed: sent + UInt64(frame.count)) ? frame : nil
  }

  /// Nil where that is not smaller, by a tenth at least unless every batch is to be packed.
  private func compress(_ frames: [UInt8]) -> [UInt8]? {
    var head = ByteWriter(reserving: 8)
    head.integer(UInt64(frames.count))
    let start = Frame.headerLength + 1 + head.count
    let worthwhile = packing == .always ? frames.count - 1 : frames.count / 10 * 9
    let room = min(worthwhile, Limits.frame + Frame.headerLength) - start
    // SAFETY: the context lives until deinit. zstd writes at most `room` bytes behind `start` and says how many; those
    // before it are written below, so all that is counted is initialised. It keeps neither buffer.
    guard let context = unsafe context, room > 0 else { return nil }
    let packed = unsafe [UInt8](unsafeUninitializedCapacity: start + room) { buffer, filled in
      let count = unsafe frames.withUnsafeBytes { frames in
        unsafe ZSTD_compress2(context, buffer.baseAddress! + start, room, frames.baseAddress, frames.count)
      }
      guard ZSTD_isError(count) == 0 else { return }
      let length = UInt32(1 + head.count + count)
      for index in 0..<4 { unsafe buffer[index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
      unsafe buffer[Frame.headerLength] = PackedFrame.type
      for (index, byte) in head.bytes.enumerated() { unsafe buffer[Frame.headerLength + 1 + index] = byte }
      filled = start + count
    }
    return packed.isEmpty ? nil : packed
  }
}
