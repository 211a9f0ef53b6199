import HotsyncSystem
import TestSupport

/// Large single files, and what happens to them.
enum LargeFile {
  static let pageBytes = 4_096
  private static let piece = 1 << 20

  static func makeRandom(_ path: String, bytes: Int, _ random: SeededGenerator) throws {
    var random = random
    let file = try Descriptor.open(path, [.writing, .creating, .truncating], permissions: 0o640)
    var rest = bytes
    while rest > 0 {
      try file.write(random.bytes(min(rest, piece)))
      rest -= min(rest, piece)
    }
  }

  static func makeText(_ path: String, bytes: Int, _ random: SeededGenerator) throws {
    var prose = Prose(random)
    let file = try Descriptor.open(path, [.writing, .creating, .truncating], permissions: 0o640)
    var text: [UInt8] = []
    var rest = bytes
    while rest > 0 {
      text.removeAll(keepingCapacity: true)
      prose.append(min(rest, piece), to: &text)
      try file.write(text)
      rest -= text.count
    }
  }

  /// Overwrites that share of a file's pages, as a database or a machine does with its disk.
  static func writePages(_ path: String, percent: Int, _ random: SeededGenerator) throws {
    var random = random
    let file = try Descriptor.open(path, .readingAndWriting)
    let pages = Int(clamping: try file.status().size) / pageBytes
    var chosen: Set<Int> = []
    while chosen.count < pages * percent / 100 { chosen.insert(random.below(pages)) }
    // In no order: as such writes come.
    for page in chosen { try file.write(random.bytes(pageBytes), at: UInt64(page * pageBytes)) }
  }

  /// A disk image of which little was ever written: data of a 64th of a percent of its size, here and there.
  static func makeSparse(_ path: String, bytes: Int, _ random: SeededGenerator) throws {
    let file = try Descriptor.open(path, [.writing, .creating, .truncating], permissions: 0o640)
    try file.truncate(to: UInt64(bytes))
    try writePieces(path, bytes: bytes / 6_400, random)
  }

  /// Writes random bytes in pieces of 256 KiB at places of that size.
  static func writePieces(_ path: String, bytes: Int, _ random: SeededGenerator) throws {
    var random = random
    let length = 256 << 10
    let file = try Descriptor.open(path, .readingAndWriting)
    let places = Int(clamping: try file.status().size) / length
    for _ in 0..<max(1, bytes / length) {
      try file.write(random.bytes(length), at: UInt64(random.below(places) * length))
    }
  }
}
