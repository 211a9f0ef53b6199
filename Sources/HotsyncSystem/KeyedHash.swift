internal import CXxhash

/// A 128-bit digest. Digests made with different keys are not comparable.
public struct Digest: Hashable, Sendable, Comparable {
  public static let byteCount = 16

  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  public static let zero = Digest(high: 0, low: 0)

  /// The 16 bytes, most significant first.
  public var bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
      + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
  }

  /// The digest whose `bytes` are the first 16 of these; nil where there are fewer.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count >= Digest.byteCount else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for byte in bytes.prefix(8) { high = high << 8 | UInt64(byte) }
    for byte in bytes.dropFirst(8).prefix(8) { low = low << 8 | UInt64(byte) }
    self.init(high: high, low: low)
  }

  public var hexadecimal: String {
    func sixteen(_ value: UInt64) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return sixteen(high) + sixteen(low)
  }

  public static func < (left: Digest, right: Digest) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// Sum modulo 2¹²⁸.
  public static func &+ (left: Digest, right: Digest) -> Digest {
    let (low, carry) = left.low.addingReportingOverflow(right.low)
    return Digest(high: left.high &+ right.high &+ (carry ? 1 : 0), low: low)
  }

  /// Difference modulo 2¹²⁸.
  public static func &- (left: Digest, right: Digest) -> Digest {
    let (low, borrow) = left.low.subtractingReportingOverflow(right.low)
    return Digest(high: left.high &- right.high &- (borrow ? 1 : 0), low: low)
  }
}

/// The secret of a connection's digests, made by the slave and known to this pair only: who can write files
/// but has not seen it cannot craft two of the same digest.
public struct HashKey: Equatable, Sendable {
  /// XXH3 wants at least 136 bytes; its own default secret has 192.
  public static let byteCount = 192

  public let bytes: [UInt8]

  /// Nil where the bytes are not exactly `byteCount`.
  public init?(bytes: [UInt8]) {
    guard bytes.count == HashKey.byteCount else { return nil }
    self.bytes = bytes
  }

  /// XXH3-128 with this secret ([XXH3](https://github.com/Cyan4973/xxHash), 0.8).
  public func digest(of data: RawSpan) -> Digest {
    // SAFETY: both pointers are read only inside the call, within the counts that go with them.
    unsafe data.withUnsafeBytes { data in
      unsafe bytes.withUnsafeBytes { key in
        let hash = unsafe XXH3_128bits_withSecret(
          data.baseAddress, data.count, key.baseAddress, key.count)
        return Digest(high: hash.high64, low: hash.low64)
      }
    }
  }

  public func digest(of data: [UInt8]) -> Digest {
    // SAFETY: bytes have no padding.
    digest(of: unsafe data.span.bytes)
  }

  public func digest(of data: ArraySlice<UInt8>) -> Digest {
    // SAFETY: bytes have no padding.
    digest(of: unsafe data.span.bytes)
  }
}

/// XXH3-128 over data that comes in pieces.
@safe
public struct KeyedHasher: ~Copyable {
  private let state: OpaquePointer
  // XXH3 keeps a pointer to the secret and no copy, so it lives as long as the state.
  private let secret: UnsafeMutableRawPointer

  public init(key: HashKey) {
    // SAFETY: owned here and freed in deinit; the secret has `byteCount` bytes by its type.
    let secret = UnsafeMutableRawPointer.allocate(byteCount: HashKey.byteCount, alignment: 64)
    unsafe key.bytes.withUnsafeBytes { unsafe secret.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    unsafe self.secret = unsafe secret
    unsafe state = XXH3_createState()
    unsafe XXH3_128bits_reset_withSecret(state, secret, HashKey.byteCount)
  }

  public mutating func update(_ data: RawSpan) {
    // SAFETY: read inside the call only.
    unsafe data.withUnsafeBytes { data in
      _ = unsafe XXH3_128bits_update(state, data.baseAddress, data.count)
    }
  }

  public mutating func update(_ data: [UInt8]) {
    // SAFETY: bytes have no padding.
    update(unsafe data.span.bytes)
  }

  public func digest() -> Digest {
    // SAFETY: the state is alive while self is.
    let hash = unsafe XXH3_128bits_digest(state)
    return Digest(high: hash.high64, low: hash.low64)
  }

  deinit {
    // SAFETY: the only owner ends here.
    unsafe XXH3_freeState(state)
    unsafe secret.deallocate()
  }
}
