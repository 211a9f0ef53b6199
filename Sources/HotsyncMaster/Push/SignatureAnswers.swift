import HotsyncProtocol

/// What has come of signatures that were asked for ahead. Nothing is kept that was not asked for, and no more of it than it
/// can be.
struct SignatureAnswers {
  private struct Answer {
    let limit: Int
    var bytes: [UInt8] = []
    var isWhole = false
    var isWanted = true
  }

  private var answers: [UInt64: Answer] = [:]

  var isEmpty: Bool { answers.isEmpty }

  mutating func expect(_ signature: RequestedSignature) {
    answers[signature.id] = Answer(limit: Int(signature.length))
  }

  func awaits(_ id: UInt64) -> Bool { answers[id] != nil }

  /// Nil as long as it is not whole.
  mutating func take(_ id: UInt64) -> [UInt8]? {
    guard let answer = answers[id], answer.isWhole else { return nil }
    answers[id] = nil
    return answer.bytes
  }

  mutating func giveUp(_ id: UInt64) {
    if answers[id]?.isWhole == true { answers[id] = nil }
    answers[id]?.isWanted = false
    answers[id]?.bytes = []
  }

  /// False where the message belongs to none of them.
  mutating func take(_ message: SlaveMessage) throws(ProtocolError) -> Bool {
    switch message {
    case .signature(let id, let piece):
      guard let answer = answers[id], !answer.isWhole else { return false }
      guard answer.isWanted else { return true }
      answers[id]?.bytes += piece
      guard answer.bytes.count + piece.count <= answer.limit else {
        throw .malformed("a signature that is longer than it can be", handshakeDone: true)
      }
      return true
    case .signatureEnd(let id):
      guard let answer = answers[id], !answer.isWhole else { return false }
      if answer.isWanted { answers[id]?.isWhole = true } else { answers[id] = nil }
      return true
    default: return false
    }
  }
}
