import HotsyncSystem

/// Random numbers that a seed determines (SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014). Split it for each part of a test, so that one part's appetite does not change another's
/// numbers.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  public let seed: UInt64
  private var state: UInt64

  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// For a random test: from a seed that is printed at once, so that a trap can be run again too:
  /// `HOTSYNC_SEED=… swift test`.
  public init(announcing purpose: String) {
    self.init(seed: SeededGenerator.testSeed())
    print("\(purpose): HOTSYNC_SEED=\(seed)")
  }

  /// A seed for a random test: that of the environment's `HOTSYNC_SEED`, or a new one. Tests show it where they fail.
  public static func testSeed() -> UInt64 {
    if let text = Environment.value("HOTSYNC_SEED"), let seed = UInt64(text) { return seed }
    var system = SystemRandomNumberGenerator()
    return system.next() >> 32
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  public mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

  /// A number of the closed range.
  public mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// 0 up to, and without, the limit.
  public mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  /// True in that many of a thousand cases.
  public mutating func chance(_ perMille: Int) -> Bool { number(0...999) < perMille }

  public mutating func element<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &self) }

  /// A size from 0 to `maximum` whose logarithm is evenly distributed: many small ones, few large ones.
  public mutating func logarithmicSize(maximum: Int) -> Int {
    guard maximum > 0 else { return 0 }
    let bits = Int.bitWidth - maximum.leadingZeroBitCount
    return min(maximum, number(0...((1 << number(1...bits)) - 1)))
  }

  public mutating func bytes(_ count: Int) -> [UInt8] {
    // SAFETY: every byte of the capacity is written before it is counted.
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      var offset = 0
      while offset + 8 <= count {
        unsafe raw.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
        offset += 8
      }
      var rest = next()
      while offset < count {
        unsafe raw[offset] = UInt8(truncatingIfNeeded: rest)
        rest >>= 8
        offset += 1
      }
      filled = count
    }
  }

  /// Lines of words: what compresses and has repetitions.
  public mutating func text(_ count: Int) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(count + 16)
    while text.count < count {
      text += SeededGenerator.words[Int(next() % UInt64(SeededGenerator.words.count))]
      text.append(next() % 9 == 0 ? UInt8(ascii: "\n") : UInt8(ascii: " "))
    }
    text.removeLast(text.count - count)
    return text
  }

  private static let words = [
    "master", "slave", "the", "of", "a", "mirror", "generation", "0", "1971", "<p>", "{", "}", "größe", "catalog",
    "cycle",
  ].map { Array($0.utf8) }
}
