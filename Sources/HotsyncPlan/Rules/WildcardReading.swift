/// A set of bytes.
struct ByteSet: Equatable {
  private var words: InlineArray<4, UInt64> = [0, 0, 0, 0]

  init(_ bytes: some Sequence<UInt8> = []) { for byte in bytes { insert(byte) } }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
  mutating func remove(_ byte: UInt8) { words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }
  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] & (1 << UInt64(byte & 63)) != 0 }

  var inverted: ByteSet {
    var result = ByteSet()
    for index in words.indices { result.words[index] = ~words[index] }
    return result
  }

  static func == (left: ByteSet, right: ByteSet) -> Bool {
    left.words.indices.allSatisfy { left.words[$0] == right.words[$0] }
  }
}

/// What a pattern with wildcards is made of.
enum WildcardPart: Equatable {
  case byte(UInt8)
  case oneOf(ByteSet)
  /// `*`: anything within a name.
  case anyInName
  /// `**`: anything.
  case anything

  /// The parts of a pattern; nil where it has a class that is not closed or not known, or ends with a backslash. Such
  /// patterns match nothing in rsync (`dowild` in its lib/wildmatch.c tells what is what).
  static func read(_ pattern: ArraySlice<UInt8>) -> [WildcardPart]? {
    var parts: [WildcardPart] = []
    var rest = pattern
    while let first = rest.popFirst() {
      switch first {
      case .backslash:
        guard let escaped = rest.popFirst() else { return nil }
        parts.append(.byte(escaped))
      case .questionMark:
        parts.append(.oneOf(ByteSet([.slash]).inverted))
      case .asterisk:
        let more = rest.prefix { $0 == .asterisk }.count
        rest = rest.dropFirst(more)
        parts.append(more > 0 ? .anything : .anyInName)
      case .openingBracket:
        guard let set = readClass(&rest) else { return nil }
        parts.append(.oneOf(set))
      default:
        parts.append(.byte(first))
      }
    }
    return parts
  }

  /// What follows a `[`, with the `]` that ends it. A `]` that stands first is a member.
  private static func readClass(_ rest: inout ArraySlice<UInt8>) -> ByteSet? {
    var set = ByteSet()
    let isInverted = rest.first == .caret || rest.first == .exclamationMark
    if isInverted { rest.removeFirst() }
    // The member before, where a range may start from it.
    var start: UInt8?
    var isFirst = true
    while let member = rest.popFirst() {
      if member == .closingBracket, !isFirst {
        if isInverted { set = set.inverted }
        set.remove(.slash)
        return set
      }
      isFirst = false
      if member == .minus, let from = start, let next = rest.first, next != .closingBracket {
        rest.removeFirst()
        guard let end = next == .backslash ? rest.popFirst() : next else { return nil }
        if from <= end { for byte in from...end { set.insert(byte) } }
        start = nil
      } else if member == .openingBracket, rest.first == .colon, let close = rest.firstIndex(of: .closingBracket),
        close > rest.startIndex + 1, rest[close - 1] == .colon
      {
        guard let named = namedClass(rest[(rest.startIndex + 1)..<(close - 1)]) else { return nil }
        for byte in UInt8.min...UInt8.max where named(byte) { set.insert(byte) }
        rest = rest[(close + 1)...]
        start = nil
      } else {
        guard let byte = member == .backslash ? rest.popFirst() : member else { return nil }
        set.insert(byte)
        start = byte
      }
    }
    return nil
  }

  /// The classes of isalpha(3) and its like in the C locale.
  private static func namedClass(_ name: ArraySlice<UInt8>) -> ((UInt8) -> Bool)? {
    let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
    let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let digit = UInt8(ascii: "0")...UInt8(ascii: "9")
    let letters = { (byte: UInt8) in lower.contains(byte) || upper.contains(byte) }
    switch String(decoding: name, as: UTF8.self) {
    case "alpha": return letters
    case "lower": return lower.contains
    case "upper": return upper.contains
    case "digit": return digit.contains
    case "alnum": return { letters($0) || digit.contains($0) }
    case "xdigit": return { digit.contains($0) || (0x41...0x46).contains($0 & 0xDF) }
    case "blank": return { $0 == .space || $0 == .tabulator }
    case "space": return { $0 == .space || (0x09...0x0D).contains($0) }
    case "cntrl": return { $0 < 0x20 || $0 == 0x7F }
    case "graph": return { (0x21...0x7E).contains($0) }
    case "print": return { (0x20...0x7E).contains($0) }
    case "punct": return { (0x21...0x7E).contains($0) && !letters($0) && !digit.contains($0) }
    default: return nil
    }
  }
}
