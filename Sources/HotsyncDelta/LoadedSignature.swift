import CLibrsync
public import HotsyncSystem

/// A signature in memory, ready to look blocks up in: the base of one `DeltaJob`.
@safe
public struct LoadedSignature: ~Copyable {
  let signature: OpaquePointer
  public let parameters: SignatureParameters
  public let blockCount: Int

  fileprivate init(_ signature: OpaquePointer, _ parameters: SignatureParameters, blockCount: Int) {
    // SAFETY: taken over from the job that loaded it, which keeps no second copy; freed in deinit.
    unsafe self.signature = unsafe signature
    self.parameters = parameters
    self.blockCount = blockCount
  }

  deinit {
    // SAFETY: the only owner ends here.
    unsafe rs_free_sumset(signature)
  }
}

/// Loads a signature that a peer sends, in pieces. The header and the length are checked before librsync sees a byte.
@safe
public struct SignatureLoader: ~Copyable {
  private let length: UInt64
  private let maximumBlocks: Int
  private var received: UInt64 = 0
  /// What does not make a header or an entry yet.
  private var rest: [UInt8] = []
  private var loading: Loading?
  private var crowding = WeakSumCrowding(blockCount: 0, isMixed: false)
  private var firstEntry: [UInt8] = []

  /// - Parameters:
  ///   - length: the signature's length as announced; it must then come to the byte.
  ///   - maximumBlocks: more blocks than this are refused. A block takes some 40 bytes of memory.
  public init(length: UInt64, maximumBlocks: Int) throws(DeltaError) {
    guard length >= UInt64(SignatureParameters.headerLength) else {
      throw .damagedSignature("it is shorter than its header")
    }
    self.length = length
    self.maximumBlocks = maximumBlocks
  }

  public mutating func update(_ bytes: RawSpan) throws(DeltaError) {
    received += UInt64(bytes.byteCount)
    guard received <= length else { throw .damagedSignature("it is longer than announced") }
    rest.append(bytes)
    if loading == nil {
      guard rest.count >= SignatureParameters.headerLength else { return }
      try readHeader()
    }
    try loadEntries()
  }

  public mutating func update(_ bytes: [UInt8]) throws(DeltaError) {
    // SAFETY: bytes have no padding.
    try update(unsafe bytes.span.bytes)
  }

  /// Builds the table. The last call.
  public consuming func finish() throws(DeltaError) -> LoadedSignature {
    guard received == length, let loading = self.loading.take() else {
      throw .damagedSignature("it is shorter than announced")
    }
    return try loading.finish()
  }

  private mutating func readHeader() throws(DeltaError) {
    let magic = rest.bigEndian(at: 0, count: 4)
    guard magic == UInt64(RS_BLAKE2_SIG_MAGIC.rawValue) || magic == UInt64(RS_RK_BLAKE2_SIG_MAGIC.rawValue) else {
      throw .damagedSignature("its kind is not one of the two with BLAKE2")
    }
    let block = Int(rest.bigEndian(at: 4, count: 4))
    let strong = Int(rest.bigEndian(at: 8, count: 4))
    guard let parameters = SignatureParameters(blockLength: block, strongLength: strong) else {
      throw .damagedSignature("its blocks have \(block) bytes and its strong sums \(strong)")
    }
    let (count, odd) = (length - UInt64(SignatureParameters.headerLength))
      .quotientAndRemainder(dividingBy: UInt64(parameters.entryLength))
    guard odd == 0, count <= UInt64(max(0, maximumBlocks)) else {
      throw .damagedSignature("it has \(count) blocks and \(odd) bytes; \(maximumBlocks) blocks are the limit")
    }
    var loading = try Loading(parameters, blockCount: Int(count))
    try loading.push(rest[..<SignatureParameters.headerLength])
    rest.removeFirst(SignatureParameters.headerLength)
    crowding = WeakSumCrowding(
      blockCount: Int(count), isMixed: magic == UInt64(RS_BLAKE2_SIG_MAGIC.rawValue))
    self.loading = consume loading
  }

  private mutating func loadEntries() throws(DeltaError) {
    guard let entryLength = loading?.parameters.entryLength else { return }
    let whole = rest.count / entryLength * entryLength
    if whole == 0 { return }
    if firstEntry.isEmpty { firstEntry = Array(rest[..<entryLength]) }
    for at in stride(from: 0, to: whole, by: entryLength) {
      let weak = UInt32(rest.bigEndian(at: at, count: SignatureParameters.weakLength))
      if !crowding.admits(weak) { rest.replaceSubrange(at..<at + entryLength, with: firstEntry) }
    }
    try loading?.push(rest[..<whole])
    rest.removeFirst(whole)
  }
}

/// librsync's half of the loading.
private struct Loading: ~Copyable {
  private var job: LibrsyncJob
  private let signature: LoadedSignature

  var parameters: SignatureParameters { signature.parameters }

  init(_ parameters: SignatureParameters, blockCount: Int) throws(DeltaError) {
    var made: OpaquePointer?
    // SAFETY: librsync makes the signature with the job and leaves it to us.
    let job = try unsafe LibrsyncJob("a librsync signature") { unsafe rs_loadsig_begin(&made) }
    guard let made = unsafe made else {
      throw .bug("cannot load", "a librsync signature", cause: "librsync made none")
    }
    self.job = job
    signature = unsafe LoadedSignature(made, parameters, blockCount: blockCount)
  }

  mutating func push(_ bytes: ArraySlice<UInt8>) throws(DeltaError) {
    // SAFETY: bytes have no padding.
    try job.push(unsafe bytes.span.bytes, isLast: false) { _ in }
  }

  consuming func finish() throws(DeltaError) -> LoadedSignature {
    try job.push(RawSpan(), isLast: true) { _ in }
    // SAFETY: all entries are in it, and its owner is alive.
    let result = unsafe rs_build_hash_table(signature.signature)
    guard result == RS_DONE else { throw LibrsyncJob.error(result, "a librsync signature") }
    return signature
  }
}

/// Counts the blocks that would crowd one place of librsync's table, whose look-ups are linear there: a peer could
/// make a signature of a million sums that share a place cost a million times a million steps.
///
/// A block above the limit is replaced by the first block, which is then a duplicate and not entered: it is never
/// matched, so at worst the delta grows. Blocks of equal content lose nothing, because one of them is enough.
private struct WeakSumCrowding {
  private static let limit: UInt8 = 64
  private let isMixed: Bool
  private var counts: [UInt8]

  /// Room for so many blocks, in no more places than librsync makes. `isMixed`: librsync mixes the older rolling
  /// sum's bits before it takes the place from the lowest of them; the rabinkarp sum's it takes as they are.
  init(blockCount: Int, isMixed: Bool) {
    var size = 1 << 8
    while size < blockCount { size <<= 1 }
    counts = [UInt8](repeating: 0, count: size)
    self.isMixed = isMixed
  }

  mutating func admits(_ weak: UInt32) -> Bool {
    let place = Int(isMixed ? WeakSumCrowding.mixed(weak) : weak) & (counts.count - 1)
    if counts[place] == WeakSumCrowding.limit { return false }
    counts[place] += 1
    return true
  }

  /// MurmurHash3's last step, which librsync uses.
  private static func mixed(_ weak: UInt32) -> UInt32 {
    var hash = (weak ^ weak >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return hash ^ hash >> 16
  }
}
