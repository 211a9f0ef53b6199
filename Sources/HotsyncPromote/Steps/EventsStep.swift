import HotsyncCatalog
import HotsyncConfig
import HotsyncFacts
public import HotsyncSystem

/// Runs the hooks of `post-restore.d`, each alone, so that each has its own place in the journal.
public struct EventsStep: PromotionStep {
  public static let folder = LivePath(checked: "etc/hotsync/post-restore.d")

  public init() {}

  public var name: StepName { .events }
  public var summary: String { "run the post-restore hooks" }

  public func plan(_ world: PromotionWorld, _ decisions: [String: String]) throws(PromoteError) -> StepPlan {
    let names = try EventsStep.hooks(world)
    return StepPlan(
      actions: names.map { name in
        .own(
          OwnWork(
            "hook", ["name": "\(name)"], shown: "\(EventsStep.folder)/\(name)", needsMachine: false, mayFail: true))
      }, estimatedSeconds: names.count * 2)
  }

  /// The hooks that would run, in order.
  public static func hooks(_ world: PromotionWorld) throws(PromoteError) -> [FileName] {
    do { return try runner(world).list(folder.path, live: world.root.folder) } catch { throw told(error) }
  }

  public func carryOut(
    _ work: OwnWork, _ world: PromotionWorld, _ person: any Operator
  ) throws(PromoteError) -> String {
    guard let name = work.values["name"].flatMap({ FileName($0) }) else { throw .unknownWork(work, .events) }
    return try EventsStep.run(name, world)
  }

  /// Runs one of them.
  ///
  /// - Returns: the last of what it printed.
  public static func run(_ name: FileName, _ world: PromotionWorld) throws(PromoteError) -> String {
    let outcome: HookRunner.Outcome?
    do { outcome = try runner(world).run(name, of: folder.path, live: world.root.folder) } catch { throw told(error) }
    guard let outcome else { return "it is not there any more" }
    try world.flush()
    guard outcome.succeeded else {
      throw PromoteError(
        .failed, "cannot run", "\(folder)/\(name)", cause: outcome.cause,
        next: "mend it, then run the events again: hotsync-promote post-restore")
    }
    return outcome.output
  }

  private static func runner(_ world: PromotionWorld) -> HookRunner {
    HookRunner(
      shownFolder: folder.description,
      variables: [
        "HOTSYNC_CONNECTION": world.connection.name, "HOTSYNC_ROLE": "promoted",
        "HOTSYNC_GENERATION": "\(world.generation)", "HOTSYNC_ROOT": world.rootPath,
      ])
  }

  private static func told(_ error: any Error) -> PromoteError {
    if let error = error as? any HotsyncError { return PromoteError(error) }
    return PromoteError(
      .failed, "cannot run", "the post-restore hooks", cause: "\(error)", next: "hotsync-promote post-restore")
  }

  /// What a hook did is its own.
  public func undo(_ work: OwnWork, _ world: PromotionWorld) throws(PromoteError) {}
}
