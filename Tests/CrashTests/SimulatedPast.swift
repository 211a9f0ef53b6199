import TestSupport

/// What a store must hold: a copy of the master's tree for each generation that is kept, and what keeps it.
struct SimulatedPast {
  /// Of each generation that is kept.
  private(set) var copies: [UInt64: TreeSnapshot] = [:]
  var snapshots: [String: UInt64] = [:]
  /// Those that were verified in full.
  var verified: Set<UInt64> = []
  /// Those that somebody reads, as often as it is read.
  var read: [UInt64] = []
  /// Of each generation that was ever listed, in seconds.
  private var times: [UInt64: Int64] = [:]

  var newest: UInt64 { copies.keys.max() ?? 0 }
  var kept: [UInt64] { copies.keys.sorted() }

  mutating func add(_ copy: TreeSnapshot) { copies[newest + 1] = copy }

  mutating func note(_ listed: [NaiveRetention.Generation]) {
    for generation in listed { times[generation.number] = generation.seconds }
  }

  mutating func keep(only numbers: Set<UInt64>) {
    copies = copies.filter { numbers.contains($0.key) }
    verified.formIntersection(numbers)
  }

  /// What stays whatever the schedule says.
  var pinned: Set<UInt64> {
    Set(snapshots.values).union(read).union([newest]).union([verified.max()].compactMap { $0 })
  }

  /// What a prune must leave; nil where the newest generation was never listed, so that its time is not known.
  func survivors(_ schedule: NaiveRetention) -> Set<UInt64>? {
    let generations = kept.compactMap { number in
      times[number].map { NaiveRetention.Generation(number: number, seconds: $0) }
    }
    guard generations.count == copies.count else { return nil }
    return schedule.survivors(of: generations).union(pinned)
  }
}
