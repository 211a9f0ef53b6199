import HotsyncProtocol
import HotsyncSlave
import HotsyncSystem
import HotsyncTransport
import Synchronization

/// An agent on a thread of this process, for a seeding: the same that serves a master, over a pair of pipes.
struct OwnAgent {
  let context: AgentContext
  let store: Store
  let epoch: Epoch
  let accounts: Accounts

  init(_ context: AgentContext, store: Store, epoch: Epoch, accounts: Accounts) {
    self.context = context
    self.store = store
    self.epoch = epoch
    self.accounts = accounts
  }

  private final class Ending: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }

  /// Runs the other end of the conversation on this thread.
  ///
  /// - Throws: the agent's own error before what the other end made of it.
  func serve<Result>(silence: Duration, _ body: (any ByteStream) throws -> Result) throws -> Result {
    let (near, far) = try PipeStream.joined(silence: silence, to: "the store's agent", from: "the seeding")
    let ending = Ending()
    let agent = Worker { [context, store, epoch, accounts] in
      do {
        try Agent(context, store: store, channel: AgentChannel(far), epoch: epoch, accounts: accounts).run()
      } catch { ending.error.withLock { $0 = error } }
      far.closeSending()
    }
    let outcome = Swift.Result { try body(near) }
    near.closeSending()
    // It may be about to say what nobody listens to any more.
    if case .failure = outcome { far.end() }
    agent.join()
    // A line that broke is only what the other end's error looks like from there.
    if let error = ending.error.withLock({ $0 }), !(error is TransportError) { throw error }
    return try outcome.get()
  }
}
