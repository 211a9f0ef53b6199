import HotsyncSystem
import HotsyncTransport
import Synchronization

/// A clock that moves when it is told to.
final class HandClock: Sendable {
  private let time = Mutex(Duration.seconds(1_000))

  var elapsed: Duration { time.withLock { $0 } }

  func advance(by duration: Duration) { time.withLock { $0 += duration } }

  var clocks: Clocks { Clocks(now: { .zero }, elapsed: { self.elapsed }) }
}

/// Bytes that come so long after those before them.
struct Event: Sendable {
  let after: Duration
  let bytes: [UInt8]

  init(_ after: Duration, _ bytes: [UInt8]) {
    self.after = after
    self.bytes = bytes
  }

  /// A byte at a time.
  static func drip(_ bytes: [UInt8], every pause: Duration) -> [Event] { bytes.map { Event(pause, [$0]) } }
}

/// A stream on which bytes come at set times of a clock that it moves on itself; what is sent is kept.
final class Played: ByteStream {
  private let clock: HandClock
  private let silence: Duration
  private let again: Event?
  private let events: Mutex<[Event]>
  private let sentPieces = Mutex<[(at: Duration, bytes: [UInt8])]>([])
  private let isEnded = Atomic<Bool>(false)

  /// - Parameter again: what comes for ever after the events; nil for the end.
  init(_ clock: HandClock, _ events: [Event] = [], then again: Event? = nil, silence: Duration = .seconds(120)) {
    self.clock = clock
    self.silence = silence
    self.again = again
    self.events = Mutex(events.reversed())
  }

  var sent: [(at: Duration, bytes: [UInt8])] { sentPieces.withLock { $0 } }

  func send(_ bytes: [UInt8]) throws(TransportError) {
    guard !isEnded.load(ordering: .acquiring) else { throw Played.failure("it was ended") }
    let time = clock.elapsed
    sentPieces.withLock { $0.append((time, bytes)) }
  }

  func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int {
    try receive(into: &buffer, atMost: silence) ?? 0
  }

  func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    guard let event = events.withLock({ $0.popLast() }) ?? again else { return 0 }
    let patience = min(limit, silence)
    guard event.after <= patience else {
      events.withLock { $0.append(Event(event.after - patience, event.bytes)) }
      clock.advance(by: patience)
      if limit < silence { return nil }
      throw Played.failure("silence")
    }
    clock.advance(by: event.after)
    buffer.replaceSubrange(0..<event.bytes.count, with: event.bytes)
    return event.bytes.count
  }

  func closeSending() {}
  func end() { isEnded.store(true, ordering: .releasing) }
  func ending() -> String? { nil }

  private static func failure(_ cause: String) -> TransportError {
    TransportError(.unreachable, "lost", "it", cause: cause, next: "")
  }
}
