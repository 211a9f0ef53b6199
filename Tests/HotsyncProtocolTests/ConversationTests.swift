import HotsyncCatalog
import HotsyncProtocol
import HotsyncSystem
import Testing

@Suite struct ConversationTests {
  private typealias State = Conversation.State

  /// What may follow, as docs/protocol.md has it: state, message, next state. Everything else is refused.
  private static let table: [(State, [UInt8], State)] = [
    (.greeted(.cycle), [2, 18, 21, 22], .greeted(.cycle)),
    (.greeted(.cycle), [3], .pushing),
    (.greeted(.cycle), [19], .ended),
    (.greeted(.look), [2, 18, 21], .greeted(.look)),
    (.greeted(.look), [19], .ended),
    (.greeted(.snapshots), [2, 18, 21, 23], .greeted(.snapshots)),
    (.greeted(.snapshots), [19], .ended),
    (.pushing, [4, 13, 14, 15, 18, 22, 24], .pushing),
    (.pushing, [5], .inContent),
    (.pushing, [16], .sealed),
    (.pushing, [19], .ended),
    (.inContent, [4, 6, 7, 18, 20, 24, 25], .inContent),
    (.inContent, [8], .inDelta),
    (.inContent, [11, 12, 26], .pushing),
    (.inDelta, [4, 9, 18], .inDelta),
    (.inDelta, [10], .inContent),
    (.sealed, [17], .committed),
    (.sealed, [5], .inContent),
    (.sealed, [18], .sealed),
    (.sealed, [19], .ended),
    (.committed, [18, 22], .committed),
    (.committed, [19], .ended),
  ]

  /// The shortest way to each state.
  private static let ways: [(State, [UInt8])] = [
    (.silent, []), (.greeted(.cycle), [1]), (.pushing, [1, 3]), (.inContent, [1, 3, 5]), (.inDelta, [1, 3, 5, 8]),
    (.sealed, [1, 3, 16]), (.committed, [1, 3, 16, 17]), (.ended, [1, 19]),
  ]

  private func message(_ type: UInt8) throws -> MasterMessage {
    try #require(try Samples.master().first { $0.message.type == type }).message
  }

  private func check(_ conversation: Conversation, _ state: State) throws {
    for type in UInt8(1)...26 {
      var next = conversation
      let expected: State?
      if state == .silent {
        expected = type == 1 ? .greeted(.cycle) : nil
      } else {
        expected = ConversationTests.table.first { $0.0 == state && $0.1.contains(type) }?.2
      }
      let said = try message(type)
      if let expected {
        try next.accept(said)
        #expect(next.state == expected, "\(state), message \(type)")
      } else {
        let error = #expect(throws: ProtocolError.self, "\(state), message \(type)") { try next.accept(said) }
        #expect(error?.kind == (state == .silent ? .incompatible : .damaged))
        #expect(next.state == state, "a refused message changes nothing")
      }
    }
  }

  @Test("in every state exactly the messages of the table are taken")
  func pairs() throws {
    for (state, way) in ConversationTests.ways {
      var conversation = Conversation()
      for type in way { try conversation.accept(try message(type)) }
      #expect(conversation.state == state)
      try check(conversation, state)
    }
    for purpose in [Hello.Purpose.look, .snapshots] {
      var conversation = Conversation()
      try conversation.accept(.hello(try Samples.hello(purpose: purpose, store: nil, adopts: false)))
      try check(conversation, .greeted(purpose))
    }
  }
}
