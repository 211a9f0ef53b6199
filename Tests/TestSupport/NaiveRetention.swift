/// Which generations a schedule such as `1h,1d/7d` keeps, written down slot by slot from the rule and without a glance at
/// the product: what the product decides is held against it.
public struct NaiveRetention: CustomStringConvertible {
  public struct Generation: Sendable, Hashable {
    public let number: UInt64
    /// Since 1970-01-01 UTC.
    public let seconds: Int64

    public init(number: UInt64, seconds: Int64) {
      self.number = number
      self.seconds = seconds
    }
  }

  public let description: String
  private let lengths: [Int64]
  private let total: Int64

  public init(_ schedule: String) throws {
    description = schedule
    let halves = schedule.split(separator: "/")
    guard halves.count == 2 else { throw SupportError("not a schedule: \(schedule)") }
    lengths = try halves[0].split(separator: ",").map(NaiveRetention.seconds)
    total = try NaiveRetention.seconds(halves[1])
  }

  private static func seconds(_ text: Substring) throws -> Int64 {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()) else {
      throw SupportError("not a duration: \(text)")
    }
    return count * unit
  }

  /// - Parameter generations: oldest first.
  /// - Returns: the numbers of those that stand for a slot. The newest and what is pinned stay, too, whatever this says.
  public func survivors(of generations: [Generation]) -> Set<UInt64> {
    guard let newest = generations.last?.seconds else { return [] }
    var survivors: Set<UInt64> = []
    for (index, length) in lengths.enumerated() {
      let end = index + 1 < lengths.count ? lengths[index + 1] : total
      let ownSlot = NaiveRetention.start(of: newest, length)
      // The first interval has the newest's own slot and those before it, every other begins before the newest's own.
      var slot = index == 0 ? ownSlot : ownSlot - length
      var room = end - (index == 0 ? 0 : length)
      while room >= length {
        let inSlot = generations.filter { slot <= $0.seconds && $0.seconds < slot + length }
        if let oldest = inSlot.first { survivors.insert(oldest.number) }
        slot -= length
        room -= length
      }
    }
    return survivors
  }

  private static func start(of seconds: Int64, _ length: Int64) -> Int64 {
    precondition(seconds >= 0, "a generation from before 1970")
    return seconds - seconds % length
  }
}
