public import HotsyncCatalog
public import HotsyncSystem

public enum ProtocolDomain {}
/// What a peer said that cannot be so.
public typealias ProtocolError = Failure<ProtocolDomain>

extension ProtocolError {
  /// - Parameter handshakeDone: before it, what answers does not speak our protocol (76); after it, its data is damaged (65).
  public static func malformed(_ cause: String, handshakeDone: Bool) -> ProtocolError {
    handshakeDone
      ? ProtocolError(
        .damaged, "cannot understand", "the other machine", cause: cause,
        next: "run the command again; if it stays, install the same version of hotsync on both machines")
      : ProtocolError(
        .incompatible, "cannot talk to", "the other machine", cause: cause,
        next: "see what runs there: its login must start hotsync-slave serve and print nothing of its own")
  }
}

/// What each side sends before its first frame, so that anything else (a login's greeting, another program) is known at once.
public enum Preamble {
  public static let bytes = Array("HOTSYNC1".utf8)
}

/// A message type of one direction: its number and its payload's form.
public protocol WireMessage: Sendable {
  /// The number that stands before the payload.
  var type: UInt8 { get }
  /// Whether it says nothing but that its sender is alive.
  var isPing: Bool { get }
  func encode(to writer: inout ByteWriter)
  /// - Throws: `Malformed` for an unknown type and for a payload that is not exactly one of that type.
  static func decode(type: UInt8, from reader: inout ByteReader) throws(Malformed) -> Self
}

/// A frame: the length of type and payload (4 bytes, least first), the type (1 byte), the payload.
public enum Frame {
  static let headerLength = 4

  public static func encode(_ message: some WireMessage, to bytes: inout [UInt8]) {
    let start = bytes.count
    // Written where it is to stand: contents are copied once.
    var writer = ByteWriter(continuing: consumed(&bytes))
    writer.raw([0, 0, 0, 0, message.type])
    message.encode(to: &writer)
    bytes = writer.take()
    let length = UInt32(bytes.count - start - headerLength)
    precondition(Int(length) <= Limits.frame, "a frame of \(length) bytes")
    for index in 0..<headerLength { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
  }

  /// Takes the array out, so that it has one owner and is not copied when it grows.
  private static func consumed(_ bytes: inout [UInt8]) -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }
}

/// Takes bytes as they come and gives whole messages, those of packed frames too. Pure: no I/O, and at most one frame more
/// than a read in memory, besides what one packed frame holds.
public struct FrameDecoder<Message: WireMessage>: Sendable {
  private(set) var buffer: [UInt8] = []
  private var start = 0
  private var preambleLeft = Preamble.bytes[...]
  /// What the last packed frame held, and how far it was read.
  private(set) var unpacked: [UInt8] = []
  private var unpackedStart = 0
  // Holds no state from one frame to the next: copies of the decoder may share it.
  private var unpacker: Unpacker?
  private var expansion = Expansion()
  /// Of the stream, up to where it was read.
  private var streamed = UInt64(Preamble.bytes.count)
  /// Set by the conversation once both sides have greeted: longer frames are allowed from then on, and packed ones.
  public var handshakeDone = false

  /// Bytes of the message that was given last.
  public private(set) var lastLength = 0

  public init() {}

  public mutating func feed(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    var bytes = bytes
    while !preambleLeft.isEmpty, let byte = bytes.first {
      guard byte == preambleLeft.first else {
        let begun = Preamble.bytes.dropLast(preambleLeft.count) + bytes.prefix(60)
        throw .malformed(
          "it began with \"\(shown(begun))\", which is not how hotsync begins", handshakeDone: false)
      }
      preambleLeft.removeFirst()
      bytes.removeFirst()
    }
    if start > 0, start == buffer.count || start > Limits.frame {
      buffer.removeFirst(start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next whole message; nil until more bytes have come.
  public mutating func next() throws(ProtocolError) -> Message? {
    while true {
      if let message = try nextUnpacked() { return message }
      guard let (type, payload) = try frame(in: buffer, at: start) else { return nil }
      streamed += UInt64(payload.endIndex - start)
      start = payload.endIndex
      guard type == PackedFrame.type, handshakeDone else {
        lastLength = payload.count
        return try message(type, payload)
      }
      try unpack(payload)
    }
  }

  private mutating func unpack(_ payload: ArraySlice<UInt8>) throws(ProtocolError) {
    let unpacker = self.unpacker ?? Unpacker()
    self.unpacker = unpacker
    do throws(Malformed) {
      unpacked = try unpacker.unpack(payload) { expansion.take($0, streamed: streamed) }
      unpackedStart = 0
    } catch { throw .malformed("a packed frame: \(error.reason)", handshakeDone: true) }
  }

  private mutating func nextUnpacked() throws(ProtocolError) -> Message? {
    guard !unpacked.isEmpty else { return nil }
    guard let (type, payload) = try frame(in: unpacked, at: unpackedStart) else {
      throw .malformed("a packed frame: it ends inside a frame", handshakeDone: true)
    }
    guard type != PackedFrame.type else {
      throw .malformed("a packed frame inside another", handshakeDone: true)
    }
    unpackedStart = payload.endIndex
    if unpackedStart == unpacked.count { unpacked = [] }
    lastLength = payload.count
    return try message(type, payload)
  }

  /// The frame that begins there; nil where it is not whole.
  private func frame(
    in bytes: [UInt8], at start: Int
  ) throws(ProtocolError) -> (type: UInt8, payload: ArraySlice<UInt8>)? {
    let available = bytes.count - start
    guard available >= Frame.headerLength else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    let limit = handshakeDone ? Limits.frame : Limits.handshakeFrame
    guard length >= 1, length <= limit else {
      throw .malformed("a frame of \(length) bytes, where 1 to \(limit) are allowed", handshakeDone: handshakeDone)
    }
    guard available >= Frame.headerLength + length else { return nil }
    let end = start + Frame.headerLength + length
    return (bytes[start + Frame.headerLength], bytes[(start + Frame.headerLength + 1)..<end])
  }

  private func message(_ type: UInt8, _ payload: ArraySlice<UInt8>) throws(ProtocolError) -> Message {
    var reader = ByteReader(payload)
    do throws(Malformed) {
      let message = try Message.decode(type: type, from: &reader)
      try reader.end()
      return message
    } catch {
      throw .malformed("message \(type): \(error.reason)", handshakeDone: handshakeDone)
    }
  }

  /// Whether the stream could end here.
  public var isBetweenFrames: Bool {
    start == buffer.count && unpacked.isEmpty
      && (preambleLeft.isEmpty || preambleLeft.count == Preamble.bytes.count)
  }
}
