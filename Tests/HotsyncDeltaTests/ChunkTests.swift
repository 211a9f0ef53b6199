import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

/// Chunks whose ends depend on the bytes around them alone.
@Suite struct ChunkTests {
  private func key(_ value: UInt8 = 7) throws -> HashKey {
    try #require(HashKey(bytes: (0..<HashKey.byteCount).map { UInt8($0) &* 31 &+ value }))
  }

  /// The chunks with their bytes, cut from pieces of `step` bytes as a file is read.
  private func chunks(_ data: [UInt8], _ cutter: ChunkCutter, step: Int = .max) -> [(bytes: [UInt8], chunk: Chunk)] {
    var found: [(bytes: [UInt8], chunk: Chunk)] = []
    var position = 0
    while position < data.count {
      let end = min(data.count, step == .max ? data.count : position + step)
      position += cutter.cut(data[position..<end], isLast: end == data.count) { range, chunk in
        found.append((Array(data[range]), chunk))
        return true
      }
    }
    return found
  }

  @Test(
    "chunks cover the data in order, within their bounds, however it is read",
    arguments: [0, 1, 255, 256, 9_000, 700_000])
  func cover(_ count: Int) throws {
    var random = SeededGenerator(announcing: "chunks of \(count)")
    let data = random.bytes(count)
    let cutter = ChunkCutter(key: try key())
    let whole = chunks(data, cutter)
    #expect(Array(whole.map(\.bytes).joined()) == data)
    #expect(whole.allSatisfy { $0.bytes.count == $0.chunk.length && $0.chunk.length <= ChunkCutter.maximum })
    #expect(whole.dropLast().allSatisfy { $0.chunk.length > ChunkCutter.minimum })
    for step in [ChunkCutter.maximum, 10_000, 65_536] {
      #expect(chunks(data, cutter, step: step).map(\.chunk) == whole.map(\.chunk), "step \(step)")
    }
  }

  @Test("what is inserted, removed or changed alters the chunks around it and no others")
  func stable() throws {
    var random = SeededGenerator(announcing: "stable chunks")
    let data = random.bytes(4 << 20)
    let cutter = ChunkCutter(key: try key())
    let before = Set(chunks(data, cutter).map(\.chunk))
    for _ in 0..<20 {
      var edited = data
      let place = random.number(0...data.count - 2_000)
      edited.replaceSubrange(place..<(place + random.number(0...999)), with: random.bytes(random.number(1...999)))
      let new = chunks(edited, cutter).filter { !before.contains($0.chunk) }
      #expect(new.reduce(0) { $0 + $1.bytes.count } < 40_000, "seed \(random.seed), at \(place)")
    }
  }

  @Test("another key cuts elsewhere and has other digests")
  func keyed() throws {
    var random = SeededGenerator(announcing: "keyed chunks")
    let data = random.bytes(200_000)
    let one = chunks(data, ChunkCutter(key: try key(1))).map(\.chunk)
    let other = chunks(data, ChunkCutter(key: try key(2))).map(\.chunk)
    #expect(Set(one).isDisjoint(with: other) && one.map(\.length) != other.map(\.length))
  }

  @Test("an index finds each chunk at a place where the old file has it, one that follows where it follows")
  func index() throws {
    var random = SeededGenerator(announcing: "an index of chunks")
    let block = random.bytes(50_000)
    // The same data twice, and a long run of one byte.
    let data = block + [UInt8](repeating: 0, count: 100_000) + random.bytes(1_000) + block
    let found = chunks(data, ChunkCutter(key: try key()))
    var index = ChunkIndex(found.map(\.chunk), from: 1_000)
    var position = 0
    for (bytes, chunk) in found {
      let place = index.find(chunk)
      let offset = Int(try #require(place)) - 1_000
      #expect(Array(data[offset..<(offset + chunk.length)]) == bytes)
      #expect(offset == position)
      position += chunk.length
    }
    let unknown = index.find(Chunk(length: 300, digest: 1))
    #expect(unknown == nil)
    var empty = ChunkIndex([], from: 0)
    let none = empty.find(found[0].chunk)
    #expect(none == nil)
  }
}
