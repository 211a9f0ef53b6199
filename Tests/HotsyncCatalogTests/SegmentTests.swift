import HotsyncSystem
import TestSupport
import Testing

@testable import HotsyncCatalog

/// Segments in a folder of the test's own.
struct SegmentFiles {
  let scratch: ScratchFolder
  let key: HashKey

  init() throws {
    scratch = try ScratchFolder()
    key = try HotsyncCatalogTests.key()
  }

  func write(_ name: String, _ entries: [SegmentEntry]) throws -> Segment {
    var writer = try SegmentWriter(
      scratch.folder.open(.of(name), [.writing, .exclusively]), key: key)
    for entry in entries { try writer.append(entry) }
    let length = try writer.finish()
    let segment = try open(name)
    #expect(segment.length == length)
    #expect(segment.entries == UInt64(entries.count))
    return segment
  }

  func open(_ name: String) throws -> Segment { try Segment(scratch.folder.open(.of(name)), key: key) }

  func content(_ name: String) throws -> [UInt8] {
    try #require(try scratch.folder.content(of: .of(name), limit: 64 << 20))
  }
}

extension MergedCursor {
  func rest() throws -> [SegmentEntry] {
    var entries: [SegmentEntry] = []
    while let entry = current {
      entries.append(entry)
      try advance()
    }
    return entries
  }
}

@Suite struct SegmentTests {
  @Test("many segments together say what a plain sorted dictionary says", arguments: 0..<4)
  func model(_ round: Int) throws {
    var random = SeededGenerator(announcing: "segments \(round)")
    let seed = Comment(rawValue: "HOTSYNC_SEED=\(random.seed)")
    let files = try SegmentFiles()
    var state: [RelativePath: SegmentEntry] = [:]
    var segments: [Segment] = []
    for number in 0..<(1 + random.below(12)) {
      var changes: [RelativePath: SegmentEntry] = [:]
      for _ in 0..<random.below(number == 0 ? 3_000 : 300) {
        let path = random.path()
        changes[path] = random.below(3) == 0 ? .removed(path) : .present(random.record(at: path), random.stamp())
      }
      segments.insert(try files.write("\(number)", changes.values.sorted { $0.path < $1.path }), at: 0)
      state.merge(changes) { $1 }
    }
    let catalog = Catalog(segments: segments, key: files.key)
    let present = state.values.filter { $0.record != nil }.sorted { $0.path < $1.path }
    #expect(try catalog.cursor().rest() == present, seed)
    for segment in segments {
      var backwards: [SegmentEntry] = []
      try segment.forEachBackwards { (entry) throws(CatalogError) in backwards.append(entry) }
      #expect(try backwards.reversed() == MergedCursor([segment], keepsRemovals: true).rest(), seed)
    }
    #expect(
      try MergedCursor(segments, keepsRemovals: true).rest() == state.values.sorted { $0.path < $1.path }, seed)
    for _ in 0..<100 {
      let path = random.path()
      #expect(try catalog.record(at: path) == state[path]?.record, seed)
    }
    for _ in 0..<20 {
      let cursor = try catalog.cursor()
      for path in (0..<random.below(12)).map({ _ in random.path() }).sorted() {
        try cursor.seek(to: path)
        #expect(cursor.current == present.first { !($0.path < path) }, seed)
        // Backwards it does not go.
        let here = cursor.current
        try cursor.seek(to: random.path())
        if let here, let now = cursor.current { #expect(!(now.path < here.path), seed) }
        guard cursor.current == here else { break }
      }
    }
  }

  @Test("segments folded in any grouping give the same catalog", arguments: 0..<4)
  func folding(_ round: Int) throws {
    var random = SeededGenerator(announcing: "folding \(round)")
    let seed = Comment(rawValue: "HOTSYNC_SEED=\(random.seed)")
    let files = try SegmentFiles()
    var segments: [Segment] = []
    for number in 0..<10 {
      var changes: [RelativePath: SegmentEntry] = [:]
      for _ in 0..<100 {
        let path = random.path()
        changes[path] = random.below(3) == 0 ? .removed(path) : .present(random.record(at: path), random.stamp())
      }
      segments.insert(try files.write("\(number)", changes.values.sorted { $0.path < $1.path }), at: 0)
    }
    let whole = try Catalog(segments: segments, key: files.key).cursor().rest()
    var number = 10
    while segments.count > 1 {
      let count = min(2 + random.below(3), segments.count)
      let cursor = try MergedCursor(Array(segments.prefix(count)), keepsRemovals: count < segments.count)
      segments.replaceSubrange(0..<count, with: [try files.write("\(number)", try cursor.rest())])
      number += 1
      #expect(try Catalog(segments: segments, key: files.key).cursor().rest() == whole, seed)
    }
    #expect(try MergedCursor(segments, keepsRemovals: true).rest() == whole, "nothing that is gone is left in the last")
  }

  @Test("an empty segment, and one of a single entry, can be read")
  func small() throws {
    let files = try SegmentFiles()
    let empty = try files.write("empty", [])
    #expect(try empty.entry(at: .of("a")) == nil)
    #expect(try MergedCursor([empty]).current == nil)
    let one = try files.write("one", [.removed(try .of("a"))])
    #expect(try one.entry(at: .of("a")) == .removed(.of("a")))
    #expect(try one.entry(at: .of("0")) == nil)
    #expect(try MergedCursor([one]).current == nil)
  }

  @Test("a segment has the bytes of docs/store-format.md")
  func golden() throws {
    let files = try SegmentFiles()
    let folder = Record(path: try .of("ab/c"), content: .folder, metadata: .ofLeader)
    let stamp = Stamp(inode: 300, changed: .init(seconds: 1), born: .init(seconds: -1), isTooFresh: true)
    _ = try files.write(
      "s",
      [
        .removed(try .of("ab")), .present(folder, nil),
        .present(Record(path: try .of("b"), content: .folder, metadata: .ofLeader), stamp),
      ])
    let block =
      "00" + "026162" + "03" + "02" + "022f63" + "01" + "02" + "0000000000000000"
      + "00" + "0162" + "02" + "ac02" + "0200" + "0100" + "01" + "02" + "0000000000000000"
    let index = "08" + "27" + files.key.digest(of: bytes(block)).hexadecimal + "026162"
    let numbers = "2f00000000000000" + "1500000000000000" + "0300000000000000"
    let magic = hexadecimal("HSSEG001".utf8)
    let footer = numbers + files.key.digest(of: bytes(index + numbers)).hexadecimal + magic
    #expect(hexadecimal(try files.content("s")) == magic + block + index + footer)
  }

  private func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  @Test("a large entry fits a block of its own")
  func largeEntries() throws {
    let files = try SegmentFiles()
    var random = SeededGenerator(announcing: "large entries")
    let deep = try RelativePath.of((0..<250).map { _ in String(repeating: "d", count: 255) }.joined(separator: "/"))
    var metadata = random.record(at: try .of("x")).metadata
    metadata.attributes = (0..<8).map { ExtendedAttribute(name: Array("user.\($0)".utf8), value: random.bytes(65_000)) }
    let entries = try [
      SegmentEntry.present(Record(path: .of("a"), content: .folder, metadata: metadata), nil),
      .present(Record(path: deep, content: .folder, metadata: metadata), random.stamp()), .removed(.of("z")),
    ]
    let segment = try files.write("large", entries)
    #expect(try MergedCursor([segment], keepsRemovals: true).rest() == entries)
    #expect(try segment.entry(at: deep) == entries[1])
  }
}
