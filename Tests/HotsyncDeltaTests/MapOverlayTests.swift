import HotsyncDelta
import HotsyncSystem
import TestSupport
import Testing

@Suite("map overlay")
struct MapOverlayTests {
  /// Lays these changes over the file's map.
  private func overlay(
    _ old: [UInt8], newSize: Int, _ changes: [LeafChange]
  ) throws(DeltaError) -> (Digest, [MapNode]) {
    var rest = changes[...]
    var nodes: [MapNode] = []
    let digest = try MapOverlay.apply(
      to: source(try map(of: old)), key: testKey, newSize: UInt64(newSize),
      changes: { () throws(DeltaError) in rest.popFirst() }, nodes: { (node) throws(DeltaError) in nodes.append(node) })
    return (digest, nodes)
  }

  /// The dirty ranges as a patch tells them: leaves in small batches.
  private func changes(_ ranges: [DirtyRange], _ new: [UInt8], _ random: inout SeededGenerator) -> [LeafChange] {
    var changes: [LeafChange] = []
    for range in ranges {
      if range.content == .zeros {
        changes.append(LeafChange(offset: range.range.offset, content: .zeros(length: range.range.length)))
        continue
      }
      let digests = stride(from: Int(range.range.offset), to: Int(range.range.end), by: 4096).map {
        testKey.digest(of: new[$0..<min($0 + 4096, new.count)])
      }
      var done = 0
      while done < digests.count {
        let batch = digests[done...].prefix(Int.random(in: 1...400, using: &random))
        changes.append(LeafChange(offset: range.range.offset + UInt64(done * 4096), content: .leaves(Array(batch))))
        done += batch.count
      }
    }
    return changes
  }

  @Test("gives what hashing the new file from scratch gives", arguments: 0..<60 as Range<UInt64>)
  func property(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let old = random.fileWithHoles(Int.random(in: 0...3_500_000, using: &random))
    let new = random.edited(old)
    let limit = [1, 3, 1000].randomElement(using: &random)!
    let ranges = try CoarseMatcher.match(
      old: source(try map(of: old)), new: source(try map(of: new)), key: testKey, rangeLimit: limit)
    let (digest, made) = try overlay(old, newSize: new.count, changes(ranges, new, &random))
    #expect(digest == referenceDigest(new), "seed \(seed)")
    #expect(made == nodes(of: new), "seed \(seed)")
  }

  @Test("refuses changes that overlap, are out of order, beside a leaf, empty, beyond the end, or missing")
  func wrongChanges() throws {
    var random = SeededGenerator(seed: 1)
    let old = random.cheapBytes(20_000)
    let one = Digest(high: 1, low: 1)
    func zeros(_ offset: UInt64, _ length: UInt64) -> LeafChange {
      LeafChange(offset: offset, content: .zeros(length: length))
    }
    func leaves(_ offset: UInt64, _ count: Int) -> LeafChange {
      LeafChange(offset: offset, content: .leaves([Digest](repeating: one, count: count)))
    }
    #expect(try overlay(old, newSize: 20_000, []).0 == referenceDigest(old))
    #expect(try overlay(old, newSize: 20_000, [leaves(4096, 1), zeros(8192, 4096), leaves(16_384, 1)]).1.count == 1)
    let wrong: [[LeafChange]] = [
      [leaves(4096, 2), leaves(8192, 1)], [leaves(8192, 1), leaves(4096, 1)], [leaves(100, 1)], [leaves(4096, 0)],
      [zeros(0, 0)], [zeros(0, 100)], [zeros(4096, .max)], [zeros(0, 20_001)], [leaves(16_384, 2)],
      [leaves(20_480, 1)], [zeros(.max - 4095, 4096)], [leaves(16_384, 1), zeros(16_384, 3616)],
    ]
    for changes in wrong {
      let error = #expect(throws: DeltaError.self, "\(changes)") { try overlay(old, newSize: 20_000, changes) }
      #expect(error?.kind == .damaged)
    }
    #expect(throws: DeltaError.self) { try overlay(old, newSize: 20_001, []) }
    #expect(throws: DeltaError.self) { try overlay(old, newSize: 19_999, []) }
    #expect(throws: DeltaError.self) { try overlay(old, newSize: 30_000, [leaves(16_384, 1)]) }
    #expect(throws: DeltaError.self) { try overlay(old, newSize: 0, [leaves(0, 1)]) }
  }

  @Test("refuses a map that is damaged beyond the new end, too")
  func damagedMap() throws {
    var random = SeededGenerator(seed: 2)
    var old = try map(of: random.cheapBytes(3_000_000))
    let leaves = LeafChange(offset: 0, content: .leaves([Digest(high: 1, low: 1)]))
    func shortened() throws(DeltaError) {
      var rest = [leaves][...]
      _ = try MapOverlay.apply(
        to: source(old), key: testKey, newSize: 4096, changes: { () throws(DeltaError) in rest.popFirst() },
        nodes: { _ in })
    }
    try shortened()
    old[old.count - 20] ^= 1
    #expect(throws: DeltaError.self) { try shortened() }
  }
}
