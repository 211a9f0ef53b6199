public import HotsyncSystem

public enum StoreDomain {}
/// What could not be done to the slave's store.
public typealias StoreError = Failure<StoreDomain>

extension StoreError {
  static func damaged(_ subject: String, _ cause: String) -> StoreError {
    StoreError(
      .damaged, "cannot use", subject, cause: cause,
      next: "hotsync-slave verify --full; if the store is lost, move it away and start anew: hotsync-slave apply")
  }
}

extension StoreError {
  static func noStore(_ connection: String, _ path: String) -> StoreError {
    StoreError(
      .unwritable, "cannot open", "the store of \"\(connection)\"",
      cause: "there is none below \(path); perhaps its disk is not mounted",
      next: "mount that disk; or, on a new slave: hotsync-slave apply")
  }

  /// What the master said that cannot be: the cycle ends, the store stays as it was.
  static func contradiction(_ subject: String, _ cause: String) -> StoreError {
    StoreError(
      .damaged, "cannot take", subject, cause: "the master contradicts itself: \(cause)",
      next: "run the cycle again; if it stays: hotsync sync --full")
  }

  static func busy(_ subject: String, _ cause: String) -> StoreError {
    StoreError(.busy, "cannot write to", subject, cause: cause, next: "wait until that has ended, then try again")
  }
}
