public import HotsyncProtocol
public import HotsyncSystem
import Synchronization

/// Messages over a byte stream: gathers what is sent into large writes, packed if that was agreed on, cuts what comes into
/// messages, counts both. One thread sends, one receives.
public final class MessageChannel<Sent: WireMessage, Received: WireMessage>: Sendable {
  private let stream: any ByteStream
  private let clocks: Clocks
  private let deadlines: Deadlines
  private let sentCount = Atomic<UInt64>(0)
  private let receivedCount = Atomic<UInt64>(0)
  /// When somebody last said more than that he is alive, in milliseconds of the clock.
  private let lastSaid: Atomic<Int64>
  private let lastLength = Atomic<Int>(0)
  private let sending = Mutex<Sending>(Sending())
  private let receiving: Mutex<Receiving>

  private struct Sending: ~Copyable {
    var buffer = Preamble.bytes
    var packer = Packer(.never)
    /// Whether anything but pings is gathered.
    var saysMore = false

    /// What is gathered before it is sent without being asked to: more where a batch is packed as one.
    var limit: Int { packer.isOn ? 256 << 10 : 128 << 10 }
  }

  private struct Receiving {
    var decoder = FrameDecoder<Received>()
    var buffer = [UInt8](repeating: 0, count: 128 << 10)
    var patience: Patience
  }

  public init(_ stream: any ByteStream, deadlines: Deadlines = Deadlines(), clocks: Clocks = .system) {
    self.stream = stream
    self.clocks = clocks
    self.deadlines = deadlines
    lastSaid = Atomic(milliseconds(clocks.elapsed()))
    receiving = Mutex(Receiving(patience: Patience(deadlines)))
  }

  /// Bytes of our own stream, framed and packed: SSH's share is not among them.
  public var bytesSent: UInt64 { sentCount.load(ordering: .relaxed) }
  public var bytesReceived: UInt64 { receivedCount.load(ordering: .relaxed) }

  /// Of the message that was received last, as it was framed: for its receiver alone.
  public var lastReceivedLength: Int { lastLength.load(ordering: .relaxed) }

  // MARK: Sending

  /// Queues a message; it goes out with others once they are many, or with `flush`.
  public func send(_ message: Sent) throws(TransportError) {
    try sending.withLock { (state) throws(TransportError) in
      let before = state.buffer.count
      Frame.encode(message, to: &state.buffer)
      if !message.isPing { state.saysMore = true }
      if state.buffer.count >= state.limit {
        // What is packed together must fit a packed frame: a long message goes alone.
        if state.packer.isOn, before > 0, state.buffer.count > state.limit { try write(&state, upTo: before) }
        if state.buffer.count >= state.limit { try write(&state, upTo: state.buffer.count) }
      }
    }
  }

  public func flush() throws(TransportError) {
    try sending.withLock { (state) throws(TransportError) in
      if !state.buffer.isEmpty { try write(&state, upTo: state.buffer.count) }
    }
  }

  /// From now on what is sent is packed; what was sent before goes out as it is.
  public func pack(_ packing: Packing) throws(TransportError) {
    try sending.withLock { (state) throws(TransportError) in
      if !state.buffer.isEmpty { try write(&state, upTo: state.buffer.count) }
      state.packer = Packer(packing)
    }
  }

  private func write(_ state: inout Sending, upTo end: Int) throws(TransportError) {
    let rest = Array(state.buffer[end...])
    state.buffer.removeLast(rest.count)
    let packed = state.packer.pack(state.buffer, after: sentCount.load(ordering: .relaxed))
    let count = packed?.count ?? state.buffer.count
    try stream.send(packed ?? state.buffer)
    sentCount.wrappingAdd(UInt64(count), ordering: .relaxed)
    state.buffer.removeAll(keepingCapacity: true)
    state.buffer += rest
    if state.saysMore { noteSaid() }
    state.saysMore = false
  }

  // MARK: Receiving

  /// From now on frames of full length are taken, and packed ones.
  public func handshakeDone() {
    receiving.withLock {
      $0.decoder.handshakeDone = true
      $0.patience.handshakeDone = true
    }
  }

  /// Waits for the next message; nil at the end of the stream.
  ///
  /// - Throws: `TransportError` where the line failed or a deadline passed, `ProtocolError` where what came is no message.
  public func receive() throws -> Received? {
    try receiving.withLock { state in
      while true {
        if let message = try state.decoder.next() {
          state.patience.took(isPing: message.isPing)
          lastLength.store(state.decoder.lastLength, ordering: .relaxed)
          if !message.isPing { noteSaid() }
          return message
        }
        guard let count = try wait(&state) else { continue }
        if count == 0 {
          guard state.decoder.isBetweenFrames else {
            throw TransportError.lost("the other machine", "the stream ended inside a message")
          }
          return nil
        }
        try state.decoder.feed(state.buffer[..<count])
      }
    }
  }

  /// Waits for bytes as long as the deadlines allow; nil where none came.
  private func wait(_ state: inout Receiving) throws(TransportError) -> Int? {
    let start = clocks.elapsed()
    let idle = Duration.milliseconds(milliseconds(start) - lastSaid.load(ordering: .relaxed))
    let insideFrame = !state.decoder.isBetweenFrames
    let count = try stream.receive(into: &state.buffer, atMost: try state.patience.rest(idle: idle))
    state.patience.waited(clocks.elapsed() - start, insideFrame: insideFrame)
    receivedCount.wrappingAdd(UInt64(count ?? 0), ordering: .relaxed)
    return count
  }

  private func noteSaid() { lastSaid.store(milliseconds(clocks.elapsed()), ordering: .relaxed) }

  public func end() { stream.end() }
  public func closeSending() { stream.closeSending() }
  public func ending() -> String? { stream.ending() }
  public func failure() -> TransportError? { stream.failure() }
}

private func milliseconds(_ duration: Duration) -> Int64 {
  duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
}
