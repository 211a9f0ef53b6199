import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite struct ParallelHashingTests {
  @Test(
    "two threads find the digest and the map that one finds, with holes and a short end",
    arguments: [0, 1 << 20, (32 << 20) + 1, 64 << 20, (97 << 20) + 5_000])
  func same(_ size: Int) throws {
    let key = try #require(HashKey(bytes: (0..<HashKey.byteCount).map { UInt8($0) &* 31 }))
    let scratch = try ScratchFolder()
    let file = try Descriptor.open(scratch.path + "/file", [.readingAndWriting, .creating])
    var random = SeededGenerator(announcing: "two threads \(size)")
    try file.truncate(to: UInt64(size))
    for start in stride(from: 0, to: size, by: 7 << 20) {
      try file.write(random.bytes(min(size - start, random.number(1...4 << 20))), at: UInt64(start))
    }
    var buffer = [UInt8](repeating: 0, count: 300_000)
    func map(_ name: String) throws -> Descriptor {
      try Descriptor.open(scratch.path + "/" + name, [.readingAndWriting, .creating])
    }
    var one = MappingHasher(key: key, map: try map("one"))
    #expect(try one.update(from: file, 0..<UInt64(size), size: UInt64(size), buffer: &buffer))
    var two = MappingHasher(key: key, map: try map("two"))
    #expect(try two.updateOnTwoThreads(from: file, 0..<UInt64(size), size: UInt64(size), buffer: &buffer))
    #expect(try one.finish() == two.finish())
    let maps = try ["one", "two"].map { try map($0).readAll(limit: 1 << 24) }
    #expect(maps[0] == maps[1] && maps[0]?.isEmpty == false)
  }
}
