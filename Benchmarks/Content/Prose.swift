import TestSupport

/// Words and numbers as texts and tables have them: a few are everywhere, most are rare, so that it packs about as real
/// text does.
struct Prose {
  private var random: SeededGenerator
  private let words: [[UInt8]]
  /// What is written again and again.
  private var phrases: [[UInt8]] = []

  init(_ random: SeededGenerator) {
    var random = random
    words = (0..<4_096).map { _ in
      (0..<random.number(2...9)).map { _ in UInt8(ascii: "a") + UInt8(random.below(26)) }
    }
    self.random = random
    for _ in 0..<256 {
      var phrase: [UInt8] = []
      for _ in 0..<6 { appendWord(to: &phrase) }
      phrases.append(phrase)
    }
  }

  /// A word with a blank behind it; the commonest are the first.
  mutating func appendWord(to text: inout [UInt8]) {
    let bits = random.next()
    let index = Int(((bits & 0xFFF) * ((bits >> 12) & 0xFFF)) >> 12)
    text.append(contentsOf: words[index])
    text.append(0x20)
  }

  mutating func appendNumber(below limit: Int, to text: inout [UInt8]) {
    text.append(contentsOf: String(random.below(limit)).utf8)
  }

  /// Lines of exactly so many bytes together.
  mutating func append(_ count: Int, to text: inout [UInt8]) {
    let end = text.count + count
    text.reserveCapacity(end + 64)
    while text.count < end {
      appendNumber(below: 1_000_000, to: &text)
      text.append(0x20)
      for _ in 0..<9 where text.count < end {
        if random.next() % 4 == 0 {
          text.append(contentsOf: phrases[Int(random.next() % 256)])
        } else {
          appendWord(to: &text)
        }
      }
      text.append(0x0A)
    }
    text.removeLast(text.count - end)
  }
}
