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
  /// What they may have in all, those included that nobody wants any more and that have not come yet: they wait in the inbox
  /// all the same.
  private var bytes = 0
  /// How many have not come and are not wanted any more.
  private(set) var unwanted = 0

  /// What may be on its way at a time: what two round trips of 50 ms take on loopback, and a fraction of what the inbox holds.
  static let countLimit = 2_048
  static let bytesLimit = 4 << 20

  var isEmpty: Bool { answers.isEmpty }
  var hasRoom: Bool { isLess(than: 1) }
  var isHalfEmpty: Bool { isLess(than: 2) }

  private func isLess(than part: Int) -> Bool {
    answers.count < SignatureAnswers.countLimit / part && bytes < SignatureAnswers.bytesLimit / part
  }

  mutating func expect(_ signature: RequestedSignature) {
    answers[signature.id] = Answer(limit: Int(signature.length))
    bytes += Int(signature.length)
  }

  private mutating func remove(_ id: UInt64) {
    guard let answer = answers.removeValue(forKey: id) else { return }
    bytes -= answer.limit
    if !answer.isWanted { unwanted -= 1 }
  }

  func awaits(_ id: UInt64) -> Bool { answers[id] != nil }

  /// Nil as long as it is not whole.
  mutating func take(_ id: UInt64) -> [UInt8]? {
    guard let answer = answers[id], answer.isWhole else { return nil }
    remove(id)
    return answer.bytes
  }

  mutating func giveUp(_ id: UInt64) {
    guard let answer = answers[id], answer.isWanted else { return }
    if answer.isWhole { return remove(id) }
    answers[id]?.isWanted = false
    answers[id]?.bytes = []
    unwanted += 1
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
      if answer.isWanted { answers[id]?.isWhole = true } else { remove(id) }
      return true
    default: return false
    }
  }
}
