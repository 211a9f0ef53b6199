import CLibrsync
public import HotsyncSystem

/// Applies a librsync delta that comes in pieces to a base that is read in places.
///
/// What it makes has the announced size, and comes from the base or the delta; that it is the right file is for the
/// caller to see, by a `ContentHasher` over the output.
@safe
public struct PatchJob: ~Copyable {
  /// Reads exactly `length` bytes of the base from `offset` on; both lie within the base.
  public typealias BaseReader = (_ offset: UInt64, _ length: Int) throws(DeltaError) -> [UInt8]

  private var job: LibrsyncJob
  private var validator: DeltaValidator
  // librsync keeps a pointer to it and no reference, so it lives as long as the job.
  private let base: PatchBase
  private let outputSize: UInt64
  private var produced: UInt64 = 0

  /// - Parameters:
  ///   - baseSize: bytes of the base; no COPY may go beyond it.
  ///   - outputSize: bytes that were announced; the delta must make exactly these.
  public init(baseSize: UInt64, outputSize: UInt64) throws(DeltaError) {
    guard baseSize <= UInt64(Int64.max), outputSize <= UInt64(Int64.max) else {
      throw .damagedDelta("a file of 2⁶³ bytes or more is announced")
    }
    let base = PatchBase(size: baseSize)
    // SAFETY: the context is kept beside the job, and used only inside `push`.
    job = try unsafe LibrsyncJob("a librsync delta") {
      unsafe rs_patch_begin(readBase, Unmanaged.passUnretained(base).toOpaque())
    }
    self.base = base
    self.outputSize = outputSize
    validator = DeltaValidator(baseSize: baseSize, outputSize: outputSize)
  }

  /// - Throws: `damaged` where the delta is, before librsync sees the piece; what the closures throw.
  public mutating func update(
    _ delta: RawSpan, base read: BaseReader, into output: DeltaOutput
  ) throws(DeltaError) {
    try validator.check(delta)
    try push(delta, isLast: false, read, output)
  }

  public mutating func update(
    _ delta: [UInt8], base read: BaseReader, into output: DeltaOutput
  ) throws(DeltaError) {
    // SAFETY: bytes have no padding.
    try update(unsafe delta.span.bytes, base: read, into: output)
  }

  /// Says that the delta is at its end, and hands out the rest. The last call.
  ///
  /// - Throws: `damaged` where the delta is not at its end, or made less than announced.
  public mutating func finish(base read: BaseReader, into output: DeltaOutput) throws(DeltaError) {
    try validator.finish()
    try push(RawSpan(), isLast: true, read, output)
    guard produced == outputSize else {
      throw .bug(
        "cannot apply", "a librsync delta", cause: "\(produced) bytes came where \(outputSize) were checked")
    }
  }

  private mutating func push(
    _ delta: RawSpan, isLast: Bool, _ read: BaseReader, _ output: DeltaOutput
  ) throws(DeltaError) {
    let base = self.base
    let limit = outputSize
    var made = produced
    defer { produced = made }
    do {
      try base.lend(read) { () throws(DeltaError) in
        try job.push(delta, isLast: isLast) { (bytes) throws(DeltaError) in
          guard UInt64(bytes.count) <= limit - made else {
            throw .damagedDelta("it makes more than the \(limit) bytes that were announced")
          }
          made += UInt64(bytes.count)
          try output(bytes)
        }
      }
    } catch {
      // librsync knows only that its base could not be read; the reader said why.
      throw base.failure ?? error
    }
  }
}

/// The base as librsync's callback sees it: the reader of the call in progress, and its error.
private final class PatchBase {
  private let size: UInt64
  private var read: PatchJob.BaseReader?
  private(set) var failure: DeltaError?

  init(size: UInt64) { self.size = size }

  func lend(_ reader: PatchJob.BaseReader, to body: () throws(DeltaError) -> Void) throws(DeltaError) {
    try withoutActuallyEscaping(reader) { (reader) throws(DeltaError) in
      read = reader
      failure = nil
      defer { read = nil }
      try body()
    }
  }

  /// The bytes, or nil with `failure` set.
  func bytes(at position: rs_long_t, length: Int) -> [UInt8]? {
    do throws(DeltaError) {
      guard let read, let offset = UInt64(exactly: position), let count = UInt64(exactly: length),
        offset <= size, count <= size - offset
      else {
        throw .bug("cannot apply", "a librsync delta", cause: "librsync reads beyond the base")
      }
      let bytes = try read(offset, length)
      guard bytes.count == length else {
        throw .bug("cannot apply", "a librsync delta", cause: "the base gave \(bytes.count) bytes of \(length)")
      }
      return bytes
    } catch {
      failure = error
      return nil
    }
  }
}

/// librsync's `rs_copy_cb`: fills the buffer that it was given from the base.
@c(hotsync_delta_read_base)
func readBase(
  _ context: UnsafeMutableRawPointer?, _ position: rs_long_t, _ length: UnsafeMutablePointer<Int>?,
  _ buffer: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> rs_result {
  // SAFETY: the context is the `PatchBase` of the job that is running; librsync gives a buffer of `length` bytes.
  guard let context = unsafe context, let length = unsafe length, let target = unsafe buffer?.pointee else {
    return RS_INTERNAL_ERROR
  }
  let base = unsafe Unmanaged<PatchBase>.fromOpaque(context).takeUnretainedValue()
  guard let bytes = base.bytes(at: position, length: unsafe length.pointee) else { return RS_IO_ERROR }
  unsafe bytes.withUnsafeBytes { bytes in
    if let source = bytes.baseAddress { unsafe target.copyMemory(from: source, byteCount: bytes.count) }
  }
  return RS_DONE
}
