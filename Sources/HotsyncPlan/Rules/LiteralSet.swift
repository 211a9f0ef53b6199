/// Names or paths without wildcards, found by their bytes in one probe and without an allocation: a `Set` of arrays
/// would need an array for each question.
struct LiteralSet: Sendable {
  private var literals: [[UInt8]] = []
  private var isForFoldersOnly: [Bool] = []
  /// Places in `literals` by hash, -1 where free; a power of two and at most half full.
  private var slots: [Int] = []

  init(_ members: [(bytes: [UInt8], isForFoldersOnly: Bool)]) {
    guard !members.isEmpty else { return }
    var capacity = 8
    while capacity < 2 * members.count { capacity *= 2 }
    slots = Array(repeating: -1, count: capacity)
    for member in members { insert(member.bytes, isForFoldersOnly: member.isForFoldersOnly) }
  }

  init(_ members: some Sequence<[UInt8]>) { self.init(members.map { ($0, false) }) }

  private mutating func insert(_ bytes: [UInt8], isForFoldersOnly foldersOnly: Bool) {
    var hash = LiteralSet.emptyHash
    for byte in bytes { LiteralSet.extend(&hash, byte) }
    let slot = self.slot(of: bytes.span, 0..<bytes.count, hash: hash)
    if slots[slot] >= 0 {
      isForFoldersOnly[slots[slot]] = isForFoldersOnly[slots[slot]] && foldersOnly
    } else {
      slots[slot] = literals.count
      literals.append(bytes)
      isForFoldersOnly.append(foldersOnly)
    }
  }

  var isEmpty: Bool { literals.isEmpty }

  func contains(_ text: Span<UInt8>, _ range: Range<Int>, isFolder: Bool) -> Bool {
    guard !slots.isEmpty else { return false }
    var hash = LiteralSet.emptyHash
    for index in range { LiteralSet.extend(&hash, text[index]) }
    let place = slots[slot(of: text, range, hash: hash)]
    return place >= 0 && (isFolder || !isForFoldersOnly[place])
  }

  /// The length of the longest member that is a folder above this path; 0 where none is.
  func longestFolder(above path: Span<UInt8>) -> Int {
    guard !slots.isEmpty else { return 0 }
    var hash = LiteralSet.emptyHash
    var longest = 0
    for index in path.indices {
      if path[index] == .slash, slots[slot(of: path, 0..<index, hash: hash)] >= 0 { longest = index }
      LiteralSet.extend(&hash, path[index])
    }
    return longest
  }

  /// The slot that holds these bytes, or the free one where they would go.
  private func slot(of text: Span<UInt8>, _ range: Range<Int>, hash: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & (slots.count - 1)
    while slots[slot] >= 0, !LiteralSet.isEqual(literals[slots[slot]], text, range) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  // FNV-1a, 64 bits: it can be had of every beginning of a path in one pass.
  private static let emptyHash: UInt64 = 0xCBF2_9CE4_8422_2325

  private static func extend(_ hash: inout UInt64, _ byte: UInt8) {
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  static func isEqual(_ literal: [UInt8], _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard literal.count == range.count else { return false }
    for index in literal.indices where literal[index] != text[range.lowerBound + index] { return false }
    return true
  }
}
