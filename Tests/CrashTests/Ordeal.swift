import HotsyncSystem
import TestSupport
import Testing

/// A pair under rounds of changes, cycles that come to a bad end, and what must hold after each.
final class Ordeal {
  let pair: Pair
  let seed: UInt64
  private let change: () throws -> Void
  private var before: TreeSnapshot

  /// - Parameters:
  ///   - tree: makes the tree in a folder.
  ///   - change: changes it once more.
  init<State>(
    seed: UInt64, pair: Pair? = nil, tree: (String) throws -> State,
    change: @escaping (inout State, String) throws -> Void
  ) throws {
    self.seed = seed
    let pair = try pair ?? Pair()
    self.pair = pair
    var state = try tree(pair.data)
    self.change = { try change(&state, pair.data) }
    try pair.syncWell("committed", "the first, seed \(seed)")
    before = try pair.mirrorTree()
  }

  /// Under `MixedChanges`.
  convenience init(seed: UInt64, pair: Pair? = nil) throws {
    try self.init(
      seed: seed, pair: pair, tree: { try MixedChanges(root: $0, seed: seed) },
      change: { changes, _ in try changes.apply() })
  }

  enum Side {
    case old, new, either
    /// Something was left out, and said: neither of both.
    case partial
  }

  /// One round: changes, the cycle that comes to a bad end, and then: the store holds the old or the new generation
  /// whole, the next cycle goes well without a word from anybody, and there is nothing left to be done.
  ///
  /// - Returns: whether it came to a bad end at all.
  @discardableResult
  func round(_ note: String, expecting side: Side, _ cycle: (Pair) throws -> Bool) throws -> Bool {
    try round(note) { try cycle($0) ? side : .new } != .new || side == .new
  }

  /// - Parameter cycle: gives what the store must hold afterwards.
  @discardableResult
  func round(_ note: String, _ cycle: (Pair) throws -> Side) throws -> Side {
    try change()
    let after = try pair.masterTree()
    let side = try cycle(pair)
    try pair.waitForAgent()
    try check(note, side, after)
    let next = try pair.sync()
    guard next.exitCode == 0, ["committed", "unchanged"].contains(next.result) else {
      throw failure(note, "the next cycle: \(next.run)")
    }
    let differences = try pair.differences()
    guard differences.isEmpty else { throw failure(note, "after the next cycle: \(differences)") }
    let last = try pair.sync()
    guard last.exitCode == 0, last.result == "unchanged" else { throw failure(note, "one cycle more: \(last.run)") }
    before = after
    return side
  }

  private func check(_ note: String, _ side: Side, _ after: TreeSnapshot) throws {
    guard let found = try pair.reopenedCopy().tree else { throw failure(note, "the mirror is gone") }
    let toOld = found.differences(to: before)
    let toNew = found.differences(to: after)
    let isGood =
      switch side {
      case .old: toOld.isEmpty
      case .new: toNew.isEmpty
      case .either: toOld.isEmpty || toNew.isEmpty
      case .partial: true
      }
    guard !isGood else { return }
    throw failure(
      note, "neither the old generation nor the new one (or not the one it must be)\n old: \(toOld)\n new: \(toNew)")
  }

  func failure(_ note: String, _ what: String) -> SupportError { SupportError("\(note), seed \(seed): \(what)") }
}
