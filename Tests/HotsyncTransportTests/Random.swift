import HotsyncSystem

/// Random numbers that come again from the same seed (SplitMix64). The seed is printed, so that a failure, or a trap,
/// can be run again: `HOTSYNC_SEED=… swift test`.
struct Random: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(_ purpose: String) {
    let given = Environment.value("HOTSYNC_SEED").flatMap { UInt64($0) }
    seed = given ?? UInt64.random(in: 1 ... .max)
    state = seed
    print("\(purpose): HOTSYNC_SEED=\(seed)")
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 up to, and without, the limit.
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
