import HotsyncSystem

/// Whether data roots are exchanged with the mirror's, or copied (docs/decisions/0028-the-promotion.md). Pure.
struct FilesChoice: Equatable {
  let way: PromotionOptions.Files
  /// In words, for the plan.
  let reason: String
  /// Generations that an exchange gives up; none where all stay.
  let givenUp: [UInt64]
  /// Names of snapshots among them.
  let snapshots: [String]
  /// The operator must say himself that they may go.
  let mustBeAccepted: Bool

  /// A copy that takes no longer than this is not worth a generation.
  static let quickSeconds = 15

  /// - Parameters:
  ///   - wanted: what the operator said.
  ///   - older: generations that are kept beside the promoted one.
  static func decide(
    _ roots: [RootPlan], wanted: PromotionOptions.Files?, older: [UInt64], snapshots: [String]
  ) -> FilesChoice {
    let exchangeable = roots.filter(\.canExchange)
    let seconds = exchangeable.reduce(0) { $0 + $1.copySeconds }
    let fits = exchangeable.allSatisfy { root in
      // Several may lie on one file system: each must find room for all.
      exchangeable.reduce(0) { $0 + $1.copyBytes } <= root.free
    }
    func copy(_ reason: String) -> FilesChoice {
      FilesChoice(way: .copy, reason: reason, givenUp: [], snapshots: [], mustBeAccepted: false)
    }
    func exchange(_ reason: String, mustBeAccepted: Bool = false) -> FilesChoice {
      FilesChoice(
        way: .exchange, reason: reason, givenUp: older, snapshots: snapshots, mustBeAccepted: mustBeAccepted)
    }
    if exchangeable.isEmpty { return copy("no folder of the mirror lies on the file system of its live one") }
    if wanted == .exchange { return exchange("as --files exchange says") }
    if wanted == .copy { return copy("as --files copy says") }
    if older.isEmpty { return exchange("there is no older generation that would be lost") }
    if fits, seconds <= quickSeconds { return copy("copying takes about \(seconds) s, and every generation stays") }
    if snapshots.isEmpty {
      return exchange(
        fits
          ? "copying would take about \(seconds) s (--files copy keeps the older generations)"
          : "there is no room for a copy")
    }
    if fits { return copy("snapshots are kept: copying takes about \(seconds) s (--files exchange gives them up)") }
    return exchange("there is no room for a copy", mustBeAccepted: true)
  }

  /// Each root with the way that it goes.
  func applied(to roots: [RootPlan]) -> [RootPlan] {
    roots.map { root in
      var root = root
      root.way = way == .exchange && root.canExchange ? .exchange : .copy
      return root
    }
  }
}
