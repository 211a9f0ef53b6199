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
  /// What may wait to be read, in bytes as they were framed: far more than a slave ever has to say unasked. One that says
  /// more waits, and is given up where we wait for it in turn.
  private static let capacity = 16 << 20
  /// What a message takes beside its bytes.
  private static let overhead = 128

  private let events = BoundedQueue<Event>(capacity: Inbox.capacity)
  private let failure = Mutex<(any Error)?>(nil)

  init(_ channel: MasterChannel) { self.channel = channel }

  /// From now on this alone receives.
  func start() {
    _ = Worker { [self] in self.receive() }
  }

  private func receive() {
    do {
      while let message = try channel.receive() {
        if case .ping = message { continue }
        if case .refusal(let refusal) = message { throw refusal.error }
        events.put(.message(message), weight: channel.lastReceivedLength + Inbox.overhead)
      }
      throw channel.failure()
        ?? TransportError.lost("the slave", channel.ending() ?? "it closed the line")
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
