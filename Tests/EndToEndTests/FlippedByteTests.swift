import HotsyncSystem
import TestSupport
import Testing

/// Bytes that turned on the disk, in the mirror and in history: both are named, for exactly the generations that have them,
/// and what the master still has comes again.
@Suite struct FlippedByteTests {
  private struct Damage: Hashable, Comparable, CustomStringConvertible {
    let path: String
    let generation: Int

    var description: String { "\(path) of \(generation)" }
    static func < (one: Damage, other: Damage) -> Bool { (one.path, one.generation) < (other.path, other.generation) }
  }

  private let pair: Pair
  private var copies: [Int: TreeSnapshot] = [:]

  /// Four generations: `old` is one file in 1 and 2 and another one later, `image` is patched by 4, `shared` is the same in
  /// all.
  init() throws {
    pair = try Pair()
    var random = SeededGenerator(seed: 5)
    let image = random.bytes(3 << 20)
    try pair.data.write(random.bytes(30_000), to: "shared")
    try pair.data.write(random.bytes(20_000), to: "old")
    try pair.data.write(image, to: "image")
    try commit(1)
    try pair.data.write("two", to: "changes")
    try commit(2)
    try pair.data.write(random.bytes(20_000), to: "old")
    try commit(3)
    try pair.data.open("image").write(random.bytes(5_000), at: 1_000_000)
    try commit(4)
  }

  private mutating func commit(_ generation: Int) throws {
    let cycle = try pair.sync()
    guard cycle.generation == generation else { throw SupportError("not generation \(generation): \(cycle)") }
    copies[generation] = try pair.data.snapshot()
  }

  /// Turns a bit, and leaves the time as it was: nothing but the content can tell.
  private func flip(_ path: String, at offset: UInt64) throws {
    let file = try pair.store.open(path)
    let modified = try file.status().modified
    var byte: [UInt8] = [0]
    #expect(try file.read(into: &byte, count: 1, at: offset) == 1)
    try file.write([byte[0] ^ 0x10], at: offset)
    try file.setModified(modified)
  }

  /// All that a full verification names.
  private func damage() throws -> [Damage] {
    let result = try pair.hotsyncSlave("verify", "--full", "--json")
    let document = try Document(result.outputText)
    let places = try document["damaged"].items.map { item in
      Damage(path: try #require(item["path"].text), generation: try #require(item["generation"].integer))
    }
    #expect(result.exitCode == (places.isEmpty ? 0 : 65), "\(result)")
    #expect(document["result"].text == (places.isEmpty ? "sound" : "damaged"))
    #expect(Set(places).count == places.count, "named twice: \(result.outputText)")
    return places.sorted()
  }

  private func damaged(_ path: String, _ generations: ClosedRange<Int>) -> [Damage] {
    generations.map { Damage(path: "/srv/data/\(path)", generation: $0) }
  }

  /// Restores a generation, and gives what differs from the copy.
  private func restore(_ generation: Int, code: Int32) throws -> [String] {
    let target = pair.scratch.path("out-\(generation)")
    let result = try pair.hotsyncSlave("restore", "--generation", "\(generation)", "--to", target)
    #expect(result.exitCode == code, "\(result)")
    defer { try? pair.scratch.folder.removeTree(FileName.of("out-\(generation)")) }
    return try #require(copies[generation]).differences(to: TreeSnapshot(of: "\(target)/srv/data"))
  }

  @Test("one byte flipped in the mirror and one in history: verify names both, and the next cycle mends the first")
  func displaced() throws {
    #expect(try damage() == [])
    try flip("mirror/files/srv/data/shared", at: 12_345)
    try flip("history/2/files/srv/data/old", at: 777)
    let lost = damaged("old", 1...2)
    #expect(try damage() == lost + damaged("shared", 1...4))
    #expect(try restore(1, code: 65).count == 2)
    #expect(try restore(3, code: 65).count == 1)
    let text = try pair.hotsyncSlave("verify", "--full").outputText
    #expect(
      text.contains("/srv/data/old: its content is not what was stored: generations 1, 2\n")
        && text.contains("/srv/data/shared: its content is not what was stored: generations 1, 2, 3, 4\n"), "\(text)")
    let cycle = try pair.sync()
    #expect(cycle.code == 0 && cycle.result == "committed", "\(cycle)")
    #expect(try pair.differences() == [])
    // The history of it is gone for good, and said of nobody else.
    #expect(try damage() == lost)
    #expect(try restore(1, code: 65) == ["/old: only in the first (regular)"])
    for generation in 3...4 { #expect(try restore(generation, code: 0) == []) }
    #expect(try pair.sync().result == "unchanged")
  }

  @Test("a byte flipped in what a patch saved is named for the generations before it, and no cycle can mend it")
  func undo() throws {
    guard try pair.store.holds("history/3/undo") else { return }
    let names = try Folder.open(pair.store.below("history/3/undo").path).names().map(\.description)
    let saved = try #require(names.first { !$0.hasSuffix(".ranges") })
    try flip("history/3/undo/\(saved)", at: 1_000_100 % 4_096)
    #expect(try damage() == damaged("image", 1...3))
    #expect(try restore(2, code: 65) == ["/image: only in the first (regular)"])
    #expect(try restore(4, code: 0) == [])
    #expect(try pair.sync().result == "unchanged")
    #expect(try damage() == damaged("image", 1...3))
  }
}
