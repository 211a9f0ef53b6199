import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import HotsyncTransport
import TestSupport
import Testing

@Suite struct MessageChannelTests {
  private func messages(_ random: inout SeededGenerator) throws -> [MasterMessage] {
    let path = try #require(RelativePath("a/b"))
    return (0..<300).map { _ in
      switch random.below(4) {
      case 0: .ping
      case 1: .remove(path)
      case 2: .data(offset: random.next() >> 17, ArraySlice(random.bytes(1 + random.below(3_000))))
      default: .zeros(Stretch(offset: UInt64(random.below(1 << 30)), length: 9))
      }
    }
  }

  @Test("messages arrive whole and in order both ways at once, and both sides count the same bytes")
  func bothWays() throws {
    var random = SeededGenerator(announcing: "channel")
    let messages = try messages(&random)
    let pair = try Pair()
    let (near, far) = (MasterChannel(pair.near), SlaveChannel(pair.far))
    far.handshakeDone()
    let agent = Worker {
      for message in messages {
        #expect((try? far.receive()) == message)
        #expect(throws: Never.self) { try far.send(.signature(id: 1, [1, 2])) }
      }
      #expect(throws: Never.self) { try far.flush() }
      far.closeSending()
    }
    let reader = Worker {
      for _ in messages {
        #expect((try? near.receive()) == .signature(id: 1, [1, 2]))
      }
      #expect(throws: Never.self) { if try near.receive() != nil { Issue.record("more than was sent") } }
    }
    for message in messages { try near.send(message) }
    try near.flush()
    agent.join()
    reader.join()
    let bytes = messages.reduce(Preamble.bytes.count) { $0 + frame($1).count }
    #expect(near.bytesSent == UInt64(bytes))
    #expect(far.bytesReceived == near.bytesSent)
    #expect(near.bytesReceived == UInt64(Preamble.bytes.count + messages.count * 8))
    #expect(far.bytesSent == near.bytesReceived)
  }

  @Test("small messages wait for flush, many go by themselves")
  func gathering() throws {
    let pair = try Pair()
    let near = MasterChannel(pair.near)
    try near.send(.ping)
    #expect(near.bytesSent == 0)
    try near.flush()
    #expect(near.bytesSent == 13)
    try near.flush()
    #expect(near.bytesSent == 13)
    let reader = Worker {
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      var total = 0
      while total < 150_000, let count = try? pair.far.receive(into: &buffer), count > 0 { total += count }
    }
    try near.send(.delta(ArraySlice([UInt8](repeating: 1, count: 150_000))))
    reader.join()
    #expect(near.bytesSent == 13 + 150_005)
  }

  @Test("a byte at a time gives the same messages")
  func byteAtATime() throws {
    var random = SeededGenerator(announcing: "bytes")
    let messages = Array(try messages(&random).prefix(20))
    let bare = try Bare()
    let number = bare.writing.number
    let bytes = Preamble.bytes + messages.flatMap(frame)
    let writer = Worker {
      for byte in bytes { while (try? Descriptor.writeSome([byte], to: number)) == 0 {} }
    }
    let channel = SlaveChannel(bare.stream)
    for message in messages { #expect(try channel.receive() == message, "HOTSYNC_SEED=\(random.seed)") }
    writer.join()
    #expect(channel.bytesReceived == UInt64(bytes.count))
  }

  @Test("a stream that ends between messages is the end, and inside one a lost connection", arguments: 0...25)
  func ends(_ length: Int) throws {
    let path = try #require(RelativePath("ab"))
    let bytes = Preamble.bytes + frame(.ping) + frame(.remove(path)) + frame(.bye)
    // After nothing, the preamble, and each message.
    let ends = [0: 0, 8: 0, 13: 1, 21: 2, 26: 3]
    func received() throws -> Int {
      let bare = try Bare()
      try bare.writing.write(bytes.prefix(length))
      let channel = SlaveChannel(bare.closeBoth())
      var count = 0
      while try channel.receive() != nil { count += 1 }
      return count
    }
    if let count = ends[length] {
      #expect(try received() == count)
    } else {
      let error = #expect(throws: TransportError.self) { _ = try received() }
      #expect(error?.kind == .unreachable)
    }
  }

  @Test("noise in place of the preamble is another program's, and damage later on")
  func noise() throws {
    let bare = try Bare()
    try bare.writing.write(Array("Last login: never\n".utf8))
    let channel = SlaveChannel(bare.stream)
    let error = #expect(throws: ProtocolError.self) { _ = try channel.receive() }
    #expect(error?.kind == .incompatible)
    let other = try Bare()
    try other.writing.write(Preamble.bytes + frame(.ping) + Array("Killed\n".utf8))
    let later = SlaveChannel(other.stream)
    #expect(try later.receive() == .ping)
    later.handshakeDone()
    let damage = #expect(throws: ProtocolError.self) { _ = try later.receive() }
    #expect(damage?.kind == .damaged)
  }
}
