public import HotsyncSystem
import Synchronization

/// A stream that sends no more than so many bytes a second. What comes in is not held back.
public final class LimitedStream: ByteStream {
  private let stream: any ByteStream
  private let clocks: Clocks
  private let pause: @Sendable (Duration) -> Void
  private let limit: Mutex<RateLimit>
  private let isEnded = Atomic<Bool>(false)

  /// Sent at once: small enough that a pause behind it is short.
  static let chunk = 16 << 10
  /// How long a pause lasts before it looks whether the stream was ended meanwhile.
  private static let step = Duration.milliseconds(20)

  /// - Parameter pause: lets the thread sleep; a test's own clock moves on instead.
  public init(
    _ stream: any ByteStream, bytesPerSecond: UInt64, clocks: Clocks = .system,
    pause: @escaping @Sendable (Duration) -> Void = { Worker.pause($0) }
  ) {
    self.stream = stream
    self.clocks = clocks
    self.pause = pause
    limit = Mutex(RateLimit(bytesPerSecond: bytesPerSecond, chunk: LimitedStream.chunk))
  }

  public func send(_ bytes: [UInt8]) throws(TransportError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(LimitedStream.chunk)
      waitForTurn(chunk.count)
      // Where it was ended during the pause, the stream itself says so.
      try stream.send(Array(chunk))
      rest = rest.dropFirst(chunk.count)
    }
  }

  private func waitForTurn(_ count: Int) {
    let start = clocks.elapsed()
    let turn = start + limit.withLock { $0.pause(before: count, at: start) }
    while !isEnded.load(ordering: .acquiring) {
      let left = turn - clocks.elapsed()
      guard left > .zero else { return }
      pause(min(left, LimitedStream.step))
    }
  }

  public func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int { try stream.receive(into: &buffer) }

  public func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    try stream.receive(into: &buffer, atMost: limit)
  }

  public func closeSending() {
    isEnded.store(true, ordering: .releasing)
    stream.closeSending()
  }

  public func end() {
    isEnded.store(true, ordering: .releasing)
    stream.end()
  }

  public func ending() -> String? { stream.ending() }
  public func failure() -> TransportError? { stream.failure() }
}
