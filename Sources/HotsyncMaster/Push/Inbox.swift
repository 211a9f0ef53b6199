import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import HotsyncTransport
import Synchronization

typealias MasterChannel = MessageChannel<MasterMessage, SlaveMessage>

/// Takes in what the slave says, on a thread of its own, so that neither side ever waits for the other to listen.
final class Inbox: Sendable {
  private enum Event: Sendable {
    case message(SlaveMessage)
    case failed(any Error)
  }

  private let channel: MasterChannel
  // What is asked for is bounded, and so is what comes: the queue needs no bound of its own.
  private let events = BoundedQueue<Event>(capacity: .max)
  private let failure = Mutex<(any Error)?>(nil)
  private let worker: Mutex<WorkerHolder?> = Mutex(nil)

  private final class WorkerHolder: Sendable {
    let worker: Worker
    init(_ worker: consuming Worker) { self.worker = worker }
  }

  init(_ channel: MasterChannel) { self.channel = channel }

  /// From now on this alone receives.
  func start() {
    let holder = WorkerHolder(Worker { [self] in self.receive() })
    worker.withLock { $0 = holder }
  }

  private func receive() {
    do {
      while let message = try channel.receive() {
        if case .ping = message { continue }
        if case .refusal(let refusal) = message { throw refusal.error }
        events.put(.message(message))
      }
      throw channel.failure()
        ?? TransportError(
          .unreachable, "lost the connection to", "the slave", cause: channel.ending() ?? "it closed the line",
          next: "run the command again; what was staged is used")
    } catch {
      failure.withLock { $0 = error }
      events.put(.failed(error))
    }
    events.close()
  }

  /// What ended the conversation, if it has ended: a refusal says more than the broken line that follows it.
  var ended: (any Error)? { failure.withLock { $0 } }

  /// Waits a moment for the reason of a line that broke while we were sending.
  func reason(after error: any Error) -> any Error {
    for _ in 0..<40 {
      if let ended { return ended }
      Worker.pause(.milliseconds(50))
    }
    return error
  }

  /// The next message.
  func next() throws -> SlaveMessage {
    switch events.take() {
    case .message(let message): return message
    case .failed(let error): throw error
    case nil:
      throw ended
        ?? TransportError(.bug, "cannot read", "the slave's answers", cause: "they ended before", next: "report this")
    }
  }
}
