import CLibrsync
public import HotsyncSystem

/// Makes the librsync signature of old data that comes in pieces (rabinkarp rolling sum, BLAKE2).
public struct SignatureJob: ~Copyable {
  private var job: LibrsyncJob

  /// - Throws: `failed` or `bug` where librsync cannot start.
  public init(_ parameters: SignatureParameters) throws(DeltaError) {
    // SAFETY: the new job goes straight to its owner.
    job = try unsafe LibrsyncJob("a librsync signature") {
      unsafe rs_sig_begin(parameters.blockLength, parameters.strongLength, RS_RK_BLAKE2_SIG_MAGIC)
    }
  }

  public mutating func update(_ data: RawSpan, into output: DeltaOutput) throws(DeltaError) {
    try job.push(data, isLast: false, into: output)
  }

  public mutating func update(_ data: [UInt8], into output: DeltaOutput) throws(DeltaError) {
    // SAFETY: bytes have no padding.
    try update(unsafe data.span.bytes, into: output)
  }

  /// Says that the data is at its end, and hands out the rest. The last call.
  public mutating func finish(into output: DeltaOutput) throws(DeltaError) {
    try job.push(RawSpan(), isLast: true, into: output)
  }
}
