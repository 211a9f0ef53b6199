/// A pattern with wildcards, compiled. Its cost grows with the length of the text times that of the pattern over 64,
/// whatever either holds: no backtracking.
///
/// The bytes before the first wildcard and after the last are compared as they are. What lies between is a
/// non-deterministic automaton with one state for each part passed, held as bits and advanced for all states at once
/// (Baeza-Yates and Gonnet, "A new approach to text searching", 1992); `*` and `**` keep a state alive over a byte.
struct Wildcard: Equatable {
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  /// For each byte value `wordCount` words: the states that a part leads out of on that byte.
  private let leaving: [UInt64]
  /// The states that stay on any byte, and those that stay on any byte but a slash.
  private let stayingAnywhere: [UInt64]
  private let stayingInName: [UInt64]
  private let wordCount: Int
  private let lastState: Int
  private let startsAfterAnySlash: Bool
  private let seesSlashBefore: Bool
  private let seesFolderSlash: Bool

  /// Nil where the pattern could never match.
  init?(_ pattern: ArraySlice<UInt8>, reach: ExcludePattern.Reach, seesFolderSlash: Bool) {
    guard let parts = WildcardPart.read(pattern) else { return nil }
    startsAfterAnySlash = reach == .anyLevel
    seesSlashBefore = reach == .wholePathAfterSlash
    self.seesFolderSlash = seesFolderSlash
    let isLiteral = { (part: WildcardPart) in if case .byte = part { true } else { false } }
    var before = startsAfterAnySlash ? 0 : parts.prefix(while: isLiteral).count
    // Of `name/***` the slash may be the one after the text.
    if seesFolderSlash, before > 0, parts[before - 1] == .byte(.slash) { before -= 1 }
    var after = parts[before...].reversed().prefix(while: isLiteral).count
    // Of `**/name` the slash may be the one before the text.
    if seesSlashBefore, after > 0, parts[parts.count - after] == .byte(.slash) { after -= 1 }
    let core = parts[before..<(parts.count - after)]
    prefix = Wildcard.bytes(parts[..<before])
    suffix = Wildcard.bytes(parts[(parts.count - after)...])

    lastState = core.count { $0 != .anyInName && $0 != .anything }
    let wordCount = lastState / 64 + 1
    var leaving = [UInt64](repeating: 0, count: 256 * wordCount)
    var anywhere = [UInt64](repeating: 0, count: wordCount)
    var inName = anywhere
    var state = 0
    for part in core {
      let (word, bit) = (state / 64, UInt64(1) << UInt64(state % 64))
      switch part {
      case .anything: anywhere[word] |= bit
      case .anyInName: inName[word] |= bit
      case .byte(let byte):
        leaving[Int(byte) * wordCount + word] |= bit
        state += 1
      case .oneOf(let set):
        for byte in UInt8.min...UInt8.max where set.contains(byte) { leaving[Int(byte) * wordCount + word] |= bit }
        state += 1
      }
    }
    self.leaving = leaving
    stayingAnywhere = anywhere
    stayingInName = inName
    self.wordCount = wordCount
  }

  private static func bytes(_ parts: ArraySlice<WildcardPart>) -> [UInt8] {
    parts.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
  }

  /// Whether that range of the text matches, or, where the pattern may start at any level, what follows a slash in it.
  func matches(_ text: Span<UInt8>, _ range: Range<Int>, isFolder: Bool) -> Bool {
    let core = range.count - prefix.count - suffix.count
    guard core >= 0 else { return false }
    let start = range.lowerBound + prefix.count
    // The end first: most patterns are like `*.tmp`.
    guard LiteralSet.isEqual(suffix, text, (start + core)..<range.upperBound),
      LiteralSet.isEqual(prefix, text, range.lowerBound..<start)
    else { return false }
    return wordCount == 1
      ? runOneWord(text, start..<(start + core), isFolder: isFolder)
      : runManyWords(text, start..<(start + core), isFolder: isFolder)
  }

  private func runOneWord(_ text: Span<UInt8>, _ range: Range<Int>, isFolder: Bool) -> Bool {
    let (anywhere, inName) = (stayingAnywhere[0], stayingInName[0])
    var states: UInt64 = 1
    func advance(_ byte: UInt8) {
      let stays = byte == .slash ? anywhere : anywhere | inName
      states = (states & leaving[Int(byte)]) << 1 | states & stays
    }
    if seesSlashBefore { advance(.slash) }
    for index in range {
      let byte = text[index]
      advance(byte)
      if startsAfterAnySlash, byte == .slash { states |= 1 }
      if states == 0, !startsAfterAnySlash { return false }
    }
    if isFolder, seesFolderSlash { advance(.slash) }
    return states & 1 << UInt64(lastState) != 0
  }

  /// For the rare pattern of more than 63 parts between its first and last wildcard.
  private func runManyWords(_ text: Span<UInt8>, _ range: Range<Int>, isFolder: Bool) -> Bool {
    var states = [UInt64](repeating: 0, count: wordCount)
    states[0] = 1
    func advance(_ byte: UInt8) {
      var carry: UInt64 = 0
      for word in 0..<wordCount {
        let leaves = states[word] & leaving[Int(byte) * wordCount + word]
        let stays = byte == .slash ? stayingAnywhere[word] : stayingAnywhere[word] | stayingInName[word]
        states[word] = leaves << 1 | carry | states[word] & stays
        carry = leaves >> 63
      }
    }
    if seesSlashBefore { advance(.slash) }
    for index in range {
      let byte = text[index]
      advance(byte)
      if startsAfterAnySlash, byte == .slash { states[0] |= 1 }
    }
    if isFolder, seesFolderSlash { advance(.slash) }
    return states[lastState / 64] & 1 << UInt64(lastState % 64) != 0
  }
}
