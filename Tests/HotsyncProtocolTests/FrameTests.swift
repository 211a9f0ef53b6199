import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import Testing

@Suite struct FrameTests {
  @Test("a frame's length is refused at 0 and over the limit, as soon as it is announced")
  func lengths() {
    for length in [0, UInt32(Limits.frame) + 1, UInt32(Int32.max), UInt32.max] {
      #expect(refusal(of: frame(announcing: length), as: MasterMessage.self)?.kind == .damaged, "\(length)")
      #expect(
        refusal(of: frame(announcing: length), as: SlaveMessage.self, handshakeDone: false)?.kind == .incompatible)
    }
    for length in [1, 2, UInt32(Limits.frame)] {
      #expect(refusal(of: frame(announcing: length), as: MasterMessage.self) == nil, "\(length)")
    }
  }

  @Test("before the handshake a frame is 65,536 bytes at most")
  func handshakeLength() {
    let limit = UInt32(Limits.handshakeFrame)
    #expect(limit == 65_536)
    #expect(refusal(of: frame(announcing: limit), as: MasterMessage.self, handshakeDone: false) == nil)
    let over = refusal(of: frame(announcing: limit + 1), as: MasterMessage.self, handshakeDone: false)
    #expect(over?.kind == .incompatible)
    #expect(refusal(of: frame(announcing: limit + 1), as: MasterMessage.self) == nil)
  }

  @Test("a frame of exactly the limit arrives whole")
  func fullFrame() throws {
    let content = [UInt8](repeating: 7, count: Limits.frame - 1)
    #expect(try decoded(frame(type: 9, content), as: MasterMessage.self) == [.delta(content[...])])
  }

  @Test("an unknown type is refused in either direction, and one direction's types in the other")
  func unknownTypes() {
    for type in UInt8.min ... .max {
      if !(1...23).contains(type) {
        #expect(refusal(of: frame(type: type), as: MasterMessage.self)?.kind == .damaged, "\(type)")
      }
      if !(65...82).contains(type) {
        #expect(refusal(of: frame(type: type), as: SlaveMessage.self)?.kind == .damaged, "\(type)")
      }
    }
  }

  @Test("noise before the preamble is another program's, and the error shows it")
  func noise() throws {
    let greeting = Array("HOTEL\u{1B}[2J california".utf8)
    for chunk in [1, 3, greeting.count] {
      var decoder = FrameDecoder<SlaveMessage>()
      let error = try #require(throws: ProtocolError.self) {
        for start in stride(from: 0, to: greeting.count, by: chunk) {
          try decoder.feed(greeting[start..<min(start + chunk, greeting.count)])
        }
      }
      #expect(error.kind == .incompatible)
      #expect(error.cause.contains("\"HOTE"))
    }
    let error = try #require(throws: ProtocolError.self) {
      var decoder = FrameDecoder<SlaveMessage>()
      try decoder.feed(greeting[...])
    }
    #expect(error.cause.contains("HOTEL\\x1b[2J california"))
  }

  @Test("noise between frames after the handshake is damage")
  func laterNoise() {
    let noise = encoded(MasterMessage.ping) + Array("Killed\n".utf8)
    #expect(refusal(of: noise, as: MasterMessage.self)?.kind == .damaged)
  }

  @Test("a stream may end before the preamble and between frames, and nowhere else")
  func ends() throws {
    var decoder = FrameDecoder<MasterMessage>()
    #expect(decoder.isBetweenFrames)
    for byte in Preamble.bytes.dropLast() {
      try decoder.feed([byte])
      #expect(!decoder.isBetweenFrames)
    }
    try decoder.feed(Preamble.bytes.suffix(1))
    #expect(decoder.isBetweenFrames)
    try decoder.feed([1, 0])
    #expect(!decoder.isBetweenFrames)
  }
}
