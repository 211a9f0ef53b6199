import CLibrsync
public import HotsyncSystem

/// Takes a job's output in order, in pieces of at most 64 KiB.
public typealias DeltaOutput = (_ bytes: [UInt8]) throws(DeltaError) -> Void

/// The one owner of a librsync job of any kind, driven by pushing input into it and taking what comes out.
@safe
struct LibrsyncJob: ~Copyable {
  private static let outputLength = 64 * 1024

  /// Silent: librsync writes to standard error otherwise. Its setting is one of the process, so it is made once.
  private static let silence: Void = {
    // librsync asks whether there is a receiver before it calls it.
    rs_trace_to(nil)
    rs_trace_set_level(RS_LOG_EMERG)
  }()

  private let job: OpaquePointer
  private let output: UnsafeMutableRawBufferPointer
  private let subject: String
  private(set) var isDone = false
  /// After an error librsync's state says nothing any more.
  private var isBroken = false

  /// Owns the job that `begin` makes; `subject` is what errors speak of: "a librsync delta".
  init(_ subject: String, begin: () -> OpaquePointer?) throws(DeltaError) {
    _ = LibrsyncJob.silence
    // SAFETY: a new job, owned from here on and freed in deinit.
    guard let job = unsafe begin() else {
      throw .bug("cannot start", subject, cause: "librsync refused its parameters")
    }
    unsafe self.job = unsafe job
    unsafe output = .allocate(byteCount: LibrsyncJob.outputLength, alignment: 16)
    self.subject = subject
  }

  /// Gives librsync all of `input` and hands on all that it makes of it. `isLast` says that no more follows: the job
  /// then runs to its end.
  mutating func push(_ input: RawSpan, isLast: Bool, into sink: DeltaOutput) throws(DeltaError) {
    guard !isBroken else { throw .bug("cannot continue", subject, cause: "it failed before") }
    if isDone { return }
    isBroken = true
    // SAFETY: librsync reads the input inside the call only: what it needs later it copies.
    try unsafe input.withUnsafeBytes { (input: UnsafeRawBufferPointer) throws(DeltaError) in
      try unsafe run(input, isLast: isLast, into: sink)
    }
    isBroken = false
  }

  private mutating func run(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into sink: DeltaOutput
  ) throws(DeltaError) {
    // SAFETY: librsync does not write to its input; it moves the pointers only inside the two buffers, whose lengths
    // go with them, and both outlive this call.
    var buffers = unsafe rs_buffers_t()
    unsafe buffers.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: CChar.self))
    unsafe buffers.avail_in = input.count
    unsafe buffers.eof_in = isLast ? 1 : 0
    while true {
      let available = unsafe buffers.avail_in
      unsafe buffers.next_out = output.baseAddress?.assumingMemoryBound(to: CChar.self)
      unsafe buffers.avail_out = output.count
      let result = unsafe rs_job_iter(job, &buffers)
      // SAFETY: librsync left no more room than there was, so this many bytes of `output` are its own.
      let made = unsafe output.count - buffers.avail_out
      if made > 0 { try sink(unsafe [UInt8](output[..<made])) }
      let left = unsafe buffers.avail_in
      if result == RS_DONE {
        isDone = true
        return
      }
      guard result == RS_BLOCKED else { throw LibrsyncJob.error(result, subject) }
      if left == 0 && !isLast && made < LibrsyncJob.outputLength { return }
      if made == 0 && left == available && (left > 0 || isLast) {
        throw LibrsyncJob.error(isLast ? RS_INPUT_ENDED : RS_INTERNAL_ERROR, subject)
      }
    }
  }

  /// What librsync's result codes mean here: bytes that are wrong are a peer's, parameters are ours.
  static func error(_ result: rs_result, _ subject: String) -> DeltaError {
    // SAFETY: a constant text that ends with NUL.
    let cause = unsafe String(cString: rs_strerror(result))
    switch result {
    case RS_INPUT_ENDED, RS_BAD_MAGIC, RS_CORRUPT, RS_UNIMPLEMENTED:
      return DeltaError(
        .damaged, "cannot use", subject, cause: cause,
        next: "run the cycle again: a file whose delta fails is sent whole")
    case RS_MEM_ERROR, RS_IO_ERROR:
      return DeltaError(.failed, "cannot use", subject, cause: cause, next: "run the cycle again")
    default:
      return .bug("cannot use", subject, cause: cause)
    }
  }

  deinit {
    // SAFETY: the only owner ends here.
    _ = unsafe rs_job_free(job)
    unsafe output.deallocate()
  }
}
