import HotsyncCatalog
import HotsyncDelta
import HotsyncProtocol
import HotsyncReport
import HotsyncSystem
import HotsyncTransport

/// The master's end of the conversation: sends, and sorts what comes back.
final class SlaveLine {
  private let channel: MasterChannel
  private let inbox: Inbox
  private let clocks: Clocks
  private(set) var answers = SignatureAnswers()
  private var heartbeat: Heartbeat?
  /// What the slave told the operator.
  private(set) var problems: [Problem] = []
  /// Bytes of content, as they are or as deltas, that were given to the line.
  private(set) var literal: UInt64 = 0

  /// Lists of chunks that were asked for and have not come to their end, and the one that is waited for.
  private var outstanding: [UInt64: ChunkAllowance] = [:]
  private var awaited: UInt64?

  /// What a person may be told in one cycle.
  private static let noticeLimit = 10_000
  /// librsync's header, and for each block both sums.
  private static let signatureLimit = 64 + Limits.signatureBlocks * (4 + 32)

  init(_ channel: MasterChannel, clocks: Clocks) {
    self.channel = channel
    self.clocks = clocks
    inbox = Inbox(channel)
  }

  var bytesSent: UInt64 { channel.bytesSent }
  var bytesReceived: UInt64 { channel.bytesReceived }

  /// Says hello and waits for the answer, before anything else is received.
  ///
  /// - Parameter packing: of what is sent from then on; the slave is asked to pack its answers if that is on.
  func greet(_ hello: Hello, packing: Packing = .never) throws -> Welcome {
    var hello = hello
    hello.takesPacked = packing != .never
    do {
      try channel.send(.hello(hello))
      try channel.flush()
    } catch {
      // A slave that ended at once may have said why; one that still waits for us must not wait in vain.
      channel.closeSending()
      guard case .refusal(let refusal)? = try? channel.receive() else { throw ended(error) }
      throw refusal.error
    }
    while true {
      switch try channel.receive() {
      case .welcome(let welcome):
        channel.handshakeDone()
        try channel.pack(packing)
        inbox.start()
        heartbeat = Heartbeat(.ping, over: channel, clocks: clocks)
        return welcome
      // It rolls an interrupted commit forward first.
      case .ping: continue
      case .refusal(let refusal): throw refusal.error
      case nil: throw ended(nil)
      default: throw ProtocolError.malformed("the first message is no greeting", handshakeDone: false)
      }
    }
  }

  private func ended(_ error: (any Error)?) -> any Error {
    channel.end()
    if let failure = channel.failure() { return failure }
    let words = channel.ending() ?? "it closed the line before it said anything"
    // An agent that cannot begin says on its standard error what, why, and what to type.
    if let cause = words.firstRange(of: ";   cause: "), let next = words.firstRange(of: ";   next:  "),
      cause.upperBound <= next.lowerBound
    {
      return ProtocolError(
        .unreachable, "cannot talk to", "the slave",
        cause: "\(words[..<cause.lowerBound]): \(words[cause.upperBound..<next.lowerBound])",
        next: "the slave says: \(words[next.upperBound...])")
    }
    return ProtocolError(
      .unreachable, "cannot talk to", "the slave", cause: words,
      next: "see its log there: hotsync-slave status, and journalctl")
  }

  /// A content was begun, and neither closed nor dropped.
  private(set) var hasOpenContent = false

  func send(_ message: MasterMessage) throws {
    switch message {
    case .openContent: hasOpenContent = true
    case .closeContent, .dropContent: hasOpenContent = false
    case .data(_, let bytes), .delta(let bytes), .file(_, _, let bytes): literal &+= UInt64(bytes.count)
    default: break
    }
    do { try channel.send(message) } catch { throw inbox.reason(after: error) }
  }

  func flush() throws {
    do { try channel.flush() } catch { throw inbox.reason(after: error) }
  }

  /// Called often while we are busy: ends what is done for nobody, once the slave is gone.
  func check() throws {
    if let ended = inbox.ended { throw ended }
  }

  /// The next message that is no notice.
  func next() throws -> SlaveMessage {
    while true {
      let message = try inbox.next()
      if try isUnwanted(message) { continue }
      guard case .notice(let code, let path, let text, let nextStep) = message else { return message }
      guard problems.count < SlaveLine.noticeLimit else {
        throw ProtocolError.malformed(
          "it has more than \(SlaveLine.noticeLimit) notices for the operator", handshakeDone: true)
      }
      problems.append(
        Problem(
          code: code, path: path.map { ReportedPath($0) }, message: text, nextStep: "the slave says: \(nextStep)",
          leftOut: false))
    }
  }

  func unexpected(_ message: SlaveMessage) -> ProtocolError {
    .malformed("message \(message.type) where another was due", handshakeDone: true)
  }

  /// The signature that was asked for under this number. Signatures come in the order in which they were asked for; those of
  /// smaller numbers were given up.
  func signature(_ id: UInt64) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      if let whole = answers.take(id) { return whole }
      let message = try next()
      guard try !answers.take(message) else { continue }
      switch message {
      case .signature(let number, let piece) where number == id:
        bytes += piece
        guard bytes.count <= SlaveLine.signatureLimit else {
          throw ProtocolError.malformed("a signature that comes to no end", handshakeDone: true)
        }
      case .signature(let number, _) where number < id: continue
      case .signatureEnd(let number) where number == id: return bytes
      case .signatureEnd(let number) where number < id: continue
      case let other: throw unexpected(other)
      }
    }
  }

  /// A signature was asked for that is not waited for yet.
  func expect(_ signature: RequestedSignature) { answers.expect(signature) }

  /// What was expected is not wanted any more.
  func giveUp(_ signature: RequestedSignature) { answers.giveUp(signature.id) }

  /// Waits until all that was expected has come.
  func awaitGivenUp() throws {
    while !answers.isEmpty { try takeAnswer() }
  }

  /// Waits for the next piece of what was expected.
  func takeAnswer() throws {
    let message = try next()
    guard try answers.take(message) else { throw unexpected(message) }
  }

  /// Asks for the chunks of a stretch of the slave's file. What is not waited for is let go when it comes.
  func requestChunks(_ request: ChunkRequest) throws {
    outstanding[request.id] = ChunkAllowance(request.stretch)
    try send(.requestChunks(request))
    try flush()
  }

  /// The chunks that were asked for under this number.
  func chunks(_ id: UInt64) throws -> [Chunk] {
    var all: [Chunk] = []
    awaited = id
    defer { awaited = nil }
    while true {
      let message = try next()
      // Signatures that were asked for before come before.
      guard try !answers.take(message) else { continue }
      switch message {
      case .chunks(id, let chunks): all += chunks
      case .chunksEnd(id): return all
      case let other: throw unexpected(other)
      }
    }
  }

  /// Whether a message is of a list of chunks that nobody waits for any more. Each list is held to what was asked for.
  private func isUnwanted(_ message: SlaveMessage) throws -> Bool {
    switch message {
    case .chunks(let id, let chunks):
      guard outstanding[id]?.take(chunks) == true else { throw unexpected(message) }
      return id != awaited
    case .chunksEnd(let id):
      guard outstanding.removeValue(forKey: id) != nil else { throw unexpected(message) }
      return id != awaited
    default: return false
    }
  }

  /// - Parameter inStep: whether the slave holds all that it should: it notes the time.
  func close(inStep: Bool) {
    heartbeat?.end()
    if inStep { try? channel.send(.bye) }
    try? channel.flush()
    channel.end()
  }

  /// Ends it at once, if it still stands, so that nothing of it is left when the next one is opened.
  func end() {
    heartbeat?.end()
    channel.end()
  }
}

/// What a list of chunks may still hold.
private struct ChunkAllowance {
  private var bytes: UInt64
  private var count: UInt64

  init(_ stretch: Stretch) {
    bytes = stretch.length
    count = stretch.length / UInt64(ChunkCutter.minimum) + 1
  }

  /// False where it is too much.
  mutating func take(_ chunks: [Chunk]) -> Bool {
    let length = chunks.reduce(UInt64(0)) { $0 + UInt64($1.length) }
    guard length <= bytes, UInt64(chunks.count) <= count else { return false }
    bytes -= length
    count -= UInt64(chunks.count)
    return true
  }
}
