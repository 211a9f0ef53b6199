import HotsyncTransport
import Synchronization

/// Passes on what a master says, and keeps it.
final class RecordingStream: ByteStream {
  private let stream: any ByteStream
  private let recorded = Mutex<[UInt8]>([])

  init(_ stream: any ByteStream) { self.stream = stream }

  var bytes: [UInt8] { recorded.withLock { $0 } }

  func send(_ bytes: [UInt8]) throws(TransportError) {
    recorded.withLock { $0 += bytes }
    try stream.send(bytes)
  }

  func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int { try stream.receive(into: &buffer) }

  func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    try stream.receive(into: &buffer, atMost: limit)
  }

  func closeSending() { stream.closeSending() }
  func end() { stream.end() }
  func ending() -> String? { stream.ending() }
}

/// Says to an agent what a master said to another one, from memory and without a system call; what the agent answers goes
/// nowhere.
final class ReplayedStream: ByteStream {
  private let rest: Mutex<ArraySlice<UInt8>>

  init(_ bytes: [UInt8]) { rest = Mutex(bytes[...]) }

  func send(_ bytes: [UInt8]) throws(TransportError) {}

  func receive(into buffer: inout [UInt8]) throws(TransportError) -> Int {
    let piece = rest.withLock { rest in
      defer { rest = rest.dropFirst(buffer.count) }
      return rest.prefix(buffer.count)
    }
    buffer.replaceSubrange(..<piece.count, with: piece)
    return piece.count
  }

  func receive(into buffer: inout [UInt8], atMost limit: Duration) throws(TransportError) -> Int? {
    try receive(into: &buffer)
  }

  func closeSending() {}
  func end() {}
  func ending() -> String? { nil }
}
