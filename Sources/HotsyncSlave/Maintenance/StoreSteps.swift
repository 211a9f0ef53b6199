import HotsyncConfig
import HotsyncReport
import HotsyncSystem

/// What maintenance does to the store itself.
extension Maintenance {
  func rollForward() throws -> StepOutcome {
    let store = try store()
    // Whoever has it is a cycle that settles the store itself.
    guard let lock = try store.tryLock(StoreLayout.cycleLock) else { return .skipped("a cycle is under way") }
    let had = try store.hasJournal()
    let metadata = MetadataWriter(accounts: accounts, unknownOwner: mapsToNobody ? .nobody : .numeric)
    try Committer(store: store, metadata: metadata).settle()
    withExtendedLifetime(lock) {}
    let newest = try store.generations().newest?.number
    return .done(had ? "brought generation \(newest ?? 0) to its end" : "nothing was interrupted")
  }

  func retain() throws -> StepOutcome {
    let history = configuration.history
    let pruner = Pruner(
      try store(), schedule: history.schedule, keepWithin: history.keepWithin, maxSize: history.maxSize,
      isDisabled: history.isDisabled, accounts: accounts, mapsUnknownOwnersToNobody: mapsToNobody, clocks: clocks)
    let outcome = try pruner.run(accepts: false)
    if let why = outcome.refusal {
      return .refused(
        "the history stays as it is: \(why)",
        next: "look at it (--dry-run); if that is right: "
          + command("hotsync-slave prune --accept --connection \(connection.name)"))
    }
    if let failure = outcome.failure { throw failure }
    let dropped = outcome.fates.count { $0.dropped != nil }
    return .done("\(outcome.fates.count - dropped) kept, \(dropped) dropped")
  }

  func verifyShare() throws -> StepOutcome {
    let store = try store()
    guard try !store.generations().all.isEmpty else { return .skipped("there is no generation yet") }
    let result = try StoreVerification(
      store, share: configuration.maintenance.verifyShare / 100, accounts: accounts,
      mapsUnknownOwnersToNobody: mapsToNobody, clocks: clocks
    ).run()
    if let error = result.unnoted { throw error }
    if let damage = result.damaged.first {
      let more = result.damaged.count > 1 ? " and \(result.damaged.count - 1) more" : ""
      throw StoreError(
        .damaged, "cannot vouch for", "the store of \"\(connection.name)\"",
        cause: "\(damage.path) of generation \(damage.generation)\(more): \(damage.what)",
        next: "on the master: hotsync sync, which sends again what the newest generation lacks; "
          + "all that is damaged: " + command("hotsync-slave verify --full --connection \(connection.name)"))
    }
    return .done("\(result.filesChecked) files are sound")
  }
}
