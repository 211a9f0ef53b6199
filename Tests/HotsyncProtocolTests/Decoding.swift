import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import TestSupport

/// The frame of a payload that need not mean anything.
func frame(type: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
  frame(announcing: UInt32(payload.count + 1)) + [type] + payload
}

/// The four bytes that announce a frame of that length.
func frame(announcing length: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) }
}

func encoded<Message: WireMessage>(_ message: Message) -> [UInt8] {
  var bytes: [UInt8] = []
  Frame.encode(message, to: &bytes)
  return bytes
}

/// All messages of a stream that begins with the preamble.
func decoded<Message: WireMessage>(
  _ frames: [UInt8], as type: Message.Type, handshakeDone: Bool = true
) throws(ProtocolError) -> [Message] {
  var decoder = FrameDecoder<Message>()
  decoder.handshakeDone = handshakeDone
  try decoder.feed((Preamble.bytes + frames)[...])
  var messages: [Message] = []
  while let message = try decoder.next() { messages.append(message) }
  return messages
}

/// What the stream is refused with; nil where it is not.
func refusal<Message: WireMessage>(
  of frames: [UInt8], as type: Message.Type, handshakeDone: Bool = true
) -> ProtocolError? {
  do throws(ProtocolError) {
    _ = try decoded(frames, as: type, handshakeDone: handshakeDone)
    return nil
  } catch { return error }
}

/// A payload put together by hand.
func payload(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
  var writer = ByteWriter()
  body(&writer)
  return writer.bytes
}

extension ZstdFrame {
  /// One message with so many bytes of content, all the same.
  static func delta(of count: Int) -> ZstdFrame {
    var blocks = [Block.raw(frame(announcing: UInt32(count + 1)) + [9])]
    for start in stride(from: 0, to: count, by: 1 << 17) { blocks.append(.run(7, min(1 << 17, count - start))) }
    return ZstdFrame(blocks)
  }
}
