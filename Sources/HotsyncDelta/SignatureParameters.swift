/// How a file is cut up for its librsync signature, and what may be believed of a peer's.
public struct SignatureParameters: Equatable, Sendable {
  /// What a signature may say; anything else is refused before librsync sees a byte.
  public static let blockLengths = 64...(1 << 20)
  public static let strongLengths = 8...32
  /// Magic, block length and strong-sum length, 4 bytes each, big endian.
  public static let headerLength = 12

  static let weakLength = 4

  /// Bytes of a block.
  public let blockLength: Int
  /// Bytes of the BLAKE2 sum kept for a block.
  public let strongLength: Int

  /// Nil where a length is not one that would be accepted.
  public init?(blockLength: Int, strongLength: Int) {
    guard SignatureParameters.blockLengths.contains(blockLength),
      SignatureParameters.strongLengths.contains(strongLength)
    else { return nil }
    self.blockLength = blockLength
    self.strongLength = strongLength
  }

  /// The parameters for a file, or the dirty parts of one, of so many bytes.
  ///
  /// librsync's own √size is wrong for scattered changes: 2 KiB up to 4 GiB, 4 KiB above. Below 256 KiB the
  /// signature (16 bytes a block) and one changed block together are least at 4√size.
  public init(size: UInt64) {
    switch size {
    case ..<(16 << 10): blockLength = 256
    case ..<(64 << 10): blockLength = 512
    case ..<(256 << 10): blockLength = 1024
    case ...(4 << 30): blockLength = 2048
    default: blockLength = 4096
    }
    strongLength = size <= 4 << 30 ? 12 : 16
  }

  var entryLength: Int { SignatureParameters.weakLength + strongLength }

  /// Bytes of the signature of so many bytes of data.
  public func signatureLength(ofBytes size: UInt64) -> UInt64 {
    let blocks = size / UInt64(blockLength) + (size % UInt64(blockLength) > 0 ? 1 : 0)
    return UInt64(SignatureParameters.headerLength) + blocks * UInt64(entryLength)
  }
}
