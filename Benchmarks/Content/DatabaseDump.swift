import HotsyncSystem
import TestSupport

/// A dump of a table in SQL, a row a line, as mysqldump writes it with `--skip-extended-insert`.
struct DatabaseDump {
  private var prose: Prose
  private var random: SeededGenerator
  private static let piece = 1 << 20

  init(_ random: SeededGenerator) {
    var random = random
    prose = Prose(random.split())
    self.random = random
  }

  /// Writes a dump of at least so many bytes.
  mutating func make(_ path: String, bytes: Int) throws {
    let file = try Descriptor.open(path, [.writing, .creating, .truncating], permissions: 0o640)
    var text = Array("CREATE TABLE `orders` (`id` int, `name` text, `hash` text, `note` text, `price` int);\n".utf8)
    var written = 0
    var number = 1
    while written < bytes {
      appendRow(number, to: &text)
      number += 1
      guard text.count >= DatabaseDump.piece else { continue }
      try file.write(text)
      written += text.count
      text.removeAll(keepingCapacity: true)
    }
  }

  /// Writes the dump anew and puts it in the old one's place: of each thousand rows five are others, have gone or come.
  mutating func change(_ path: String) throws {
    let source = try Descriptor.open(path, .reading)
    let target = try Descriptor.open(path + ".new", [.writing, .creating, .truncating], permissions: 0o640)
    var buffer = [UInt8](repeating: 0, count: DatabaseDump.piece)
    var line: [UInt8] = []
    var text: [UInt8] = []
    var untilChange = nextDistance()
    while true {
      let count = try source.read(into: &buffer, count: buffer.count)
      if count == 0 { break }
      var rest = buffer[..<count]
      while let end = rest.firstIndex(of: 0x0A) {
        line.append(contentsOf: rest[...end])
        rest = rest[(end + 1)...]
        untilChange -= 1
        if untilChange > 0 {
          text.append(contentsOf: line)
        } else {
          change(line, to: &text)
          untilChange = nextDistance()
        }
        line.removeAll(keepingCapacity: true)
      }
      line.append(contentsOf: rest)
      try target.write(text)
      text.removeAll(keepingCapacity: true)
    }
    try target.write(line)
    try Pair.shell("mv \"$0.new\" \"$0\"", path)
  }

  /// One of 200 on average.
  private mutating func nextDistance() -> Int { random.number(1...399) }

  private mutating func change(_ line: [UInt8], to text: inout [UInt8]) {
    switch random.number(0...9) {
    case 0: return
    case 1:
      text.append(contentsOf: line)
      appendRow(random.below(100_000_000), to: &text)
    default:
      // The same number, and other values, most of another length.
      let digits = line.drop { $0 != 0x28 }.dropFirst().prefix { $0 >= 0x30 && $0 <= 0x39 }
      appendRow(Int(String(decoding: digits, as: UTF8.self)) ?? 0, to: &text)
    }
  }

  private mutating func appendRow(_ number: Int, to text: inout [UInt8]) {
    text.append(contentsOf: "INSERT INTO `orders` VALUES (\(number),'".utf8)
    for _ in 0..<2 { prose.appendWord(to: &text) }
    text.append(contentsOf: "','".utf8)
    appendHexadecimal(to: &text)
    text.append(contentsOf: "','".utf8)
    for _ in 0..<random.number(4...24) { prose.appendWord(to: &text) }
    text.append(contentsOf: "',".utf8)
    prose.appendNumber(below: 100_000, to: &text)
    text.append(contentsOf: ");\n".utf8)
  }

  private mutating func appendHexadecimal(to text: inout [UInt8]) {
    for _ in 0..<3 {
      var bits = random.next()
      for _ in 0..<16 {
        let digit = UInt8(bits & 15)
        text.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        bits >>= 4
      }
    }
  }
}
