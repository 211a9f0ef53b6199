import CLibrsync
public import HotsyncSystem

/// Makes the librsync delta from the signature's data to new data that comes in pieces.
@safe
public struct DeltaJob: ~Copyable {
  private var job: LibrsyncJob
  // librsync keeps a pointer to the signature and no copy, so it lives as long as the job.
  private let signature: LoadedSignature

  public init(_ signature: consuming LoadedSignature) throws(DeltaError) {
    // SAFETY: the signature has its table, and is kept beside the job.
    let handle = unsafe signature.signature
    job = try unsafe LibrsyncJob("a librsync delta") { unsafe rs_delta_begin(handle) }
    self.signature = signature
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
