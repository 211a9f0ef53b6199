import HotsyncCatalog
import HotsyncDelta
import HotsyncPlan
import HotsyncProtocol
import HotsyncSystem

/// The signatures that were asked for before their files had their turn, in the order of the paths.
struct AskedSignatures {
  private var waiting: [(path: RelativePath, signature: RequestedSignature)] = []
  private var head = 0

  mutating func append(_ signature: RequestedSignature, for path: RelativePath) { waiting.append((path, signature)) }

  /// The one for that path, if it is the next.
  mutating func take(_ path: RelativePath) -> RequestedSignature? {
    guard head < waiting.count, waiting[head].path == path else { return nil }
    let signature = waiting[head].signature
    head += 1
    if head == waiting.count || head > 4_096 {
      waiting.removeFirst(head)
      head = 0
    }
    return signature
  }
}

extension ContentSender {
  var mayAskMore: Bool { line.answers.hasRoom }
  var asksFew: Bool { line.answers.isHalfEmpty }

  /// Takes what comes and nobody wants as long as nothing more may be asked for: it would fill the inbox until the slave
  /// waits for us, and we for it.
  func makeRoomToAsk() throws {
    while !mayAskMore, line.answers.unwanted > 0 { try line.takeAnswer() }
  }

  /// Asks for the signature that a step will want; false where it will want none as far as the plan tells.
  func askAhead(for step: Step, damaged: Set<RelativePath>) throws -> Bool {
    guard let (path, size) = ContentSender.patched(by: step), !damaged.contains(path) else { return false }
    let signature = try ask(path, Stretch(offset: 0, length: size), fileSize: size)
    line.expect(signature)
    asked.append(signature, for: path)
    return true
  }

  /// A file that has other times or another size than what the slave has at its path, and that a patch is made for.
  private static func patched(by step: Step) -> (path: RelativePath, oldSize: UInt64)? {
    guard let old = step.old, case .regular(let oldSize, _) = old.content else { return nil }
    switch step {
    case .examine(let sighting, _), .replace(let sighting, _):
      guard case .regular(let size) = sighting.kind, isPatched(old: oldSize, new: size),
        size != oldSize || sighting.modified != old.metadata.modified
      else { return nil }
      return (sighting.path, oldSize)
    case .create, .remove: return nil
    }
  }

  /// Whether a small file goes as a patch of what the slave has.
  static func isPatched(old: UInt64, new: UInt64) -> Bool {
    min(old, new) >= deltaMinimum && max(old, new) < LargeFile.minimum
  }

  /// Takes the signature that was asked for ahead; asks now where none was.
  func signature(of path: RelativePath, size: UInt64) throws -> RequestedSignature {
    if let signature = asked.take(path) { return signature }
    return try requestSignature(path, Stretch(offset: 0, length: size), fileSize: size)
  }

  /// A path has had its turn: what was asked for it and not used is let go.
  func passAsked(_ path: RelativePath) {
    if let unused = asked.take(path) { line.giveUp(unused) }
  }

  /// Waits for what is still on its way, so that the answers that follow are others.
  func awaitAsked() throws { try line.awaitGivenUp() }
}
