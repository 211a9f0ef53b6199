import HotsyncSystem

/// Names as real trees have them, and as nobody would think of.
struct OddNames {
  /// Whether only plain names are made.
  let plainOnly: Bool
  private var count = 0

  init(plainOnly: Bool) { self.plainOnly = plainOnly }

  /// One or two names that no call before has given; two are the composed and the decomposed form of the same text.
  mutating func next(_ random: inout SeededGenerator) throws -> [FileName] {
    count += 1
    let number = String(count, radix: 36)
    let plain = ["invoice", "IMG_", "Report ", "mail.", "x", "backup-2026-"].map { Array($0.utf8) }
    guard !plainOnly, random.chance(350) else {
      return try [name((random.element(plain) ?? []) + Array("\(number).\(random.chance(500) ? "txt" : "dat")".utf8))]
    }
    let tail = Array(number.utf8)
    switch random.number(0...11) {
    case 0: return try [name(Array("two words and a space at the end \(number) ".utf8))]
    case 1: return try [name(Array("line\nbreak\n\(number)".utf8))]
    case 2: return try [name([0x01, 0x1B, 0x5B, 0x33, 0x31, 0x6D, 0x7F] + tail)]
    // Invalid UTF-8: a lone continuation, an overlong slash, a surrogate, Latin-1.
    case 3: return try [name([0x80, 0xC0, 0xAF, 0xED, 0xA0, 0x80, 0xFF] + tail)]
    case 4: return try [name([0x67, 0x72, 0xFC, 0xDF, 0x65] + tail)]
    case 5: return try [name(tail + Array(repeating: UInt8(ascii: "n"), count: FileName.maximumLength - tail.count))]
    case 6: return try [name(Array("caf\u{E9}-\(number)".utf8)), name(Array("cafe\u{301}-\(number)".utf8))]
    case 7: return try [name(Array("-rf --\(number)".utf8))]
    case 8: return try [name(Array(".hidden\\\(number)'\"$(x)`*?[a]".utf8))]
    case 9: return try [name(Array("日本語 🗂 \u{202E}\(number)".utf8))]
    case 10: return try [name(Array("...\(number)~".utf8))]
    default: return try [name(Array("\t#\(number)#,v".utf8))]
    }
  }

  private func name(_ bytes: [UInt8]) throws -> FileName {
    guard let name = FileName(bytes) else { throw SupportError("not a name: \(shown(bytes))") }
    return name
  }
}
