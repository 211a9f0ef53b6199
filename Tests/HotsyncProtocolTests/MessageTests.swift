import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import Testing

@Suite struct MessageTests {
  @Test("every message of the master has the bytes of docs/protocol.md and comes back from them")
  func masterGolden() throws { try check(Samples.master()) }

  @Test("every message of the slave has the bytes of docs/protocol.md and comes back from them")
  func slaveGolden() throws { try check(Samples.slave()) }

  private func check<Message: WireMessage & Equatable>(_ samples: [(message: Message, frame: String)]) throws {
    for (message, golden) in samples {
      #expect(hexadecimal(encoded(message)) == hexadecimal(bytes(golden)), "\(message)")
      #expect(try decoded(bytes(golden), as: Message.self) == [message])
    }
  }

  @Test("the samples hold every type of message")
  func samplesAreComplete() throws {
    #expect(Set(try Samples.master().map(\.message.type)) == Set(1...26))
    #expect(Set(try Samples.slave().map(\.message.type)) == Set(65...84))
  }

  @Test("a stream of all messages comes back the same a byte at a time")
  func byteAtATime() throws {
    try byteAtATime(Samples.master().map(\.message))
    try byteAtATime(Samples.slave().map(\.message))
  }

  private func byteAtATime<Message: WireMessage & Equatable>(_ messages: [Message]) throws {
    var decoder = FrameDecoder<Message>()
    decoder.handshakeDone = true
    var got: [Message] = []
    for byte in Preamble.bytes + messages.flatMap({ encoded($0) }) {
      try decoder.feed([byte])
      while let message = try decoder.next() { got.append(message) }
    }
    #expect(got == messages)
    #expect(decoder.isBetweenFrames)
  }

  @Test("a stream cut at any byte gives the messages before the cut and waits for more")
  func cutStream() throws {
    let messages = try Samples.master().map(\.message)
    let stream = messages.flatMap { encoded($0) }
    var ends: [Int] = [0]
    for message in messages { ends.append((ends.last ?? 0) + encoded(message).count) }
    for length in 0..<stream.count {
      var decoder = FrameDecoder<MasterMessage>()
      decoder.handshakeDone = true
      try decoder.feed((Preamble.bytes + stream.prefix(length))[...])
      var count = 0
      while try decoder.next() != nil { count += 1 }
      #expect(count == ends.dropFirst().count { $0 <= length })
      #expect(decoder.isBetweenFrames == ends.contains(length))
    }
  }

  @Test("a payload cut at any byte is refused, as is one with a byte more")
  func cutPayload() throws {
    try cutPayload(Samples.master())
    try cutPayload(Samples.slave())
  }

  private func cutPayload<Message: WireMessage & Equatable>(_ samples: [(message: Message, frame: String)]) {
    for (message, golden) in samples {
      let whole = Array(bytes(golden).dropFirst(5))
      // The rest of these is content, which has no length of its own.
      let fixed = MessageTests.lengthBeforeContent(message) ?? whole.count
      for length in 0..<fixed {
        let error = refusal(of: frame(type: message.type, Array(whole.prefix(length))), as: Message.self)
        #expect(error?.kind == .damaged, "\(message) cut at \(length)")
      }
      guard fixed == whole.count else { continue }
      let longer = frame(type: message.type, whole + [0])
      #expect(refusal(of: longer, as: Message.self)?.kind == .damaged, "\(message) and a byte more")
    }
  }

  private static func lengthBeforeContent(_ message: some WireMessage) -> Int? {
    switch message as? MasterMessage {
    case .data: return 7
    case .delta: return 1
    default: break
    }
    switch message as? SlaveMessage {
    case .signature: return 1
    // Of chunks, behind the first.
    case .chunks: return 11
    default: return nil
    }
  }

  @Test("of contents that failed their check no more are told at a time than fit a frame")
  func manyMismatched() throws {
    let numbers = (0..<300_000).map { Limits.number - UInt64($0) }
    let got = try decoded(encoded(SlaveMessage.mismatched(numbers)), as: SlaveMessage.self)
    #expect(got == [.mismatched(Array(numbers.prefix(65_536)))])
  }

  @Test("texts that are longer than the limit are cut by who sends them and arrive")
  func longTexts() throws {
    let long = String(repeating: "ä", count: 10_000)
    let path = try Samples.path("p")
    let got = try decoded(
      encoded(SlaveMessage.notice(code: "c", path: path, message: long, nextStep: long)), as: SlaveMessage.self)
    #expect(
      got == [
        .notice(
          code: "c", path: path, message: String(long.prefix(512)), nextStep: String(long.prefix(512)))
      ])
    let error = ProtocolError(.failed, long, long, cause: long, next: long)
    let refusals = try decoded(
      encoded(SlaveMessage.refusal(Refusal(error))), as: SlaveMessage.self, handshakeDone: false)
    guard case .refusal(let refusal)? = refusals.first else { throw error }
    #expect(refusal.error.cause == String(long.prefix(512)))
  }
}
