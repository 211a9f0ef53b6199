import HotsyncConfig
public import HotsyncSystem

/// Hooks of a promotion that must all succeed: `fence.d` switches the master off for certain, `takeover.d` moves what is not on
/// this wire.
public enum HookFolder: String, Sendable {
  case fence
  case takeover

  private var path: String { "etc/hotsync/\(rawValue).d" }

  /// Those that would run, in their order; one that others can write to is refused.
  public func names(_ world: PromotionWorld) throws(PromoteError) -> [FileName] {
    guard let folder = RelativePath(path) else { return [] }
    do { return try HookRunner(shownFolder: "/\(path)", variables: [:]).list(folder, live: world.root.folder) } catch {
      throw told(error)
    }
  }

  /// Runs them; the first that fails ends it.
  ///
  /// - Returns: what they did, for the report.
  public func run(_ world: PromotionWorld) throws(PromoteError) -> String {
    guard let folder = RelativePath(path) else { return "" }
    let variables = [
      "HOTSYNC_CONNECTION": world.connection.name, "HOTSYNC_ROLE": "slave",
      "HOTSYNC_GENERATION": "\(world.generation)", "HOTSYNC_MASTER": world.connection.masterHost ?? "",
    ]
    let outcomes: [HookRunner.Outcome]
    do {
      outcomes = try HookRunner(shownFolder: "/\(path)", variables: variables)
        .run(folder, live: world.root.folder, stopsAtFailure: true)
    } catch { throw told(error) }
    if !outcomes.isEmpty { try world.flush() }
    if let failed = outcomes.first(where: { !$0.succeeded }) {
      throw PromoteError(
        .failed, "cannot run", "/\(path)/\(failed.name)", cause: failed.cause,
        next: "mend it or take it out of /\(path), then go on with: hotsync-promote")
    }
    return outcomes.isEmpty ? "" : "ran " + outcomes.map(\.name.description).joined(separator: ", ")
  }

  private func told(_ error: any Error) -> PromoteError {
    guard let error = error as? any HotsyncError else {
      return PromoteError(.bug, "cannot run", "/\(path)", cause: "\(error)", next: "see the log: journalctl -e")
    }
    return PromoteError(error)
  }
}
