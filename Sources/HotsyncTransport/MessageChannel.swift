public import HotsyncProtocol
public import HotsyncSystem
import Synchronization

/// Messages over a byte stream: gathers what is sent into large writes, cuts what comes into messages, counts both. One
/// thread sends, one receives.
public final class MessageChannel<Sent: WireMessage, Received: WireMessage>: Sendable {
  private let stream: any ByteStream
  private let sentCount = Atomic<UInt64>(0)
  private let receivedCount = Atomic<UInt64>(0)
  private let sending = Mutex<[UInt8]>(Preamble.bytes)
  private let receiving = Mutex<Receiving>(Receiving())

  private struct Receiving {
    var decoder = FrameDecoder<Received>()
    var buffer = [UInt8](repeating: 0, count: 128 << 10)
  }

  /// What is gathered before it is sent without being asked to.
  private static var gathered: Int { 128 << 10 }

  public init(_ stream: any ByteStream) { self.stream = stream }

  /// Bytes of our own stream, framed: SSH's share is not among them.
  public var bytesSent: UInt64 { sentCount.load(ordering: .relaxed) }
  public var bytesReceived: UInt64 { receivedCount.load(ordering: .relaxed) }

  /// Queues a message; it goes out with others once they are many, or with `flush`.
  public func send(_ message: Sent) throws(TransportError) {
    try sending.withLock { (buffer) throws(TransportError) in
      Frame.encode(message, to: &buffer)
      if buffer.count >= Self.gathered { try write(&buffer) }
    }
  }

  public func flush() throws(TransportError) {
    try sending.withLock { (buffer) throws(TransportError) in
      if !buffer.isEmpty { try write(&buffer) }
    }
  }

  private func write(_ buffer: inout [UInt8]) throws(TransportError) {
    try stream.send(buffer)
    sentCount.wrappingAdd(UInt64(buffer.count), ordering: .relaxed)
    buffer.removeAll(keepingCapacity: true)
  }

  /// From now on frames of full length are taken.
  public func handshakeDone() { receiving.withLock { $0.decoder.handshakeDone = true } }

  /// Waits for the next message; nil at the end of the stream.
  ///
  /// - Throws: `TransportError` where the line failed, `ProtocolError` where what came is no message.
  public func receive() throws -> Received? {
    try receiving.withLock { state in
      while true {
        if let message = try state.decoder.next() { return message }
        let count = try stream.receive(into: &state.buffer)
        receivedCount.wrappingAdd(UInt64(count), ordering: .relaxed)
        if count == 0 {
          guard state.decoder.isBetweenFrames else {
            throw TransportError(
              .unreachable, "lost the connection to", "the other machine", cause: "the stream ended inside a message",
              next: "run the command again; what was staged is used")
          }
          return nil
        }
        try state.decoder.feed(state.buffer[..<count])
      }
    }
  }

  public func end() { stream.end() }
  public func closeSending() { stream.closeSending() }
  public func ending() -> String? { stream.ending() }
  public func failure() -> TransportError? { stream.failure() }
}
