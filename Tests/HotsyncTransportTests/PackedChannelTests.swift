import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@Suite struct PackedChannelTests {
  private func messages(_ random: inout SeededGenerator) throws -> [MasterMessage] {
    let text = Array(repeating: Array("the same words again, ".utf8), count: 1_000).flatMap { $0 }
    return try (0..<400).map { number in
      switch random.below(8) {
      case 0: .ping
      case 1: .delta(ArraySlice(random.bytes(1 + random.below(300_000))))
      case 2: .delta(ArraySlice((0..<20).flatMap { _ in text }))
      case 3: .delta(ArraySlice([UInt8](repeating: 7, count: Limits.frame - 1)))
      case 4: .data(offset: UInt64(number), ArraySlice(text))
      default: .remove(try #require(RelativePath("a/folder/and a file \(number)")))
      }
    }
  }

  @Test("packed messages of all sizes arrive in order, and both sides count what went over the wire")
  func arrive() throws {
    var random = SeededGenerator(announcing: "packed channel")
    let messages = try messages(&random)
    let pair = try Pair()
    let (near, far) = (MasterChannel(pair.near), SlaveChannel(pair.far))
    far.handshakeDone()
    let receiver = Worker {
      for message in [.commit, .bye] + messages where (try? far.receive()) != message {
        Issue.record("another message than was sent")
        return
      }
      #expect(throws: Never.self) { if try far.receive() != nil { Issue.record("more than was sent") } }
    }
    try near.send(.commit)
    try near.send(.bye)
    // What was sent before goes out as it is: the other side may not be ready for more.
    try near.pack(.always)
    #expect(near.bytesSent == 8 + 5 + 5)
    for message in messages { try near.send(message) }
    try near.flush()
    near.closeSending()
    receiver.join()
    #expect(far.bytesReceived == near.bytesSent)
    #expect(near.bytesSent < messages.reduce(0) { $0 + UInt64(frame($1).count) } / 2)
  }

  @Test("what does not get smaller costs nothing, and signs of life are not packed")
  func plain() throws {
    let clock = HandClock()
    let stream = Played(clock)
    let channel = MasterChannel(stream)
    try channel.pack(.auto)
    try channel.send(.ping)
    try channel.flush()
    #expect(stream.sent.map(\.bytes) == [Preamble.bytes, frame(.ping)])
    var random = SeededGenerator(announcing: "noise")
    let message = MasterMessage.delta(ArraySlice(random.bytes(300_000)))
    try channel.send(message)
    #expect(stream.sent.last?.bytes == frame(message))
    #expect(channel.bytesSent == UInt64(8 + 5 + frame(message).count))
  }

  @Test("a batch is packed together, and a message that does not fit it goes alone behind it")
  func batches() throws {
    let clock = HandClock()
    let stream = Played(clock)
    let channel = MasterChannel(stream)
    try channel.pack(.always)
    let small = MasterMessage.delta(ArraySlice([UInt8](repeating: 1, count: 5_000)))
    for _ in 0..<20 { try channel.send(small) }
    #expect(stream.sent.count == 1)
    try channel.send(.delta(ArraySlice([UInt8](repeating: 2, count: Limits.frame - 1))))
    #expect(stream.sent.count == 3)
    #expect(stream.sent.dropFirst().allSatisfy { $0.bytes[4] == 127 && $0.bytes.count < 300 })
    try channel.flush()
    #expect(stream.sent.count == 3)
  }
}
