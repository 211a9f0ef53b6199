import HotsyncSystem

/// Which generation stands for which slot of a schedule: the oldest in it. Slots are multiples of their interval in UTC,
/// so that what survives its hour is the one that its day asks for, and nothing starves.
struct SlotTable {
  private struct Slot: Hashable {
    let interval: Int
    /// Counted from 1970-01-01 UTC.
    let place: Int64
  }

  private let schedule: RetentionSchedule
  private let generations: [RetainedGeneration]
  /// That of each generation, or of a younger one where that is earlier: should times have gone backwards, a generation
  /// counts as no younger than its successor.
  let times: [Timestamp]
  /// The generation that stands for each slot, by its place in the list.
  private var standing: [Slot: Int] = [:]

  /// - Parameter generations: oldest first. One that came from `seed` stands for nothing.
  init(_ schedule: RetentionSchedule, _ generations: [RetainedGeneration]) {
    self.schedule = schedule
    self.generations = generations
    var times = generations.map(\.time)
    for place in times.indices.dropLast().reversed() { times[place] = min(times[place], times[place + 1]) }
    self.times = times
    for place in generations.indices where !generations[place].isSeed {
      for interval in schedule.intervals.indices {
        guard let slot = slot(of: place, interval), standing[slot] == nil else { continue }
        standing[slot] = place
      }
    }
  }

  /// The slot of an interval in which a generation lies; nil where the interval does not reach. The first interval has the
  /// newest generation's own slot and those before it, every other begins before the newest's own.
  private func slot(of place: Int, _ interval: Int) -> Slot? {
    guard let newest = times.last else { return nil }
    let length = schedule.intervals[interval].seconds
    let own = SlotTable.floor(times[place].seconds, length)
    let (back, isOver) = SlotTable.floor(newest.seconds, length).subtractingReportingOverflow(own)
    let first: Int64 = interval == 0 ? 0 : 1
    guard !isOver, back >= first, back < first + Int64(schedule.intervals[interval].slots) else { return nil }
    return Slot(interval: interval, place: own)
  }

  /// The names of the intervals for which a generation stands.
  func intervals(of place: Int) -> [String] {
    schedule.intervals.indices.compactMap { interval in
      slot(of: place, interval).flatMap { standing[$0] } == place ? schedule.intervals[interval].name : nil
    }
  }

  /// Why the schedule does not keep a generation, short enough for a table.
  func objection(to place: Int) -> String {
    if generations[place].isSeed { return "made by seed, before the master's first" }
    for interval in schedule.intervals.indices {
      guard let slot = slot(of: place, interval), let other = standing[slot] else { continue }
      return "generation \(generations[other].number) is first in its \(schedule.intervals[interval].name) slot"
    }
    return "older than \(inWords(end)) (\(Duration.seconds(schedule.total).written))"
  }

  /// The beginning of the last interval's oldest slot.
  private var end: Timestamp {
    guard let last = schedule.intervals.last, let newest = times.last else { return .zero }
    let own = SlotTable.floor(newest.seconds, last.seconds)
    let first = schedule.intervals.count > 1 ? Int64(last.slots) : Int64(last.slots) - 1
    let (place, isOver) = own.subtractingReportingOverflow(first)
    let start = place.multipliedReportingOverflow(by: last.seconds)
    return Timestamp(seconds: isOver || start.overflow ? .min : start.partialValue)
  }

  /// The quotient rounded down, before 1970 too.
  private static func floor(_ seconds: Int64, _ length: Int64) -> Int64 {
    let (quotient, rest) = seconds.quotientAndRemainder(dividingBy: length)
    return rest < 0 ? quotient - 1 : quotient
  }
}
