public import HotsyncSystem

/// The refusal of a cycle that would delete too much, as both sides say it.
public enum DeletionRefusal {
  public static func error(_ deletions: UInt64, of entries: UInt64, limit: DeletionLimit) -> PlanError {
    PlanError(
      .refused, "cannot go on with", "the cycle",
      cause: "it would delete \(deletions) of \(entries) entries, and max_delete is \(limit.description)",
      next: "if they are meant to go: hotsync sync --accept-deletes")
  }
}
