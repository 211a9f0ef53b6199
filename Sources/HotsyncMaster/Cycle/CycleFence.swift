import HotsyncConfig
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import Logging

/// What a cycle does about another machine that was promoted.
extension Cycle {
  /// A machine that is fenced asks nobody any more, unless its operator says that it is to be master again.
  func requireNoFence() throws {
    guard !options.adopts, let fence = try Fence.read(below: root) else { return }
    throw MasterError(fence, subject: "a cycle of \"\(connection.name)\"")
  }

  /// A slave took this machine although it is fenced: the operator meant it, and no other slave holds it back.
  func liftFence() throws {
    guard let fence = try Fence.read(below: root) else { return }
    guard fence.connection.isEmpty || fence.connection == connection.name else {
      throw MasterError(fence, subject: "a cycle of \"\(connection.name)\"")
    }
    try Fence.lift(below: root)
    log.notice("\(connection.name): this machine is not fenced any more")
  }

  /// Whoever told it had shown its host key before. A dry run writes nothing on this side either.
  func putFenceUp(after error: any Error) {
    guard !options.isDryRun, let error = error as? any HotsyncError, error.kind == .fenced else { return }
    do {
      guard try Fence.read(below: root) == nil else { return }
      let fence = Fence(
        evidence: .epoch, epoch: higherEpoch, since: clocks.now(), connection: connection.name, cause: error.cause)
      try fence.write(below: root)
      log.info("\(connection.name): this machine is fenced from now on: \(error.cause)")
    } catch {
      let problem = Problem(ErrorReport(error))
      report.problems.append(problem)
    }
  }
}

extension MasterError {
  init(_ fence: Fence, subject: String) {
    self.init(
      .fenced, "cannot run", subject,
      cause: "this machine is fenced since \(fence.since): \(fence.cause)",
      next: "leave it so; if it is to be master again, roll the promotion back on the other machine, and then here: "
        + "hotsync sync --adopt")
  }
}
