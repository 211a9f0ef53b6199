import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncSystem

/// A signature that was asked for.
struct RequestedSignature {
  let id: UInt64
  let length: UInt64
}

extension ContentSender {
  /// Asks the slave at once to sign a stretch of its file.
  func requestSignature(
    _ base: RelativePath, _ stretch: Stretch, fileSize: UInt64
  ) throws -> RequestedSignature {
    let signature = try ask(base, stretch, fileSize: fileSize)
    try line.flush()
    return signature
  }

  /// The same with what is said next.
  func ask(_ base: RelativePath, _ stretch: Stretch, fileSize: UInt64) throws -> RequestedSignature {
    let parameters = SignatureParameters(size: fileSize)
    let id = nextSignatureNumber()
    try line.send(
      .requestSignature(
        SignatureRequest(
          id: id, base: base, stretch: stretch, blockLength: UInt32(parameters.blockLength),
          strongLength: UInt32(parameters.strongLength))))
    return RequestedSignature(id: id, length: parameters.signatureLength(ofBytes: stretch.length))
  }

  /// Waits for a signature and makes it ready to be searched.
  func loadSignature(_ requested: RequestedSignature) throws -> LoadedSignature {
    let bytes = try line.signature(requested.id)
    var loader = try SignatureLoader(length: UInt64(bytes.count), maximumBlocks: Limits.signatureBlocks + 1)
    try loader.update(bytes)
    return try loader.finish()
  }

  /// Sends the delta that makes a stretch of the new file from a stretch of the old one.
  ///
  /// - Parameter feed: hands over the new bytes in order.
  /// - Returns: bytes of delta that were sent.
  func sendDelta(
    _ signature: consuming LoadedSignature, base: Stretch, new: Stretch,
    feed: (_ consume: ([UInt8]) throws -> Void) throws -> Void
  ) throws -> UInt64 {
    try line.send(.openDelta(base: base, new: new))
    var job = try DeltaJob(signature)
    var sent: UInt64 = 0
    var pending: [UInt8] = []
    func pass(_ all: Bool) throws {
      while pending.count >= Limits.dataChunk || (all && !pending.isEmpty) {
        let piece = pending.prefix(Limits.dataChunk)
        try line.send(.delta(piece))
        sent += UInt64(piece.count)
        pending.removeFirst(piece.count)
      }
    }
    try feed { bytes in
      try job.update(bytes) { (delta) throws(DeltaError) in pending += delta }
      try pass(false)
    }
    try job.finish { (delta) throws(DeltaError) in pending += delta }
    try pass(true)
    try line.send(.closeDelta)
    return sent
  }
}
