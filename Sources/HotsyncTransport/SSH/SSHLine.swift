import HotsyncSystem

/// What the threads that use a connection and the one that runs it have in common.
struct SSHLine: Sendable {
  /// What is to be sent, and how much of what the pump took already is not on its way yet.
  var outgoing: [UInt8] = []
  var underWay = 0
  /// What came; what is in front of `taken` was received.
  var incoming: [UInt8] = []
  private var taken = 0
  /// What the other side wrote to its standard error, the first of it.
  var complaints: [UInt8] = []
  /// Nothing more is to be sent after what is there.
  var isSendingClosed = false
  /// Nobody uses it any more.
  var isEnding = false
  /// The pump has not begun, or has ended: nothing moves.
  var isOver = true
  /// Why, where that was not the other side's own end.
  var failure: TransportError?
  /// Of the agent, where it was told.
  var exitStatus: Int32?
  /// Whether anything of the agent's own ever came.
  var hasReceived = false
  /// The pump waits for the line and has to be woken.
  var isAsleep = false
  /// Something was done to this that the pump has not looked at yet.
  var hasNews = false

  /// What may wait to be sent: enough to keep the pump busy, and no more, as it is lost where we are killed.
  static let roomToSend = 512 << 10
  /// What may wait to be received: as much as the other side may send without being asked again.
  static let roomToReceive = 2 << 20
  /// How much of the standard error goes into a message: its beginning says what happened.
  static let complaintLimit = 2_000

  var hasRoomToSend: Bool { outgoing.count + underWay < SSHLine.roomToSend }
  var hasRoomToReceive: Bool { incoming.count - taken < SSHLine.roomToReceive }
  var isAllSent: Bool { outgoing.isEmpty && underWay == 0 }

  mutating func append(_ bytes: ArraySlice<UInt8>) {
    if taken > 0, taken == incoming.count || taken > SSHLine.roomToReceive {
      incoming.removeFirst(taken)
      taken = 0
    }
    incoming.append(contentsOf: bytes)
    hasReceived = hasReceived || !bytes.isEmpty
  }

  /// Moves bytes to the front of a buffer; nil where none are there.
  mutating func take(into buffer: inout [UInt8]) -> Int? {
    let count = min(buffer.count, incoming.count - taken)
    guard count > 0 else { return nil }
    buffer.replaceSubrange(0..<count, with: incoming[taken..<(taken + count)])
    taken += count
    return count
  }
}
